"""Gradient norms: weights that make the gradients of all losses equally long."""

from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, blended, over, require_share


@final
@dataclass(frozen=True)
class GradNorm(Weighting):
    """lambda_i <- memory lambda_i + (1 - memory) sum_j |g_j| / |g_i|, for the gradients g_i of the losses.

    S. Wang, S. Sankaran, H. Wang, P. Perdikaris, arXiv 2308.08468 (2023), algorithm 1.

    Args:
        memory: of the running mean, which begins at ones.
    """

    every: int = 1000
    memory: float = 0.9

    name: ClassVar[str] = "grad_norm"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, memory=self.memory)

    def start(self, found: Statistics) -> dict[str, float]:
        """All ones."""
        return dict.fromkeys(found.groups, 1.0)

    def update(self, found: Statistics, state: dict[str, float]) -> tuple[Weights, dict[str, float]]:
        """One more term of the running mean."""
        norms = {group: float(gradient.norm()) for group, gradient in found.gradients.items()}
        total = sum(norms.values())
        weights = blended(state, {group: over(total, norm) for group, norm in norms.items()}, self.memory)
        return Weights(weights), weights
