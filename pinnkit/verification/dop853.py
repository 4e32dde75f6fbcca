"""Systems of ordinary differential equations by steps of order eight, or in arithmetic of any precision."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
from mpmath import MPContext

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.on_mpmath import PreciseProgram
from pinnkit.errors import UserError
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import failed
from pinnkit.verification.extrapolation import Path, Rates, between, follow
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution
from pinnkit.verification.ordinary import Ordinary, read_ordinary


@final
@dataclass(frozen=True)
class DOP853(ReferenceMethod):
    """y' = f(t, y) from values at the start, by the Runge-Kutta method of order eight of Dormand and Prince.

    The tolerance of the step control is lowered until two runs agree; their difference is the stated accuracy. With
    `digits`, steps of any order by extrapolation of the modified midpoint rule are taken in that many decimal digits
    and in ten more instead, and compared: so chaotic systems are followed for as long as the digits last.

    E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, Springer 1993, sections II.5, II.9.

    Args:
        accuracy: the relative L2 difference of two runs at which lowering the tolerance ends.
        digits: how many decimal digits are carried; double precision where it is not given.
        steps: the most steps of one run.
    """

    accuracy: float = 1e-10
    digits: int | None = None
    steps: int = 100_000

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `dop853` is {self.accuracy:g}; it needs a number between 0 and 1")
        if self.digits is not None and not 15 <= self.digits <= 1000:
            raise UserError(f"`digits` of `dop853` is {self.digits}; it needs a number between 15 and 1000")
        if self.steps < 1:
            raise UserError(f"`steps` of `dop853` is {self.steps}; it needs at least 1")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution by the second of two runs that agree.

        Raises:
            UserError: the problem is no system with values at its start, or no two runs agree to better than 1e-2.
        """
        system = read_ordinary(problem, "dop853")
        rates = _rates(system)
        along = np.linspace(system.time.lower, system.time.upper, _COMPARED)
        runs = self._runs(problem, system, rates) if self.digits is None else self._precise_runs(problem, system)
        chosen, before, difference = None, None, np.inf
        for run in runs:
            values = run(along)
            if before is not None and np.all(np.isfinite(values)):
                change = float(np.max(relative_l2(values, before)))
                if change < difference:
                    chosen, difference = run, change
                if difference <= self.accuracy:
                    break
            before = values
        if chosen is None or not difference < _COARSEST:
            hint = "A chaotic system needs `digits`, such as 30." if self.digits is None else "Give more `digits`."
            raise failed(problem, "dop853", "no two of its runs agree", hint)
        known = chosen

        def field(points: np.ndarray) -> np.ndarray:
            times, which = np.unique(np.asarray(points, dtype=np.float64)[:, 0], return_inverse=True)
            if times[0] < system.time.lower:
                raise ValueError(f"the solution begins at {system.time.lower:g}; {times[0]:g} was asked for")
            return known(times)[which]

        rule = "DOP853" if self.digits is None else f"extrapolated midpoint steps in {self.digits + _MORE} digits"
        return ReferenceSolution(field, rule, max(difference, _ROUND_OFF))

    def _runs(self, problem: Problem, system: Ordinary, rates: Rates) -> "Iterator[Run]":
        """Runs in double precision, each with a lower tolerance; the last that can go on ends them."""
        start = np.array([float(value) for value in system.start])
        for tolerance in _TOLERANCES:
            path = _followed(problem, system, rates, start, tolerance, self.steps)
            yield _Dense(system, partial(_eighth_order, rates, path))

    def _precise_runs(self, problem: Problem, system: Ordinary) -> "Iterator[Run]":
        """Two runs, the second with more digits."""
        for digits in (self.digits or 0, (self.digits or 0) + _MORE):
            context = MPContext()
            context.dps = digits + _SPARE
            program = PreciseProgram(system.rates, system.symbols, context)
            start = np.array(PreciseProgram(system.start, (), context)(()), dtype=object)
            begin, end = context.mpf(system.time.lower), context.mpf(system.time.upper)
            path = follow(_listed(program), begin, end, start, context.mpf(10) ** -digits, 4 + digits // 4, self.steps)
            if path is None:
                raise failed(problem, "dop853", f"it needs more than {self.steps} steps, or too short ones")
            yield _Dense(system, partial(between, _rates(system), path))


Run = Callable[[np.ndarray], np.ndarray]
"""Gives the fields (m, f) at m times."""

_COMPARED = 1009
"""At how many times two runs are compared."""

_TOLERANCES = (1e-6, 1e-8, 1e-10, 1e-12, 1e-13, 2.3e-14)
"""Of the step control; scipy allows none below the last."""

_COARSEST = 1e-2
"""A reference that is no better is none."""

_ROUND_OFF = 1e-14
"""The least error that is stated: two runs may agree in digits that both have lost."""

_MORE = 10
"""Digits by which the second run is more precise."""

_SPARE = 5
"""Digits that are carried beyond those to which steps are accurate."""


@final
@dataclass(frozen=True)
class _Dense:
    """The fields (m, f) at m times, where `states` gives all unknowns (n, m)."""

    system: Ordinary
    states: Callable[[np.ndarray], np.ndarray]

    def __call__(self, times: np.ndarray) -> np.ndarray:
        fields = [i for i, p in enumerate(self.system.unknowns) if p.order == 0]
        with np.errstate(all="ignore"):
            return self.states(times)[fields].T


def _listed(program: PreciseProgram) -> Rates:
    """A program over t and y as a function of arrays of objects."""
    return lambda t, y: np.array(program([t, *y]), dtype=object)


def _rates(system: Ordinary) -> Rates:
    """f in double precision, for states (n, ...) at one or many times."""
    scope = Scope(tuple(s.name for s in system.symbols[:1]), tuple(f"y{i}" for i in range(len(system.unknowns))))
    slots = [Partial(name, (0,)) for name in scope.fields]
    trees = dict(zip(system.symbols[1:], (scope.functions[name] for name in scope.fields), strict=True))
    programs = [compile_tree(rate.xreplace(trees), scope) for rate in system.rates]

    def rates(t: Any, y: np.ndarray) -> np.ndarray:
        values: dict[Partial | str, Any] = {scope.coordinates[0]: t, **dict(zip(slots, y, strict=True))}
        like = np.empty(y.shape[1:])
        return np.stack([program.broadcast(values, like) for program in programs])

    return rates


def _followed(problem: Problem, system: Ordinary, rates: Rates, start: np.ndarray, tolerance: float, most: int) -> Path:
    """The solution at the ends of scipy's own steps.

    Raises:
        UserError: the integrator gives up, with what it says, or needs too many steps.
    """
    from scipy import integrate

    scale = max(float(np.max(np.abs(start))), _ROUND_OFF)
    times, states = [system.time.lower], [start]
    with np.errstate(all="ignore"):
        solver = integrate.DOP853(
            rates, system.time.lower, start, system.time.upper, rtol=tolerance, atol=1e-3 * tolerance * scale
        )
        while solver.status == "running":
            message = solver.step()
            if solver.status == "failed" or len(times) > most:
                said = message or f"it needs more than {most} steps"
                hint = "A stiff system takes very many steps; a solution may also grow without bound."
                raise failed(problem, "dop853", f"near {system.time.name} = {times[-1]:g}, {said}", hint)
            times.append(solver.t)
            states.append(solver.y)
    return Path(np.array(times), np.array(states))


def _eighth_order(rates: Rates, path: Path, times: np.ndarray) -> np.ndarray:
    """The states (n, m) at m times, each by one shorter step from the start of the step in which it falls.

    scipy's own interpolation has order seven and would lose digits.
    """
    from scipy import integrate

    which = np.clip(np.searchsorted(path.times, times, side="right") - 1, 0, len(path.times) - 2)
    t, y = path.times[which], path.states[which].T
    h = times - t
    slopes: list[np.ndarray] = []
    for row, c in zip(integrate.DOP853.A, integrate.DOP853.C, strict=True):
        inside = y + h * sum((a * slope for a, slope in zip(row, slopes, strict=False)), np.zeros_like(y))
        slopes.append(rates(t + c * h, inside))
    total: np.ndarray = sum((b * slope for b, slope in zip(integrate.DOP853.B, slopes, strict=True)), np.zeros_like(y))
    return y + h * total
