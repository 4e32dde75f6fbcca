"""Quasi-Newton methods that keep the whole inverse Hessian, and the loss as they may see it."""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Evaluation, Objective
from pinnkit.optimizers.descent import Descent, Known, descend
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits

Of = Literal["loss", "sqrt", "log"]
"""What is minimised: the loss, its square root or its logarithm, which have the same minimum."""

_SEEN: Mapping[Of, tuple[Callable[[float], float], Callable[[float], float], Callable[[float], float]]] = (
    MappingProxyType(
        {
            "loss": (lambda loss: loss, lambda loss: 1.0, lambda seen: seen),
            "sqrt": (math.sqrt, lambda loss: 0.5 / math.sqrt(loss), lambda seen: seen * seen),
            "log": (math.log, lambda loss: 1.0 / loss, math.exp),
        }
    )
)
"""The function of the loss, its slope, and its inverse."""


@final
@dataclass(frozen=True, eq=False)
class DenseState:
    """H (P, P), absent before the first step, and the objective already evaluated at theta."""

    inverse: Tensor | None = None
    known: Known | None = None


@dataclass(frozen=True)
class DenseQuasiNewton(Optimizer):
    """theta += a d with d = -H g and a strong Wolfe length a; a method is its rule for the next H.

    Args:
        of: what is minimised: the `loss`, its `sqrt` or its `log`.
    """

    of: Of = "loss"

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    name: ClassVar[str]
    """What messages call the method."""

    matrices: ClassVar[int]
    """How many (P, P) matrices an update holds at once: H, the next one, and what is between them."""

    def __post_init__(self) -> None:
        require_limits(self.name, self)

    @abstractmethod
    def update(self, inverse: Tensor, found: Descent, first: bool) -> Tensor:
        """The next H from H, a step, and whether it is the first."""

    def start(self, theta: Tensor) -> DenseState:
        """No curvature yet."""
        return DenseState()

    def step(self, objective: Objective, theta: Tensor, state: DenseState) -> Step:
        """One direction and its line search; without progress H is forgotten once, then the phase ends."""
        value, slope, loss_of = _SEEN[self.of]

        def seen(found: Evaluation) -> Evaluation:
            if self.of == "loss" or not 0 < found.loss < math.inf:
                return found
            return replace(found, loss=value(found.loss), gradient=slope(found.loss) * found.gradient)

        inverse = state.inverse
        times = (lambda gradient: gradient) if inverse is None else (lambda gradient: inverse @ gradient)
        found = descend(objective, theta, state.known, times, inverse is None, seen)
        loss = loss_of(found.here.loss) if math.isfinite(found.here.loss) else found.here.loss
        report = {"length": found.length}
        if found.move is None or found.after is None:
            after = DenseState(None, (objective, found.here))
            return Step(theta, after, loss, found.here.losses, report, found.finished)
        if found.curved:
            begun = torch.eye(theta.shape[0], dtype=theta.dtype, device=theta.device) if inverse is None else inverse
            inverse = self.update(begun, found, state.inverse is None)
        return Step(theta + found.move, DenseState(inverse, (objective, found.after)), loss, found.here.losses, report)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The dense matrices of an update."""
        return super().memory(parameters, rows, chunk, itemsize) + self.matrices * itemsize * parameters**2
