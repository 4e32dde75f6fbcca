"""What an optimizer is: a rule that makes one step from what an objective tells it.

An optimizer is a frozen description. What it remembers between steps is its state, a plain value that goes in and comes
out, so that a run can be cut and resumed anywhere, and the same optimizer can serve two runs.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Objective

Precision = Literal["float64", "float32"]

DTYPES: Mapping[Precision, torch.dtype] = MappingProxyType({"float64": torch.float64, "float32": torch.float32})


@final
@dataclass(frozen=True, eq=False)
class Step:
    """What one step gave.

    loss, losses: of the parameters that the step started from, as `Evaluation` has them.
    report: the optimizer's own numbers for the log (damping, length of the step, ...).
    finished: why there is no point in going on, or None.
    """

    theta: Tensor
    state: Any
    loss: float
    losses: Mapping[str, float]
    report: Mapping[str, float] = field(default_factory=dict)
    finished: str | None = None


@dataclass(frozen=True)
class Optimizer(ABC):
    """A phase of a run: a rule for steps, and when to stop.

    Args:
        steps: at most so many steps.
        seconds: no new step after this time, in seconds of the phase; None for no limit.
        target: stop once the loss is below; None for no target.
        precision: of the phase; None for the run's.
    """

    steps: int = 1000
    seconds: float | None = None
    target: float | None = None
    precision: Precision | None = None

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float32, torch.float64)
    """In which precisions the method is sound."""

    follows: ClassVar[bool] = False
    """Whether a step goes along any direction that it is given as the gradient, without comparing losses."""

    @property
    def dtype(self) -> torch.dtype | None:
        """The precision of the phase as torch has it; None for the run's."""
        return DTYPES[self.precision] if self.precision is not None else None

    @abstractmethod
    def start(self, theta: Tensor) -> Any:
        """The state before the first step."""

    @abstractmethod
    def step(self, objective: Objective, theta: Tensor, state: Any) -> Step:
        """One step; the objective may have been drawn anew since the last."""

    def gentler(self) -> "Optimizer":
        """The same method with steps a tenth as long, where it has a rate."""
        rate = getattr(self, "lr", None)
        return self if rate is None else replace(self, **{"lr": 0.1 * rate})

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """About how many bytes a step and the state hold at once, so that what cannot fit is refused before it starts.

        Args:
            parameters: P.
            rows: N.
            chunk: how many rows of a Jacobian may exist at once.
            itemsize: the bytes of a number.
        """
        return itemsize * (_VECTORS * parameters + 4 * rows)


_VECTORS = 12
"""Vectors (P,) that a first-order step holds: its state before and after, the gradient, and what is between."""


def jacobian_numbers(parameters: int, rows: int, chunk: int) -> int:
    """How many numbers a Jacobian takes: with the parts of which it is joined where it is kept, else one chunk."""
    return parameters * (2 * rows if rows <= chunk else chunk)


def damped_numbers(parameters: int, rows: int, chunk: int) -> int:
    """How many numbers damped least squares hold: the Jacobian, the squared matrix, its factor, and one more."""
    side = min(parameters, rows) if rows <= chunk else parameters
    return jacobian_numbers(parameters, rows, chunk) + 3 * side**2


def standstill(gradient: Tensor) -> str | None:
    """Why there is no direction to go, or None where there is one."""
    size = float(gradient.abs().sum())
    if size == 0.0 or not math.isfinite(size):
        return f"the gradient is {'zero' if size == 0 else 'not finite'}"
    return None


def require_limits(name: str, optimizer: Optimizer) -> None:
    """Refuse limits of a phase below zero.

    Raises:
        UserError: one that is.
    """
    for limit, value in (("steps", optimizer.steps), ("seconds", optimizer.seconds), ("target", optimizer.target)):
        if value is not None and not value >= 0:
            raise UserError(f"`{limit}` of optimizer `{name}` is {value:g}; it needs 0 or more")


def require_positive(optimizer: str, **options: float) -> None:
    """Refuse options that must be above zero.

    Raises:
        UserError: one that is not.
    """
    for name, value in options.items():
        if not value > 0:
            raise UserError(f"`{name}` of optimizer `{optimizer}` is {value:g}; it needs a number above 0")


def require_memory(optimizer: str, **options: float) -> None:
    """Refuse memories of running means that are not from 0 to below 1.

    Raises:
        UserError: one that is not.
    """
    for name, value in options.items():
        if not 0 <= value < 1:
            raise UserError(f"`{name}` of optimizer `{optimizer}` is {value:g}; it needs 0 or more, and less than 1")
