"""Gradient norms: weights that make the gradients of all losses equally long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import RunningMean, over


@final
@dataclass(frozen=True)
class GradNorm(RunningMean):
    """lambda_i <- memory lambda_i + (1 - memory) sum_j |g_j| / |g_i|, for the gradients g_i of the losses.

    S. Wang, S. Sankaran, H. Wang, P. Perdikaris, arXiv 2308.08468 (2023), algorithm 1.

    Args:
        memory: of the running mean, which begins at ones.
    """

    every: int = 1000
    memory: float = 0.9

    name: ClassVar[str] = "grad_norm"

    def found(self, seen: Statistics, before: Mapping[str, float]) -> Mapping[str, float]:
        """The sum of the norms over each."""
        norms = {group: float(gradient.norm()) for group, gradient in seen.gradients.items()}
        total = sum(norms.values())
        return {group: over(total, norm) for group, norm in norms.items()}
