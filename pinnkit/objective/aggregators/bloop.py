"""Bloop: a primary loss, and of the others only what does not oppose its mean gradient."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.aggregators.aggregator import Aggregator, Combined


@final
@dataclass(frozen=True)
class Bloop(Aggregator):
    """d = g_0 + share (s - (s . m)/|m|^2 m), s the sum of the other gradients, m a running mean of g_0.

    The first group is the primary one, whose loss falls as if it were alone; the others move orthogonally to it. The
    mean has the present gradient in it, m <- memory m + (1 - memory) g_0, and begins with the first.

    Y.-G. Hsieh, J. Thornton, E. Ndiaye, M. Klein, M. Cuturi, P. Ablin, ICML 2024 (arXiv 2402.02998), section 2.

    Args:
        share: how much the others count.
        memory: of the running mean.
    """

    share: float = 1.0
    memory: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.memory < 1:
            raise UserError(f"`memory` of aggregator `bloop` is {self.memory:g}; it needs 0 or more, and less than 1")
        if not 0 <= self.share < float("inf"):
            raise UserError(f"`share` of aggregator `bloop` is {self.share:g}; it needs a finite number of 0 or more")

    def combine(self, gradients: Tensor, state: Tensor | None) -> Combined:
        """The primary gradient and the orthogonal part of the others."""
        primary, others = gradients[0], gradients[1:].sum(0)
        mean = primary if state is None else self.memory * state + (1.0 - self.memory) * primary
        square = float(mean @ mean)
        along = float(others @ mean) / square if square > 0 else 0.0
        return Combined(primary + self.share * (others - along * mean), mean)
