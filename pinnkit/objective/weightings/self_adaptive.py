"""Self-adaptive points: weights of points that climb where the residual is large."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, require_above_zero


@final
@dataclass(frozen=True)
class SelfAdaptive(Weighting):
    """L = 1/2 sum_n (lambda_n row_n)^2, min over theta and max over lambda: lambda_n += rate N_g lambda_n row_n^2.

    The mask is m(lambda) = lambda^2, and the step the slope of L in lambda_n times the number N_g of the group's rows,
    so that the rate does not depend on how many points share a mean. lambda begins at 1, and points stay.
    L. McClenny, U. Braga-Neto, J. Comput. Phys. 474 (2023) 111722 (arXiv 2009.04544).

    Args:
        rate: of the ascent.
        most: the largest lambda.
    """

    rate: float = 0.1
    most: float = 1e3

    name: ClassVar[str] = "self_adaptive"
    pointwise: ClassVar[bool] = True
    needs_fixed_points: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_above_zero(self.name, rate=self.rate, most=self.most)

    def start(self, found: Statistics) -> Tensor:
        """All ones."""
        return torch.ones_like(found.rows)

    def update(self, found: Statistics, state: Tensor) -> tuple[Weights, Tensor]:
        """One step uphill."""
        counts = torch.ones_like(found.rows)
        for own in found.places.values():
            counts[own] = own.sum().to(counts)
        state = (state + self.rate * counts * state * found.rows**2).clamp(max=self.most)
        return Weights(rows=state), state
