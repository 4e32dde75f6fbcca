"""Gauss-Newton steps within a trust radius, on a Jacobian sketched to fewer rows and fewer columns."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Linearization, Objective
from pinnkit.optimizers.optimizer import (
    Optimizer,
    Step,
    jacobian_numbers,
    require_limits,
    require_positive,
    standstill,
)
from pinnkit.optimizers.second_derivative import require_stride, second_derivative
from pinnkit.optimizers.sketch import ColumnSketch, RowSketch
from pinnkit.optimizers.trust_region import TrustRegion


@final
@dataclass(frozen=True, eq=False)
class SketchedState:
    """The middle of the next radii, and the number of steps made, from which a step's random numbers follow."""

    radius: float
    count: int = 0


@final
@dataclass(frozen=True, eq=False)
class _Trial:
    """A change of theta, the loss it leads to, the share of the foretold decrease that it brings, and 2 |a| / |p|."""

    change: Tensor
    loss: float
    gain: float
    bend: float
    radius: float
    damping: float


@final
@dataclass(frozen=True)
class SketchedGaussNewton(Optimizer):
    """min |C (r + J Omega p)| with |p| <= Delta, theta += Omega p; the loss itself chooses among several Delta.

    C (m, N) and Omega (P, s) are drawn anew at every step. The radii are spread evenly, by their logarithms, from three
    times the last one down to a third of it. The largest at which the loss falls by at least `gain` times what the
    model foretells is taken, and is the next middle. Where there is none, the one with the lowest loss is taken if
    that is a fall, and the smallest radius is the next middle (Webb, Jerad and Cartis, arXiv 2607.02194 (2026), where
    24 radii are tried and the gains interpolated). Each p is bent as in `levenberg_marquardt` to p + a/2, where a
    minimises |C (r_ss + J Omega a)|^2 + lambda |a|^2 with the rows' second derivative r_ss along Omega p.

    Args:
        columns: s, at most P.
        rows: m; None for all rows as they are.
        entries: the entries in each column of C.
        radius: Delta at the start.
        trials: how many radii there are.
        gain: the share of the foretold decrease that a radius must bring.
        acceleration: whether to use a.
        bend: the largest 2 |a| / |p| at which the expansion is trusted; a radius beyond it is refused.
        stride: h of the difference quotient r_ss.
        seed: what C and Omega are drawn from.
    """

    columns: int = 1000
    rows: int | None = None
    entries: int = 4
    radius: float = 1.0
    trials: int = 8
    gain: float = 0.1
    acceleration: bool = True
    bend: float = 2.0
    stride: float = 0.1
    seed: int = 0

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        name = "sketched_gauss_newton"
        require_limits(name, self)
        options = {"columns": self.columns, "entries": self.entries, "radius": self.radius, "gain": self.gain}
        require_positive(name, **options, bend=self.bend)
        require_stride(name, self.stride)
        rows = self.rows if self.rows is not None else self.entries
        for option, value, least in (("trials", self.trials, 2), ("seed", self.seed, 0), ("rows", rows, self.entries)):
            if value < least:
                raise UserError(f"`{option}` of optimizer `{name}` is {value}; it needs at least {least}")

    def start(self, theta: Tensor) -> SketchedState:
        """The first radius."""
        return SketchedState(self.radius)

    def step(self, objective: Objective, theta: Tensor, state: SketchedState) -> Step:
        """One sketch, one singular value decomposition, and the radii from the largest down."""
        there = objective.linearize(theta)
        loss, losses = 0.5 * float(there.rows @ there.rows), objective.losses(there.rows)
        if not math.isfinite(loss):
            return Step(theta, state, loss, losses)
        sketched = _Sketched(self, objective, there, state.count)
        if (why := standstill(sketched.gradient)) is not None:
            return Step(theta, state, loss, losses, finished=why)
        model = TrustRegion(sketched.matrix, sketched.rows)
        radii = model.radii(_SPREAD * state.radius, state.radius / _SPREAD, self.trials)
        if not radii:
            return Step(theta, state, loss, losses, finished="the rows do not change to first order")
        best = self._best(objective, theta, sketched, model, radii, loss)
        count = state.count + 1
        if best is None:
            # Changes so small are lost in the rounding of theta.
            lost = radii[-1] < 1e-15 * max(1.0, float(theta.norm()))
            why = "no radius lowers the loss any more" if lost else None
            return Step(theta, SketchedState(radii[-1], count), loss, losses, {"radius": radii[-1], "gain": 0.0}, why)
        middle = best.radius if best.gain >= self.gain else radii[-1]
        if best.gain >= self.gain and best.damping == 0.0:
            # A step that no radius bounds says nothing against longer ones.
            middle = max(middle, state.radius)
        report = {"radius": best.radius, "damping": best.damping, "gain": best.gain, "bend": best.bend}
        return Step(theta + best.change, SketchedState(middle, count), loss, losses, report)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The Jacobian as far as it is kept, three matrices like the sketch, six of its shorter side squared."""
        m, s = min(rows, self.rows or rows), min(parameters, self.columns)
        numbers = jacobian_numbers(parameters, rows, chunk) + 3 * m * s + 6 * min(m, s) ** 2
        return super().memory(parameters, rows, chunk, itemsize) + itemsize * numbers

    def _best(
        self,
        objective: Objective,
        theta: Tensor,
        sketched: "_Sketched",
        model: TrustRegion,
        radii: list[float],
        loss: float,
    ) -> _Trial | None:
        """The trial of the first radius that gains enough, else the one with the lowest loss, if that is a fall."""
        best: _Trial | None = None
        for radius in radii:
            trial = self._trial(objective, theta, sketched, model, radius, loss)
            if trial.gain >= self.gain:
                return trial
            if trial.loss < (best.loss if best else loss):
                best = trial
        return best

    def _trial(
        self, objective: Objective, theta: Tensor, sketched: "_Sketched", model: TrustRegion, radius: float, loss: float
    ) -> _Trial:
        """What one radius proposes; a loss that is no number is infinite, so that it is never preferred."""
        damping = model.damping(radius)
        p, bend = model.least(sketched.rows, damping), 0.0
        change = sketched.omega.widen(p)
        if self.acceleration:
            ahead = sketched.c.times(objective.rows(theta + self.stride * change))
            along = second_derivative(sketched.rows, sketched.matrix @ p, ahead, self.stride)
            bent = 0.5 * model.least(along, damping)
            bend = 4.0 * float(bent.norm() / p.norm())
            if not bend <= self.bend:
                return _Trial(change, math.inf, -math.inf, bend, radius, damping)
            change = change + sketched.omega.widen(bent)
        rows = objective.rows(theta + change)
        after = 0.5 * float(rows @ rows)
        foretold = model.foretold(damping)
        if not (math.isfinite(after) and foretold > 0):
            return _Trial(change, math.inf, -math.inf, bend, radius, damping)
        return _Trial(change, after, (loss - after) / foretold, bend, radius, damping)


@final
class _Sketched:
    """C, Omega, C J Omega (m, s), C r (m,), and the whole gradient J^T r; of J no more than a chunk at a time."""

    def __init__(self, options: SketchedGaussNewton, objective: Objective, there: Linearization, count: int) -> None:
        generator = np.random.default_rng((options.seed, count))
        self.omega = ColumnSketch.draw(objective.size, options.columns, generator, there.rows)
        self.c = RowSketch.draw(objective.count, options.rows, options.entries, generator, there.rows)
        self.rows = self.c.times(there.rows)
        self.matrix = there.rows.new_zeros(self.c.count, self.omega.count)
        self.gradient = there.rows.new_zeros(objective.size)
        for start, rows, jacobian in there.blocks():
            self.c.add(self.matrix, self.omega.narrow(jacobian), start)
            self.gradient += rows @ jacobian
            del jacobian
        there.team.total(self.matrix)
        there.team.total(self.gradient)


_SPREAD = 3.0
"""The largest radius tried is so many times the last one, the smallest so many times less."""
