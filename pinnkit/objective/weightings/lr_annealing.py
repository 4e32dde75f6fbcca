"""Learning-rate annealing: weights by the largest slope of the equations over the mean slope of each other loss."""

from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, blended, over, reference_group, require_share


@final
@dataclass(frozen=True)
class LRAnnealing(Weighting):
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

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, memory=self.memory)

    def start(self, found: Statistics) -> dict[str, float]:
        """All ones."""
        reference_group(self.name, self.reference, found.groups)
        return dict.fromkeys(found.groups, 1.0)

    def update(self, found: Statistics, state: dict[str, float]) -> tuple[Weights, dict[str, float]]:
        """One more term of the running mean."""
        reference = reference_group(self.name, self.reference, found.groups)
        largest = float(found.gradients[reference].abs().max())
        made = {
            group: over(largest, state[group] * float(gradient.abs().mean()))
            for group, gradient in found.gradients.items()
        }
        weights = {**blended(state, made, self.memory), reference: 1.0}
        return Weights(weights), weights
