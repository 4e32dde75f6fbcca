"""Levenberg-Marquardt with geodesic acceleration and corrections on the same factor."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Linearization, Objective
from pinnkit.optimizers.damped import Damped, damped_system
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits, require_positive, standstill


@final
@dataclass(frozen=True, eq=False)
class LMState:
    """The damping lambda, and the objective that it was found with."""

    damping: float
    seen: Objective | None = None


@final
@dataclass(frozen=True, eq=False)
class _Move:
    """A trial step: the change of theta, the loss it leads to, 2 |a| / |s|, and the corrections it took."""

    change: Tensor
    loss: float
    bend: float
    corrections: int


@final
@dataclass(frozen=True)
class LevenbergMarquardt(Optimizer):
    """(J^T J + lambda I) s = -J^T r, bent along the curvature of the residuals, and corrected with the same factor.

    The acceleration a solves (J^T J + lambda I) a = -J^T r_ss with the second directional derivative
    r_ss = (2/h) ((r(theta + h s) - r)/h - J s), and the change of theta is d = s + a/2
    (M. K. Transtrum, J. P. Sethna, arXiv 1201.5885 (2012)). Where the loss falls by less than the
    linear model foretold, d is led to the model's own residual r + J s by simplified Newton steps with the factor at
    hand, (J^T J + lambda I) c = -J^T (r(theta + d) - r - J s), d += c, as long as they shrink. Such a step costs one
    evaluation of the residuals, and supplies the third and higher orders of the same curve.

    A change is taken only if it lowers the loss. lambda is divided by 5 where the loss fell by more than half of what
    the linear model foretold, doubled where it fell by less than a quarter, and multiplied by 5 after a refusal; on
    freshly drawn points it starts 25 times higher.

    Args:
        damping: lambda at the start.
        acceleration: whether to use a.
        bend: the largest 2 |a| / |s| at which the expansion is trusted; beyond it lambda is raised.
        stride: h.
        corrections: the most simplified Newton steps.
        tries: how often a refused step is tried again with more damping within one step.
    """

    steps: int = 300
    damping: float = 1.0
    acceleration: bool = True
    bend: float = 2.0
    stride: float = 0.1
    corrections: int = 5
    tries: int = 12

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("levenberg_marquardt", self)
        options = {"damping": self.damping, "bend": self.bend, "stride": self.stride, "tries": self.tries}
        require_positive("levenberg_marquardt", **options)
        if self.stride > 1:
            raise UserError(f"`stride` of optimizer `levenberg_marquardt` is {self.stride:g}; it needs at most 1")

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
        fresh = state.seen is not None and state.seen is not objective
        damping = state.damping * (_CAUTION if fresh else 1.0)
        for _ in range(self.tries):
            solved = system.solve(damping)
            if solved is not None:
                # What the linear model foretells for s alone.
                foretold = 0.5 * float(solved.step @ (damping * solved.step - system.gradient))
                move = self._move(objective, theta, there, solved, loss - foretold)
                if move.loss < loss and foretold > 0:
                    gain = (loss - move.loss) / foretold
                    report = {"damping": damping, "bend": move.bend, "gain": gain, "corrections": move.corrections}
                    state = LMState(_relaxed(damping, gain), objective)
                    return Step(theta + move.change, state, loss, losses, report)
            damping *= 5.0
        if not damping < 1e15 * max(self.damping, 1.0):
            return Step(theta, state, loss, losses, finished="no damped step lowers the loss any more")
        return Step(theta, LMState(damping, objective), loss, losses, {"damping": damping, "gain": 0.0})

    def _move(self, objective: Objective, theta: Tensor, there: Linearization, solved: Damped, wanted: float) -> _Move:
        """The change of theta that one damping proposes; `wanted` is the loss that the linear model foretells."""
        linear = there.times(solved.step)
        change, bend, size = solved.step, 0.0, math.inf
        if self.acceleration:
            h = self.stride
            curvature = (2.0 / h) * ((objective.rows(theta + h * solved.step) - there.rows) / h - linear)
            bent = 0.5 * solved.least(curvature)
            size, length = float(bent.norm()), float(solved.step.norm())
            bend = 4.0 * size / length if length > 0 else 0.0  # a step may be too small to be squared
            if not bend <= self.bend:
                return _Move(solved.step, math.inf, bend, 0)
            change = change + bent
        after = objective.rows(theta + change)
        best = _Move(change, 0.5 * float(after @ after), bend, 0)
        target = there.rows + linear
        start = 0.5 * float(there.rows @ there.rows)
        for count in range(1, self.corrections + 1):
            if start - best.loss >= _ENOUGH * (start - wanted):
                break
            correction = solved.least(after - target)
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


def _relaxed(damping: float, gain: float) -> float:
    """The next damping after a step that was taken: less where the linear model foretold it well."""
    factor = 0.2 if gain > 0.5 else 1.0 if gain > 0.25 else 2.0
    return max(damping * factor, 1e-30)
