"""Inverse Dirichlet: weights by the spread of each loss's gradient."""

from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, blended, over, require_share


@final
@dataclass(frozen=True)
class InverseDirichlet(Weighting):
    """lambda_i <- memory lambda_i + (1 - memory) max_j std(g_j) / std(g_i), std over the parameters.

    S. Maddu, D. Sturm, C. L. Mueller, I. F. Sbalzarini, Mach. Learn.: Sci. Technol. 3 (2022) 015026 (arXiv 2107.00940).

    Args:
        memory: of the running mean, which begins at ones.
    """

    every: int = 10
    memory: float = 0.5

    name: ClassVar[str] = "inverse_dirichlet"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, memory=self.memory)

    def start(self, found: Statistics) -> dict[str, float]:
        """All ones."""
        return dict.fromkeys(found.groups, 1.0)

    def update(self, found: Statistics, state: dict[str, float]) -> tuple[Weights, dict[str, float]]:
        """One more term of the running mean."""
        spreads = {group: float(gradient.std(correction=0)) for group, gradient in found.gradients.items()}
        largest = max(spreads.values())
        weights = blended(state, {group: over(largest, own) for group, own in spreads.items()}, self.memory)
        return Weights(weights), weights
