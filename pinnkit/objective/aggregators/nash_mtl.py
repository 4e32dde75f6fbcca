"""Nash-MTL: the direction on which the losses would agree in a bargain."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import live

_STEPS = 100
_RIDGE = 1e-12
"""Of the trace of the Gram matrix: below it, directions in which gradients are not independent are rounding."""


@final
@dataclass(frozen=True)
class NashMTL(Aggregator):
    """d = sum_i a_i g_i with a > 0 and G a = 1/a, G_ij = g_i . g_j: the maximum of sum_i log(d . g_i) on a ball.

    a is the minimum of the convex function a^T G a/2 - sum_i log a_i, by Newton's method with a line search, where the
    paper solves a sequence of problems. a_i d . g_i = 1, so that multiplying a loss by a number changes nothing: d has
    the norm sqrt(m), and every loss falls.

    A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik, E. Fetaya, ICML 2022 (arXiv 2202.01017),
    claim 3.1.
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The bargain; a note where gradients are so dependent that there is none."""
        own = live(gradients)
        sizes = own.norm(dim=1, keepdim=True)
        units = own / sizes  # a of g is a of the unit gradient over |g|, so that d is the same
        gram = units @ units.T
        ridge = _RIDGE * torch.eye(len(own), dtype=own.dtype, device=own.device)
        weights = _bargain(gram + len(own) * ridge)
        direction = weights @ units
        fair = bool((units @ direction > 0).all())
        return Combined(direction, state, None if fair else "no direction lowers all losses, so that none is agreed on")


def _bargain(gram: Tensor) -> Tensor:
    """The a > 0 (m,) with G a = 1/a."""
    a = 1.0 / gram.diagonal().sqrt() / len(gram) ** 0.5

    def value(at: Tensor) -> float:
        return float(0.5 * at @ gram @ at - at.log().sum())

    for _ in range(_STEPS):
        slope = gram @ a - 1.0 / a
        step = torch.linalg.solve(gram + torch.diag(a**-2), -slope)
        length, here, fall = 1.0, value(a), float(slope @ step)
        if -fall < 1e-26:
            break
        while bool((a + length * step <= 0).any()) or value(a + length * step) > here + 1e-4 * length * fall:
            length *= 0.5
            if length < 1e-12:
                return a
        a = a + length * step
    return a
