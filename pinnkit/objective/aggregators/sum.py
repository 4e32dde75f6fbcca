"""The sum of the gradients, which is that of the summed loss."""

from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined


@final
@dataclass(frozen=True)
class Sum(Aggregator):
    """d = g_1 + ... + g_m, the gradient of the summed loss."""

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The sum of the rows."""
        return Combined(gradients.sum(0), state)
