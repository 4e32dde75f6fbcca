"""Learning-rate annealing: weights by the largest slope of the equations over the mean slope of each other loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import RunningMean, over, reference_group


@final
@dataclass(frozen=True)
class LRAnnealing(RunningMean):
    """lambda_i <- memory lambda_i + (1 - memory) max|grad L_r| / mean|grad (lambda_i L_i)|, and lambda_r = 1.

    The largest and the mean are over the parameters. r is the reference group.
    S. Wang, Y. Teng, P. Perdikaris, SIAM J. Sci. Comput. 43 (2021) A3055 (arXiv 2001.04536), algorithm 1.

    Args:
        memory: of the running mean; 1 - alpha in the paper.
        reference: r; the first group where not given, which is that of the equations.
    """

    every: int = 10
    memory: float = 0.9
    reference: str | None = None

    name: ClassVar[str] = "lr_annealing"

    def found(self, seen: Statistics, before: Mapping[str, float]) -> Mapping[str, float]:
        """The largest slope of the reference over the mean slope of each; 1 for the reference."""
        reference = reference_group(self.name, self.reference, seen.groups)
        largest = float(seen.gradients[reference].abs().max())
        means = {group: before[group] * float(own.abs().mean()) for group, own in seen.gradients.items()}
        return {**{group: over(largest, mean) for group, mean in means.items()}, reference: 1.0}
