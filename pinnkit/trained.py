"""What is told of training while it goes on, and what it gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

from torch import Tensor

from pinnkit.points import PointMemory

Record = dict[str, Any]
"""One step: step, phase, loss, losses by term, seconds, step_seconds, and the optimizer's own numbers."""


Snapshot = dict[str, Any]
"""Where a loop stands between two steps, as plain data; see `pinnkit.stored`."""

Keep = Callable[[Callable[[], Snapshot]], None]
"""Told before every step, and asking where the loop stands when it wants to know."""


@final
@dataclass(frozen=True)
class Stop:
    """Why and when a phase ended, and what the loss on unseen points did meanwhile."""

    phase: str
    reason: str
    steps: int
    seconds: float
    course: str = ""


@final
@dataclass(frozen=True, eq=False)
class Trained:
    """What the loop gives: the parameters, how every phase ended, the term that broke it, if any, and the points."""

    theta: Tensor
    stops: tuple[Stop, ...]
    steps: int
    seconds: float
    failure: str | None = None
    interrupted: bool = False
    memory: PointMemory = field(default_factory=PointMemory)
