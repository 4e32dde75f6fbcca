"""Inverse Dirichlet: weights by the spread of each loss's gradient."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import RunningMean, over


@final
@dataclass(frozen=True)
class InverseDirichlet(RunningMean):
    """lambda_i <- memory lambda_i + (1 - memory) max_j std(g_j) / std(g_i), std over the parameters.

    S. Maddu, D. Sturm, C. L. Mueller, I. F. Sbalzarini, Mach. Learn.: Sci. Technol. 3 (2022) 015026 (arXiv 2107.00940).

    Args:
        memory: of the running mean, which begins at ones.
    """

    every: int = 10
    memory: float = 0.5

    name: ClassVar[str] = "inverse_dirichlet"

    def found(self, seen: Statistics, before: Mapping[str, float]) -> Mapping[str, float]:
        """The largest spread over each."""
        spreads = {group: float(gradient.std(correction=0)) for group, gradient in seen.gradients.items()}
        largest = max(spreads.values())
        return {group: over(largest, own) for group, own in spreads.items()}
