"""Residual-based attention: weights of points by a running mean of the relative size of their residuals."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, require_above_zero, require_share


@final
@dataclass(frozen=True)
class RBA(Weighting):
    """lambda_n <- gamma lambda_n + eta |r_n|/max|r|, the largest of its own group; rows are multiplied by lambda.

    lambda lies between 0 and eta/(1 - gamma). On points it begins where the residuals there would hold it,
    eta/(1 - gamma) |r_n|/max|r|, so that fresh points need no time to find their weights.
    S. J. Anagnostopoulos, J. D. Toscano, N. Stergiopulos, G. E. Karniadakis, Comput. Methods Appl. Mech. Eng. 421
    (2024) 116805 (arXiv 2307.00379), equation 6.

    Args:
        gamma: memory.
        eta: the rate.
    """

    gamma: float = 0.999
    eta: float = 0.01

    name: ClassVar[str] = "rba"
    pointwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, gamma=self.gamma)
        require_above_zero(self.name, eta=self.eta)

    def start(self, found: Statistics) -> Tensor:
        """Where the residuals at hand hold it."""
        return self.eta / (1.0 - self.gamma) * relative(found)

    def update(self, found: Statistics, state: Tensor) -> tuple[Weights, Tensor]:
        """One more term of the running mean."""
        state = self.gamma * state + self.eta * relative(found)
        return Weights(rows=state), state


def relative(found: Statistics) -> Tensor:
    """|r_n|/max|r| (N,), the largest of its own group; 1 where all of a group are zero."""
    sizes = found.residuals.abs()
    shares = torch.ones_like(sizes)
    for own in found.places.values():
        if bool(own.any()) and float(sizes[own].max()) > 0:
            shares[own] = sizes[own] / sizes[own].max()
    return shares
