"""CAGrad: near the mean gradient, the direction along which the loss that falls least falls most."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import live, triangle


@final
@dataclass(frozen=True)
class CAGrad(Aggregator):
    """d maximises min_i d . g_i over |d - g_0| <= c |g_0|, g_0 the mean gradient.

    By duality d = g_0 + c |g_0| g_w/|g_w|, where g_w = sum w_i g_i and w minimises g_w . g_0 + c |g_0| |g_w| over
    w >= 0, sum w = 1: a convex problem of m numbers, here by sequential quadratic programming.

    B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu, NeurIPS 2021 (arXiv 2110.14048), algorithm 1.

    Args:
        c: how far from the mean gradient, relative to its size; 0 gives the mean, and from 1 on all losses may fall.
    """

    c: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.c < float("inf"):
            raise UserError(f"`c` of aggregator `cagrad` is {self.c:g}; it needs a finite number of 0 or more")

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The mean gradient, moved."""
        own = live(gradients)
        mean = own.mean(0)
        radius = self.c * float(mean.norm())
        if radius == 0.0 or len(own) < 2:
            return Combined(mean, state)
        worst = torch.as_tensor(_weights(triangle(own), self.c)).to(own) @ own
        size = float(worst.norm())
        return Combined(mean + radius / size * worst if size > 0 else mean, state)


def _weights(r: np.ndarray, c: float) -> np.ndarray:
    """w (m,) for the triangle of the gradients, whose scale does not matter."""
    count = r.shape[1]
    r = r / np.linalg.norm(r)
    mean = r.mean(1)
    radius = c * float(np.linalg.norm(mean))

    def dual(w: np.ndarray) -> tuple[float, np.ndarray]:
        own = r @ w
        size = float(np.linalg.norm(own))
        slope = r.T @ mean + radius * (r.T @ own) / (size or 1.0)
        return float(own @ mean) + radius * size, slope

    found = minimize(
        dual,
        np.full(count, 1.0 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones(count)},
        options={"ftol": 1e-14, "maxiter": 200},
    )
    kept = np.clip(found.x, 0.0, None)
    return np.asarray(kept / kept.sum())
