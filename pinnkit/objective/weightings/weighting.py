"""What a weighting is: a rule that makes weights of losses, or of rows, from a statistic of the training."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics


@final
@dataclass(frozen=True, eq=False)
class Weights:
    """Factors of the loss.

    groups: the factor of every group's loss, 1 where not given. rows: the factor (N,) of every row, so that its square
    is the factor of the squared residual; None where all are 1.
    """

    groups: Mapping[str, float] = field(default_factory=dict)
    rows: Tensor | None = None


@dataclass(frozen=True)
class Weighting(ABC):
    """A rule for weights, which are factors of rows: every optimizer minimises the same thing.

    What it remembers is its state, a plain value that goes in and comes out.

    Args:
        every: the number of steps between two updates.
    """

    every: int = 1

    name: ClassVar[str]
    """What messages call the method."""

    pointwise: ClassVar[bool] = False
    """Whether weights belong to points, and begin anew on others."""

    needs_fixed_points: ClassVar[bool] = False
    """Whether nothing but the same points from step to step makes sense."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UserError(f"`every` of weighting `{self.name}` is {self.every}; it needs at least 1")

    @abstractmethod
    def start(self, found: Statistics) -> Any:
        """The state before the first update; on new points too, where weights belong to points."""

    @abstractmethod
    def update(self, found: Statistics, state: Any) -> tuple[Weights, Any]:
        """The weights for the next steps, and the new state."""
