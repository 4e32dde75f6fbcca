"""Variational residual-based attention: weights of points by the slope of a convex potential of the residual."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.rba import relative
from pinnkit.objective.weightings.weighting import Weighting, Weights, require_above_zero, require_share


@final
@dataclass(frozen=True)
class VRBA(Weighting):
    """lambda_n <- gamma lambda_n + eta q_n/max q, q = Phi'(|r|/eps) for a convex potential Phi; rows times lambda.

    `exponential`, Phi = exp, aims at the largest residual; `quadratic`, Phi = r^2/2, for which it is `rba`, at the mean
    square. eps = temperature max|r| follows the largest residual of the group, so that the ratio of the largest weight
    to the least stays. On points it begins where the residuals there would hold it.
    J. D. Toscano, D. T. Chen, V. Oommen, G. E. Karniadakis, arXiv 2509.14198 (2025), section 2.

    Args:
        potential: Phi.
        temperature: eps over the largest residual, of `exponential`.
        gamma: memory.
        eta: the rate.
    """

    potential: Literal["exponential", "quadratic"] = "exponential"
    temperature: float = 0.2
    gamma: float = 0.999
    eta: float = 0.01

    name: ClassVar[str] = "vrba"
    pointwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, gamma=self.gamma)
        require_above_zero(self.name, eta=self.eta, temperature=self.temperature)

    def start(self, found: Statistics) -> Tensor:
        """Where the residuals at hand hold it."""
        return self.eta / (1.0 - self.gamma) * self._tilted(found)

    def update(self, found: Statistics, state: Tensor) -> tuple[Weights, Tensor]:
        """One more term of the running mean."""
        state = self.gamma * state + self.eta * self._tilted(found)
        return Weights(rows=state), state

    def _tilted(self, found: Statistics) -> Tensor:
        """q_n/max q (N,)."""
        shares = relative(found)
        return shares if self.potential == "quadratic" else torch.exp((shares - 1.0) / self.temperature)
