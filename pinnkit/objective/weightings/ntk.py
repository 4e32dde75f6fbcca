"""Tangent kernels: weights that make all losses equally fast to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import RunningMean, over


@final
@dataclass(frozen=True)
class NTK(RunningMean):
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

    def found(self, seen: Statistics, before: Mapping[str, float]) -> Mapping[str, float]:
        """The sum of the traces over each."""
        total = sum(seen.traces.values())
        return {group: over(total, own) for group, own in seen.traces.items()}
