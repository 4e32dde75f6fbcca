"""Periodic evolution equations by Fourier series in space and exponential Runge-Kutta steps in time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.errors import UserError
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import Evolution, cannot_treat, failed, read_evolution
from pinnkit.verification.exponential_steps import CoxMatthewsStep, ExponentialStep, LawsonStep
from pinnkit.verification.fourier import Fourier
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution, evaluated
from pinnkit.verification.slaved import Slaved
from pinnkit.verification.slots import Slotted, slotted
from pinnkit.verification.wave_operator import WaveOperator

Scheme = Literal["cox_matthews", "lawson"]


@final
@dataclass(frozen=True)
class ETDRK4(ReferenceMethod):
    """v_t = L v + N(v, t) for the Fourier coefficients v of periodic fields, by steps that are exact in L.

    L holds the terms of each field's own derivatives with numbers as factors, and those of the others where derivatives
    couple fields; N is the rest, computed at so many
    nodes that products of up to three fields are free of aliases. Fields without a time derivative follow from the
    others wave by wave. Runs with steps h, h/2 and h/4 of order four are extrapolated to order six, and compared with
    what the two finer ones give alone; waves are doubled where the last ones still carry something. Four times the
    larger difference is the stated accuracy.

    S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430; A.-K. Kassam, L. N. Trefethen, SIAM J. Sci. Comput. 26
    (2005) 1214.

    Args:
        accuracy: the relative L2 error at which refinement ends.
        waves: how many nodes each coordinate of space has at first.
        steps: how many steps h there are at first.
        levels: the most refinements.
        scheme: the step, `cox_matthews` or, for waves that disperse from a kink, `lawson`.
    """

    accuracy: float = 1e-9
    waves: int = 64
    steps: int = 64
    levels: int = 9
    scheme: Scheme = "cox_matthews"

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `etdrk4` is {self.accuracy:g}; it needs a number between 0 and 1")
        for option, least in (("waves", 8), ("steps", 1), ("levels", 1)):
            if getattr(self, option) < least:
                raise UserError(f"`{option}` of `etdrk4` is {getattr(self, option)}; it needs at least {least}")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution at the first resolution that agrees with the one before.

        Raises:
            UserError: the problem is no periodic evolution, or no two resolutions agree to better than 1e-2.
        """
        evolution = read_evolution(problem, "etdrk4")
        _require_periodic(problem, evolution)
        search = _Search(problem, evolution, self)
        with np.errstate(all="ignore"):  # a resolution too coarse blows up, and is not taken
            chosen, error = search.run()
        method = (
            f"a Fourier spectral method with {chosen.fourier.count} nodes a coordinate and {_TITLES[self.scheme]} steps"
        )
        return ReferenceSolution(chosen.values, method, max(error, _ROUND_OFF))


_COMPARED = 8
"""At how many times two resolutions are compared."""

_COARSEST = 1e-2
"""A reference that is no better is none."""

_ROUND_OFF = 1e-14
"""The least error that is stated: two resolutions may agree in digits that both have lost."""

_SAFETY = 4.0
"""How many times the larger difference is stated."""

_SLOW = 4.0
"""Runs that come together by less than this when steps are halved, where order four gives 16, are not extrapolated."""

_GROWTH = 10.0
"""How far an error of the smallest waves is thought to grow in time, before two numbers of waves were compared."""

_MOST_WAVES = {1: 2**14, 2: 2**10}
"""The most nodes a coordinate, by the number of coordinates: more would take too long or too much memory."""

_MOST_KEPT = 2**28
"""How many bytes of states at whole steps a run keeps, so that it is not made again when values are asked for again."""

_KINDS: Mapping[Scheme, type[ExponentialStep]] = MappingProxyType(
    {"cox_matthews": CoxMatthewsStep, "lawson": LawsonStep}
)
"""The steps by the names of the option."""

_TITLES: Mapping[Scheme, str] = MappingProxyType({"cox_matthews": "ETDRK4", "lawson": "Lawson RK4"})
"""What they are called."""

_PARTS = (1, 2, 4)
"""How many parts a step is made in, by the runs that are extrapolated."""


def _weights(parts: tuple[int, ...]) -> np.ndarray:
    """The factors with which the errors of runs of fourth order cancel, but for the highest orders."""
    orders = (0, 4, 5)[: len(parts)]
    return np.linalg.solve([[float(p) ** -order for p in parts] for order in orders], np.eye(len(parts))[0])


def _extrapolated(states: Sequence[np.ndarray], parts: tuple[int, ...] = _PARTS) -> np.ndarray:
    """What the last of the states, by runs with these parts, tend to."""
    total = np.zeros_like(states[0])
    for weight, state in zip(_weights(parts), states[-len(parts) :], strict=True):
        total += weight * state
    return total


def _require_periodic(problem: Problem, evolution: Evolution) -> None:
    if not 1 <= len(evolution.space) <= 2:
        raise cannot_treat(problem, "etdrk4", f"it has {len(evolution.space)} coordinates of space, not one or two")
    for coordinate in evolution.space:
        if not coordinate.periodic:
            raise cannot_treat(problem, "etdrk4", f"`{coordinate.name}` is not periodic")
    if evolution.held:
        condition, face = evolution.held[0]
        raise cannot_treat(problem, "etdrk4", f"the condition `{condition.name}` on {face} is not one of the start")


@final
class _Search:
    """Looks for the coarsest resolution that is as accurate as asked."""

    def __init__(self, problem: Problem, evolution: Evolution, options: ETDRK4) -> None:
        self._problem, self._evolution, self._options = problem, evolution, options
        # These lie between whole steps at every level, so that runs with like steps can be shared between levels.
        places = np.unique(np.round(np.linspace(0, options.steps, _COMPARED + 1)).astype(int))[1:]
        self._times = evolution.time.lower + evolution.time.length * places / options.steps
        self._runs: dict[int, np.ndarray] = {}
        self._growth = _GROWTH

    def run(self) -> "tuple[_Level, float]":
        """The resolution and its error.

        Raises:
            UserError: none of them is good.
        """
        waves, steps = self._options.waves + self._options.waves % 2, self._options.steps
        nodes = Fourier(self._evolution.space, waves, 2.0).nodes(waves)
        best: tuple[_Level | None, float] = None, np.inf
        before: tuple[np.ndarray, float] | None = None
        for _ in range(self._options.levels + 1):
            level = _Level(self._problem, self._evolution, waves, steps, self._options.scheme)
            coarse = self._states(level, steps, 1)
            if coarse is None:
                steps, before = 2 * steps, None
                continue
            tail = max(level.fourier.tail(state) for state in coarse)
            values = self._values(level, coarse, nodes)
            if before is not None and before[1] > 0:
                self._growth = max(1.0, float(np.max(relative_l2(values, before[0]))) / before[1])
            before = None
            most = _MOST_WAVES[len(self._evolution.space)]
            if self._growth * tail > max(0.1 * self._options.accuracy, _ROUND_OFF) and 2 * waves <= most:
                waves, self._runs, before = 2 * waves, {}, (values, tail)
                continue
            error = _SAFETY * max(self._time_error(level, steps, nodes), self._growth * tail)
            best = (level, error) if error < best[1] else best
            if error <= self._options.accuracy:
                break
            steps *= 2
        if best[0] is None or not best[1] < _COARSEST:
            reason = f"no two of its resolutions agree up to {waves} waves and {steps} steps"
            raise failed(self._problem, "etdrk4", reason)
        return best[0], best[1]

    def _states(self, level: "_Level", steps: int, parts: int) -> np.ndarray | None:
        """The states (times, f, ...) of a run, or None where it blows up."""
        if steps * parts not in self._runs:
            found = []
            for state in level.run(self._times, parts):
                if not np.all(np.isfinite(state)):
                    return None
                found.append(state)
            self._runs[steps * parts] = np.stack(found)
        return self._runs[steps * parts]

    def _values(self, level: "_Level", states: Iterable[np.ndarray], nodes: np.ndarray) -> np.ndarray:
        return np.concatenate([level.at(state, nodes) for state in states])

    def _time_error(self, level: "_Level", steps: int, nodes: np.ndarray) -> float:
        """How far all runs and the two finer ones tend to different values.

        Where halving the steps does not bring the runs together as fourth order would, as in waves from a kink, nothing
        can be extrapolated, and the error is that of the finest run: the difference of the two finer ones.
        """
        runs = [self._states(level, steps, parts) for parts in _PARTS]
        states = [run for run in runs if run is not None]
        if len(states) < len(runs):
            return np.inf
        first, second, third = (self._values(level, run, nodes) for run in states)
        every, finer = _extrapolated([first, second, third]), _extrapolated([second, third], _PARTS[1:])
        error = relative_l2(finer, every)
        before, last = relative_l2(first, second), relative_l2(second, third)
        slow = (_SLOW * last > before) & (last > _ROUND_OFF)
        return float(np.max(np.where(slow, np.maximum(error, last), error)))


@final
class _Level:
    """The solution with `count` nodes in each coordinate of space and steps of one length."""

    def __init__(
        self, problem: Problem, evolution: Evolution, count: int, steps: int, scheme: Scheme = "cox_matthews"
    ) -> None:
        self.problem, self.evolution = problem, evolution
        self._kept: dict[int, list[np.ndarray]] = {}
        self.step = evolution.time.length / steps
        split = [slotted(rate, problem.scope) for rate in evolution.rates]
        linear = _linear(evolution.evolving, [parts.linear for parts in split])
        rests = [_rest(parts, own) for parts, own in zip(split, linear, strict=True)]
        degrees = [slotted(rest, problem.scope).degree for rest in rests]
        squares = all(degree is not None and degree <= 2 for degree in degrees)
        self.fourier = Fourier(evolution.space, count, 1.5 if squares else 2.0)
        self._programs = [compile_tree(rest, problem.scope) for rest in rests]
        coupled = any(p.field != name for name, own in zip(evolution.evolving, linear, strict=True) for p in own)
        symbols = self._matrix(linear) if coupled else np.stack([self._symbol(terms) for terms in linear])
        self._operator, self._step_kind = WaveOperator(symbols, coupled), _KINDS[scheme]
        self._partials = sorted(frozenset().union(*(program.partials for program in self._programs)))
        self._slaved = Slaved(problem, evolution, "etdrk4", self.fourier)
        self._fields = (*evolution.evolving, *self._slaved.fields)
        self._spectra = [self._spectrum(p) for p in self._partials]
        fine = self.fourier.nodes(self.fourier.fine_count)
        shape = self.fourier.fine_shape
        self._columns: dict[Partial | str, Any] = {
            c.name: fine[:, i].reshape(shape) for i, c in enumerate(evolution.space)
        }

    def values(self, points: np.ndarray) -> np.ndarray:
        """The fields (n, f) at points (n, d) of the problem's coordinates."""
        points = np.asarray(points, dtype=np.float64)
        along = self.problem.index(self.evolution.time.name)
        space = [self.problem.index(c.name) for c in self.evolution.space]
        times, which = np.unique(points[:, along], return_inverse=True)
        if times[0] < self.evolution.time.lower:
            raise ValueError(f"the solution begins at {self.evolution.time.lower:g}; {times[0]:g} was asked for")
        result = np.empty((len(points), len(self.problem.fields)))
        order = np.argsort(which, kind="stable")
        groups = np.split(order, np.searchsorted(which[order], np.arange(1, len(times))))
        runs = zip(*(self.run(times, parts) for parts in _PARTS), strict=True)
        for states, own in zip(runs, groups, strict=True):
            result[own] = self.at(_extrapolated(states), points[own][:, space])
        return result

    def run(self, times: np.ndarray, parts: int) -> Iterator[np.ndarray]:
        """The evolving fields at rising times, every step made in so many parts.

        A time between two steps is reached by a shorter step of its own, in as many parts.
        """
        begin = self.evolution.time.lower
        kept = self._kept.setdefault(parts, [self._start()])
        state, done = kept[0], 0
        whole = self._step_kind(self._operator, self.step / parts)
        for when in times:
            upto = int((when - begin) / self.step * (1 + 1e-12))
            while done < upto:
                done += 1
                if done < len(kept):
                    state = kept[done]
                    continue
                state = self._stepped(state, begin + (done - 1) * self.step, whole, parts)
                if done == len(kept) and done * state.nbytes < _MOST_KEPT:
                    kept.append(state)
            rest = when - begin - done * self.step
            if rest > 1e-12 * self.step:
                shorter = self._step_kind(self._operator, rest / parts)
                yield self._stepped(state, begin + done * self.step, shorter, parts)
            else:
                yield state

    def at(self, state: np.ndarray, points: np.ndarray) -> np.ndarray:
        """All fields (n, f) at points (n, d) in space."""
        whole = self._whole(state)
        return self.fourier.at(whole[[self._fields.index(name) for name in self.problem.fields]], points)

    def _stepped(self, state: np.ndarray, t: float, step: ExponentialStep, parts: int) -> np.ndarray:
        for part in range(parts):
            state = step(state, t + part * step.length, self._rates)
        return state

    def _start(self) -> np.ndarray:
        nodes = self.fourier.nodes(self.fourier.count)
        points = np.full((len(nodes), len(self.problem.coordinates)), self.evolution.time.lower)
        for i, c in enumerate(self.evolution.space):
            points[:, self.problem.index(c.name)] = nodes[:, i]
        shape = (self.fourier.count,) * self.fourier.dimension
        fields = [evaluated(tree, self.problem, points).reshape(shape) for tree in self.evolution.initial]
        state = self.fourier.of_values(np.stack(fields))
        self._slaved.require_consistent(state, self._known(self.evolution.time.lower))
        return state

    def _known(self, t: float) -> dict[Partial | str, Any]:
        return {**self._columns, self.evolution.time.name: t}

    def _whole(self, v: np.ndarray) -> np.ndarray:
        """The coefficients of all fields, those without a time derivative last."""
        if not self._slaved.fields:
            return v
        return np.concatenate([v, self._slaved(v, self._known(self.evolution.time.lower))])

    def _rates(self, v: np.ndarray, t: float) -> np.ndarray:
        """The coefficients of N."""
        values = self._known(t)
        apart = self._slaved.apart(values)
        if self._partials:
            spectra = np.empty((len(self._partials), *self.fourier.shape), dtype=complex)
            for own, (terms, power, place) in zip(spectra, self._spectra, strict=True):
                (first, factor), *further = terms
                np.multiply(v[first], factor, out=own)
                for field, factor in further:
                    own += v[field] * factor
                if apart is not None and place >= 0:
                    own += power * apart[place]
            values.update(zip(self._partials, self.fourier.on_fine(spectra), strict=True))
        like = np.empty(self.fourier.fine_shape)
        return self.fourier.from_fine(np.stack([program.broadcast(values, like) for program in self._programs]))

    def _spectrum(self, partial: Partial) -> tuple[list[tuple[int, np.ndarray]], np.ndarray, int]:
        """The factors of the evolving fields in a derivative, its power of i k, and its place among the slaved."""
        power = self._power(partial)
        if partial.field in self.evolution.evolving:
            return [(self.evolution.evolving.index(partial.field), power)], power, -1
        place = self._slaved.fields.index(partial.field)
        follows = [(j, power * factor) for j, factor in enumerate(self._slaved.follows[place])]
        return [term for term in follows if np.any(term[1])] or follows[:1], power, place

    def _power(self, partial: Partial) -> np.ndarray:
        return self.fourier.power(tuple(partial.orders[self.problem.index(c.name)] for c in self.evolution.space))

    def _matrix(self, linear: Sequence[dict[Partial, float]]) -> np.ndarray:
        """L of every wave, (f, f, ...)."""
        rows = [
            [self._symbol({p: c for p, c in own.items() if p.field == name}) for name in self.evolution.evolving]
            for own in linear
        ]
        return np.array(rows)

    def _symbol(self, terms: dict[Partial, float]) -> np.ndarray:
        total = np.zeros(self.fourier.shape, dtype=complex)
        for partial, factor in terms.items():
            total += factor * self._power(partial)
        return total


def _linear(evolving: Sequence[str], terms: Sequence[dict[Partial, float]]) -> list[dict[Partial, float]]:
    """The terms of every rate that L takes: those of its own field, and of all where a derivative couples two."""
    couples = any(
        p.order and p.field in evolving
        for name, own in zip(evolving, terms, strict=True)
        for p in own
        if p.field != name
    )
    return [
        {p: c for p, c in own.items() if p.field == name or (couples and p.field in evolving)}
        for name, own in zip(evolving, terms, strict=True)
    ]


def _rest(parts: Slotted, linear: dict[Partial, float]) -> sympy.Expr:
    """A rate without the linear terms that L takes."""
    rest = parts.tree - sympy.Add(*(parts.factor(p) * parts.slots[p] for p in linear))
    return parts.written(sympy.expand(rest))
