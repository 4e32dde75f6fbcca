"""Adversarial adaptive sampling: a density that looks for the residual, held smooth, against the network's loss."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.errors import UserError
from pinnkit.points.flowing import Aim, Flowing

_HALVINGS = 30
"""Of the interval in which eta is looked for."""


@final
@dataclass(frozen=True)
class AAS(Flowing):
    """Points of a flow that maximises J(p) = E[r~^2 p] - beta E[|grad p|^2] while the network minimises the loss.

    Both means are over the unit cube. Without the second term all of p would stand where the residual is largest; with
    it, r~^2 + 2 beta Laplace p is constant at the maximum. K. Tang, J. Zhai, X. Wan, C. Yang, ICLR 2024
    (arXiv 2305.18702).

    The ascent is in the geometry of densities rather than in that of the flow's parameters, in which a gradient of p
    has so much noise that the flow runs away from the points. A step from p_k, with R = E[r~^2 p_k], aims at

        a = p_k (1 + eta (r~^2 - R)),      which is fitted as -E_q[(a/q) log p] + eta beta E_q[|grad p|^2/q].

    Its integral is one, and for eta up to 1/R it is positive. It stands still where r~^2 + 2 beta Laplace p is
    constant. eta is the largest for which the divergence KL(a, p_k) is at most `trust` (trust regions in densities:
    J. Peters, K. Muelling, Y. Altun, AAAI 2010).

    Args:
        beta: how smooth p is held.
        trust: the largest Kullback-Leibler divergence of a step.
    """

    beta: float = 1e-5
    trust: float = 0.5

    name: ClassVar[str] = "aas"

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("beta", "trust"):
            value = getattr(self, option)
            if not (np.isfinite(value) and value > 0):
                raise UserError(f"`{option}` of sampler `aas` is {value}; it needs a finite number above 0")

    def aim(self, square: np.ndarray, p: np.ndarray, q: np.ndarray) -> Aim:
        """a, and eta beta."""
        v = p / q
        level = float(np.mean(v * square))
        if not level > 0:
            return Aim(p)
        raised = square / level

        def apart(share: float) -> float:
            """KL(a, p_k) where eta is a share of 1/R."""
            w = 1 + share * (raised - 1)
            return float(np.mean(v * w * np.log(np.maximum(w, 1e-300))) / np.mean(v))

        low, high = 0.0, 1.0
        for _ in range(_HALVINGS if apart(1.0) > self.trust else 0):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if apart(middle) <= self.trust else (low, middle)
        share = low if apart(1.0) > self.trust else 1.0
        return Aim(p * (1 + share * (raised - 1)), share / level * self.beta)
