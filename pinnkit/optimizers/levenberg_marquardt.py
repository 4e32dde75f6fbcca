"""Levenberg-Marquardt with geodesic acceleration and corrections on the same factor."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Draw, Linearization, Objective
from pinnkit.optimizers.damped import Damped, damped_system
from pinnkit.optimizers.optimizer import (
    Optimizer,
    Step,
    damped_numbers,
    require_limits,
    require_memory,
    require_positive,
    standstill,
)
from pinnkit.optimizers.second_derivative import require_stride, second_derivative


@final
@dataclass(frozen=True, eq=False)
class LMState:
    """What a step leaves to the next.

    damping: lambda to begin with. accepted: the lambda of the last step that was taken.
    change: that step's change of theta. seen: the draw of points on which it lowered the loss.
    hold: how many steps are taken at one lambda before a lower one is tried; wait: how many of them are still to come.
    hope: the largest share of the loss by which it was foretold to fall, since it last did.
    """

    damping: float
    accepted: float = math.inf
    change: Tensor | None = None
    seen: Draw | None = None
    hold: int = 0
    wait: int = 0
    hope: float = 0.0


@final
@dataclass(frozen=True, eq=False)
class _Move:
    """A trial step: the change of theta, the loss it leads to, 2 |a| / |s|, and the corrections it took."""

    change: Tensor
    loss: float
    bend: float
    corrections: int


@final
@dataclass(frozen=True, eq=False)
class _Trial:
    """A step s of the linear model: J s, the fall of the loss that it foretells, and the solver of its damping."""

    step: Tensor
    linear: Tensor
    fall: float
    least: Callable[[Tensor], Tensor]


@final
@dataclass(frozen=True)
class LevenbergMarquardt(Optimizer):
    """(J^T J + lambda I) s = -J^T r, bent along the curvature of the residuals, and corrected with the same factor.

    The acceleration a solves (J^T J + lambda I) a = -J^T r_ss with the second directional derivative
    r_ss = (2/h) ((r(theta + h s) - r)/h - J s), and the change of theta is d = s + a/2
    (M. K. Transtrum, J. P. Sethna, arXiv 1201.5885 (2012)). With momentum mu, s is held to the last change d' of theta:
    it makes |r + J s|^2 + lambda |s - mu d'|^2 least, as SPRING does (G. Goldshlager, N. Abrahamsen, L. Lin, arXiv
    2401.10190 (2024)). Where the loss falls by less than the linear model foretold, d is led to the model's own
    residual r + J s by simplified Newton steps with the factor at hand, (J^T J + lambda I) c = -J^T (r(theta + d) - r -
    J s), d += c, as long as they shrink. Such a step costs one evaluation of the residuals, and supplies the third and
    higher orders of the same curve.

    A change is taken only if it lowers the loss. lambda is divided by 5 where the loss fell by more than half of what
    the linear model foretold, doubled where it fell by less than a quarter, and multiplied by 5 after a refusal, which
    also ends the momentum of the step; each refusal of a lower lambda doubles the number of steps until the next is
    tried, up to 7. On freshly drawn points lambda starts 25 times higher.

    Args:
        damping: lambda at the start.
        acceleration: whether to use a.
        momentum: mu, from 0 to below 1.
        bend: the largest 2 |a| / |s| at which the expansion is trusted; beyond it lambda is raised.
        stride: h.
        corrections: the most simplified Newton steps.
        tries: how often a refused step is tried again with more damping within one step.
    """

    steps: int = 300
    damping: float = 1.0
    acceleration: bool = True
    momentum: float = 0.8
    bend: float = 2.0
    stride: float = 0.1
    corrections: int = 5
    tries: int = 12

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("levenberg_marquardt", self)
        options = {"damping": self.damping, "bend": self.bend, "tries": self.tries}
        require_positive("levenberg_marquardt", **options)
        require_memory("levenberg_marquardt", momentum=self.momentum)
        require_stride("levenberg_marquardt", self.stride)

    def start(self, theta: Tensor) -> LMState:
        """The first damping."""
        return LMState(self.damping)

    def step(self, objective: Objective, theta: Tensor, state: LMState) -> Step:
        """One linearization, and as many dampings of it as it takes to lower the loss."""
        there = objective.linearize(theta)
        loss = 0.5 * float(there.rows @ there.rows)
        losses = objective.losses(there.rows)
        if loss == 0.0:
            return Step(theta, state, loss, losses, finished="every residual is zero")
        if not math.isfinite(loss):
            return Step(theta, state, loss, losses)
        system = damped_system(there, objective.size)
        if (why := standstill(system.gradient)) is not None:
            return Step(theta, state, loss, losses, finished=why)
        # Fresh points are not fitted yet: the damping that the old ones had earned would fit the field to their gaps.
        fresh = state.seen is not None and state.seen is not objective.draw
        damping = state.damping * (_CAUTION if fresh else 1.0)
        hope = state.hope
        for count in range(self.tries):
            solved = system.solve(damping)
            if solved is not None:
                carried = self.momentum * state.change if state.change is not None and count == 0 else None
                trial = _trial(there, system.gradient, solved, carried)
                hope = max(hope, _hope(trial, loss, theta))
                move = self._move(objective, theta, there, trial)
                if move.loss < loss and trial.fall > 0:
                    gain = (loss - move.loss) / trial.fall
                    report = {"damping": damping, "bend": move.bend, "gain": gain, "corrections": move.corrections}
                    after = _after(state, damping, gain, move.change, objective)
                    return Step(theta + move.change, after, loss, losses, report)
            damping *= 5.0
        if not damping < 1e15 * max(self.damping, 1.0):
            return Step(theta, state, loss, losses, finished=_end(hope))
        return Step(
            theta, LMState(damping, seen=objective.draw, hope=hope), loss, losses, {"damping": damping, "gain": 0.0}
        )

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The damped system."""
        return super().memory(parameters, rows, chunk, itemsize) + itemsize * damped_numbers(parameters, rows, chunk)

    def _move(self, objective: Objective, theta: Tensor, there: Linearization, trial: _Trial) -> _Move:
        """The change of theta that a trial step proposes, bent and corrected."""
        change, bend, size = trial.step, 0.0, math.inf
        if self.acceleration:
            ahead = objective.rows(theta + self.stride * trial.step)
            bent = 0.5 * trial.least(second_derivative(there.rows, trial.linear, ahead, self.stride))
            size, length = float(bent.norm()), float(trial.step.norm())
            bend = 4.0 * size / length if length > 0 else 0.0  # a step may be too small to be squared
            if not bend <= self.bend:
                return _Move(trial.step, math.inf, bend, 0)
            change = change + bent
        after = objective.rows(theta + change)
        best = _Move(change, 0.5 * float(after @ after), bend, 0)
        target = there.rows + trial.linear
        start = 0.5 * float(there.rows @ there.rows)
        for count in range(1, self.corrections + 1):
            if start - best.loss >= _ENOUGH * trial.fall:
                break
            correction = trial.least(after - target)
            last, size = size, float(correction.norm())
            if not size <= _SHRINK * last:
                break
            change = change + correction
            after = objective.rows(theta + change)
            loss = 0.5 * float(after @ after)
            if loss < best.loss or not math.isfinite(best.loss):
                best = _Move(change, loss, bend, count)
        return best


_CAUTION = 25.0
"""By how much the damping grows for the first step on fresh points."""

_ENOUGH = 0.9
"""The share of the foretold decrease with which no correction is worth its evaluation."""

_SHRINK = 0.7
"""Corrections that shrink more slowly than this do not converge soon enough to pay."""


_PATIENCE = 7
"""The most steps taken at one lambda before a lower one is tried again."""


_ROUNDING = 1e-13
"""A share of the loss below which its fall is lost in the rounding of the rows."""


def _hope(trial: _Trial, loss: float, theta: Tensor) -> float:
    """The share of the loss by which a step is foretold to lower it; 0 for one that is lost in the digits of theta."""
    lost = float(trial.step.norm()) <= 4 * torch.finfo(theta.dtype).eps * float(theta.norm())
    return 0.0 if lost else trial.fall / loss


def _end(hope: float) -> str:
    """Why no damped step lowers the loss, given the share of it that the linear model foretold."""
    if hope < _ROUNDING:
        return "converged: no fall of the loss is foretold beyond rounding"
    return f"stagnated: no damped step lowers the loss, though the linear model foretells a fall by {hope:.1e} of it"


def _trial(there: Linearization, gradient: Tensor, solved: Damped, carried: Tensor | None) -> _Trial:
    """The step for one damping, with what is carried over from the last step."""
    step = solved.step if carried is None else carried + solved.least(there.rows + there.times(carried))
    linear = there.times(step)
    return _Trial(step, linear, -float(gradient @ step) - 0.5 * float(linear @ linear), solved.least)


def _after(state: LMState, damping: float, gain: float, change: Tensor, objective: Objective) -> LMState:
    """What a taken step leaves: a lower lambda where the linear model foretold it well, unless that failed just now.

    Every try of a lower lambda that is refused doubles the wait for the next, for a refusal costs a factor of its own.
    """
    hold, wait = state.hold, max(0, state.wait - 1)
    if state.damping < state.accepted and state.seen is objective.draw:  # a lower lambda was tried
        hold = 0 if damping == state.damping else min(_PATIENCE, 2 * hold + 1)
        wait = hold
    factor = 2.0 if gain <= 0.25 else 0.2 if gain > 0.5 and wait == 0 else 1.0
    return LMState(max(damping * factor, 1e-30), damping, change, objective.draw, hold, wait)
