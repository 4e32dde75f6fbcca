"""Natural gradient in the space of the rows, with momentum there (SPRING)."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.damped import damped_system
from pinnkit.optimizers.optimizer import (
    Optimizer,
    Step,
    damped_numbers,
    require_limits,
    require_memory,
    require_positive,
    standstill,
)


@final
@dataclass(frozen=True, eq=False)
class NaturalGradientState:
    """The last direction phi (P,), zero before the first step, and the number of steps made."""

    direction: Tensor
    count: int


@final
@dataclass(frozen=True)
class NaturalGradient(Optimizer):
    """theta -= lr phi, phi = J^T (J J^T + lambda I)^-1 (r - mu J phi') + mu phi', phi' the direction before.

    mu = 0 is energy natural gradient in its Woodbury form; mu > 0 is SPRING, which keeps of the last direction what the
    present rows do not determine (G. Goldshlager, N. Abrahamsen, L. Lin, arXiv 2401.10190 (2024);
    for equations A. Guzman-Cordero, F. Dangel, G. Goldshlager, M. Zeinhofer, arXiv 2505.12149 (2025)).
    The rows change from step to step, so draw new points often (`renew: 1`).

    Args:
        lr: the length of the step, or the longest one where `search`.
        damping: lambda.
        momentum: mu, from 0 to below 1.
        search: whether the best of lr, lr/2, lr/4, ... is taken, by the loss, down to lr/2^30.
    """

    lr: float = 1.0
    damping: float = 1e-8
    momentum: float = 0.0
    search: bool = True

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("natural_gradient", self)
        require_positive("natural_gradient", lr=self.lr, damping=self.damping)
        require_memory("natural_gradient", momentum=self.momentum)

    def start(self, theta: Tensor) -> NaturalGradientState:
        """No direction yet."""
        return NaturalGradientState(torch.zeros_like(theta), 0)

    def step(self, objective: Objective, theta: Tensor, state: NaturalGradientState) -> Step:
        """One linearization, one direction, and the best length on it."""
        there = objective.linearize(theta)
        loss, losses = 0.5 * float(there.rows @ there.rows), objective.losses(there.rows)
        system = damped_system(there, objective.size)
        if (why := standstill(system.gradient)) is not None:
            return Step(theta, state, loss, losses, finished=why)
        solved = system.solve(self.damping)
        if solved is None:
            return Step(theta, state, loss, losses, finished="the damped system has no solution in this precision")
        kept = self.momentum * state.direction
        # `least` solves for the decrease, and the direction is what is subtracted.
        direction = kept - solved.least(there.rows - there.times(kept))
        after = NaturalGradientState(direction, state.count + 1)
        length = self._length(objective, theta, direction, loss) if self.search else self.lr
        return Step(theta - length * direction, after, loss, losses, {"lr": length})

    def _length(self, objective: Objective, theta: Tensor, direction: Tensor, loss: float) -> float:
        """The best of lr, lr/2, lr/4, ... up to where it gets worse again; 0 where none lowers the loss."""
        best, length = loss, 0.0
        for k in range(_HALVINGS + 1):
            trial = self.lr / 2**k
            rows = objective.rows(theta - trial * direction)
            found = 0.5 * float(rows @ rows)
            if found < best:
                best, length = found, trial
            elif length:
                break
        return length

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The damped system."""
        return super().memory(parameters, rows, chunk, itemsize) + itemsize * damped_numbers(parameters, rows, chunk)


_HALVINGS = 30
"""The shortest length tried is lr / 2^30."""
