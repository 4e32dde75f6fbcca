"""What an optimizer is: a rule that makes one step from what an objective tells it.

An optimizer is a frozen description. What it remembers between steps is its state, a plain value that goes in and comes
out, so that a run can be cut and resumed anywhere, and the same optimizer can serve two runs.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Objective


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
    """

    steps: int = 1000
    seconds: float | None = None
    target: float | None = None

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float32, torch.float64)
    """In which precisions the method is sound."""

    @abstractmethod
    def start(self, theta: Tensor) -> Any:
        """The state before the first step."""

    @abstractmethod
    def step(self, objective: Objective, theta: Tensor, state: Any) -> Step:
        """One step; the objective may have been drawn anew since the last."""


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
