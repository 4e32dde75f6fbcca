"""What a weighting is: a rule that makes weights of losses, or of rows, from a statistic of the training."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

from torch import Tensor

from pinnkit.errors import Mistake, UserError, unknown
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


@dataclass(frozen=True)
class RunningMean(Weighting):
    """lambda <- memory lambda + (1 - memory) times what a rule finds, from ones on.

    A group whose gradient is zero, which would get an infinite weight, keeps the one that it has.

    Args:
        memory: of the running mean, which begins at ones; 0 takes the newest weights alone.
    """

    memory: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self.name, memory=self.memory)

    @abstractmethod
    def found(self, seen: Statistics, before: Mapping[str, float]) -> Mapping[str, float]:
        """The newest weights; infinite where nothing is divided by."""

    def start(self, found: Statistics) -> dict[str, float]:
        """All ones."""
        return dict.fromkeys(found.groups, 1.0)

    def update(self, found: Statistics, state: Mapping[str, float]) -> tuple[Weights, Mapping[str, float]]:
        """One more term of the running mean."""
        made = self.found(found, state)
        weights = {
            group: self.memory * own + (1.0 - self.memory) * made[group] if math.isfinite(made[group]) else own
            for group, own in state.items()
        }
        return Weights(weights), weights


def over(numerator: float, denominator: float) -> float:
    """The quotient, infinite where nothing is divided by."""
    return numerator / denominator if denominator > 0 else math.inf


def require_share(weighting: str, **options: float) -> None:
    """Refuse memories and the like that are not from 0 to below 1.

    Raises:
        UserError: one that is not.
    """
    for name, value in options.items():
        if not 0 <= value < 1:
            raise UserError(f"`{name}` of weighting `{weighting}` is {value:g}; it needs 0 or more, and less than 1")


def require_above_zero(weighting: str, **options: float) -> None:
    """Refuse options that must be finite and above zero.

    Raises:
        UserError: one that is not.
    """
    for name, value in options.items():
        if not 0 < value < math.inf:
            raise UserError(f"`{name}` of weighting `{weighting}` is {value:g}; it needs a finite number above 0")


def reference_group(weighting: str, asked: str | None, groups: Mapping[str, tuple[str, ...]]) -> str:
    """The group whose weight stays 1: the one that is asked for, else the first.

    Raises:
        UserError: there is no such group.
    """
    if asked is None:
        return next(iter(groups))
    if asked not in groups:
        message, hint = unknown("group", asked, groups)
        raise UserError(Mistake(f"{message} as `reference` of weighting `{weighting}`", hint=hint))
    return asked
