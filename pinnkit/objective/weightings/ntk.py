"""Tangent kernels: weights that make all losses equally fast to learn."""

from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, blended, over, require_share


@final
@dataclass(frozen=True)
class NTK(Weighting):
    """lambda_i <- memory lambda_i + (1 - memory) sum_j tr K_j / tr K_i, tr K_i = sum_n |d row_n/d theta|^2.

    Rows are those whose squares are the loss, with their share 1/N of the mean: tr K_i is the mean over the points of
    group i of the squared slope of each residual by itself, which no cancellation between points lessens.
    S. Wang, X. Yu, P. Perdikaris, J. Comput. Phys. 449 (2022) 110768 (arXiv 2007.14527), equations 6.5 and 6.6.

    Args:
        memory: of the running mean, which begins at ones; 0 takes the newest traces alone.
    """

    every: int = 1000
    memory: float = 0.0

    name: ClassVar[str] = "ntk"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, memory=self.memory)

    def start(self, found: Statistics) -> dict[str, float]:
        """All ones."""
        return dict.fromkeys(found.groups, 1.0)

    def update(self, found: Statistics, state: dict[str, float]) -> tuple[Weights, dict[str, float]]:
        """One more term of the running mean."""
        total = sum(found.traces.values())
        weights = blended(state, {group: over(total, own) for group, own in found.traces.items()}, self.memory)
        return Weights(weights), weights
