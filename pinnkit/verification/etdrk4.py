"""Periodic evolution equations by Fourier series in space and exponential Runge-Kutta steps in time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
import scipy.fft
import sympy

from pinnkit.equations.evaluate import Program, compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import Evolution, cannot_treat, read_evolution
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution, evaluated


@final
@dataclass(frozen=True)
class ETDRK4(ReferenceMethod):
    """v_t = L v + N(v, t) for the Fourier coefficients v of periodic fields, by steps of order four and exact in L.

    L holds the terms of each field's own derivatives with numbers as factors; N is the rest, computed at twice as many
    nodes as there are waves, so that products of up to three fields are free of aliases. The coefficients of a step
    are means over circles in the complex plane. Steps are halved, and waves doubled where the last ones still carry
    something, until two resolutions agree; their difference is the accuracy that is stated of the finer one.

    S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430; A.-K. Kassam, L. N. Trefethen, SIAM J. Sci. Comput. 26
    (2005) 1214.

    Args:
        accuracy: the relative L2 difference of two resolutions at which refinement ends.
        waves: how many nodes each coordinate of space has at first.
        steps: how many steps there are at first.
        levels: the most refinements.
    """

    accuracy: float = 1e-9
    waves: int = 64
    steps: int = 200
    levels: int = 7

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
        waves, steps = self.waves, self.steps
        times = np.linspace(evolution.time.lower, evolution.time.upper, _COMPARED + 1)[1:]
        nodes = _nodes(evolution, self.waves)
        chosen, before, difference = None, None, np.inf
        for _ in range(self.levels + 1):
            level = _Level(problem, evolution, waves, steps)
            with np.errstate(all="ignore"):  # a resolution too coarse blows up, and is not taken
                found = np.stack([level.at(state, nodes) for state in level.states(times)])
            if before is not None and np.all(np.isfinite(found)):
                flat = [part.reshape(-1, len(problem.fields)) for part in (found, before)]
                change = float(np.max(relative_l2(*flat)))
                if change < difference:
                    chosen, difference = level, change
                if difference <= self.accuracy:
                    break
            before = found if np.all(np.isfinite(found)) else None
            waves, steps = (2 * waves if level.crowded else waves), 2 * steps
        if chosen is None or not difference < _COARSEST:
            reason = f"no two of its resolutions agree: the last has {waves} waves and {steps} steps"
            raise UserError(Mistake(f"reference method `etdrk4` failed on `{problem.name}`: {reason}"))
        method = f"a Fourier spectral method with {chosen.count} nodes a coordinate and ETDRK4 steps"
        return ReferenceSolution(chosen.values, method, max(difference, _ROUND_OFF))


_COMPARED = 8
"""At how many times two resolutions are compared."""

_COARSEST = 1e-2
"""A reference that is no better is none."""

_ROUND_OFF = 1e-14
"""The least error that is stated: two resolutions may agree in digits that both have lost."""

_TAIL = 1e-12
"""The share of the largest coefficient below which the last waves carry nothing."""

_CIRCLE = 32
"""Points on the circles over which the functions of L h are averaged."""


def _require_periodic(problem: Problem, evolution: Evolution) -> None:
    if not 1 <= len(evolution.space) <= 2:
        raise cannot_treat(problem, "etdrk4", f"it has {len(evolution.space)} coordinates of space, not one or two")
    for coordinate in evolution.space:
        if not coordinate.periodic:
            raise cannot_treat(problem, "etdrk4", f"`{coordinate.name}` is not periodic")
    if evolution.held:
        condition, face = evolution.held[0]
        raise cannot_treat(problem, "etdrk4", f"the condition `{condition.name}` on {face} is not one of the start")


def _nodes(evolution: Evolution, count: int) -> np.ndarray:
    """The points (n, d) of a grid in space."""
    axes = [c.lower + c.length * np.arange(count) / count for c in evolution.space]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


@final
class _Level:
    """The solution with `count` nodes in each coordinate of space and steps of one length."""

    def __init__(self, problem: Problem, evolution: Evolution, count: int, steps: int) -> None:
        self.problem, self.evolution, self.count = problem, evolution, count
        self.step = evolution.time.length / steps
        self.crowded = False
        self._axes = tuple(range(1, 1 + len(evolution.space)))
        self._wave_numbers = _wave_numbers(evolution, count)
        self._split = [_split(problem, evolution, i) for i in range(len(problem.fields))]
        self._linear = np.stack([self._symbol(symbol) for symbol, _ in self._split])
        self._partials = sorted(frozenset().union(*(program.partials for _, program in self._split)))
        fine = _nodes(evolution, 2 * count)
        self._columns = {c.name: fine[:, i].reshape(self._fine_shape) for i, c in enumerate(evolution.space)}
        self._step_of = _Coefficients(self._linear, self.step)

    @property
    def _fine_shape(self) -> tuple[int, ...]:
        return (2 * self.count,) * len(self.evolution.space)

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
        for state, own in zip(self.states(times), groups, strict=True):
            result[own] = self.at(state, points[own][:, space])
        return result

    def states(self, times: np.ndarray) -> Iterator[np.ndarray]:
        """The coefficients (f, ...) at rising times: whole steps, and for each time one shorter step of its own."""
        state, done, begin = self._start(), 0, self.evolution.time.lower
        for when in times:
            whole = int((when - begin) / self.step * (1 + 1e-12))
            for number in range(done, whole):
                state = self._advance(state, begin + number * self.step, self._step_of)
            done = max(done, whole)
            rest = when - begin - done * self.step
            short = rest > 1e-12 * self.step
            at = self._advance(state, begin + done * self.step, _Coefficients(self._linear, rest)) if short else state
            self.crowded |= self._has_tail(at)
            yield at

    def at(self, state: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The fields (n, f) at points (n, d) in space, by their Fourier sums."""
        sums = np.empty((len(points), len(state)))
        half = max(1, 2_000_000 // (self.count ** len(self.evolution.space)))
        for begin, end in pairwise([*range(0, len(points), half), len(points)]):
            waves = [
                np.exp(1j * k * (points[begin:end, i : i + 1] - c.lower))
                for i, (c, k) in enumerate(zip(self.evolution.space, self._plain_numbers, strict=True))
            ]
            for field, own in enumerate(state):
                part = waves[-1] @ own.T if len(waves) > 1 else waves[0] @ own
                part = np.einsum("nk,nk->n", waves[0], part) if len(waves) > 1 else part
                sums[begin:end, field] = part.real
        return sums / self.count ** len(self.evolution.space)

    @property
    def _plain_numbers(self) -> list[np.ndarray]:
        return [2 * np.pi / c.length * np.fft.fftfreq(self.count, 1.0 / self.count) for c in self.evolution.space]

    def _start(self) -> np.ndarray:
        nodes = _nodes(self.evolution, self.count)
        points = np.full((len(nodes), len(self.problem.coordinates)), self.evolution.time.lower)
        for i, c in enumerate(self.evolution.space):
            points[:, self.problem.index(c.name)] = nodes[:, i]
        shape = (self.count,) * len(self.evolution.space)
        fields = [evaluated(tree, self.problem, points).reshape(shape) for tree in self.evolution.initial]
        return self._trimmed(scipy.fft.fftn(np.stack(fields), axes=self._axes))

    def _advance(self, v: np.ndarray, t: float, c: "_Coefficients") -> np.ndarray:
        """One step of Cox and Matthews."""
        half = t + 0.5 * c.step
        n0 = self._rest(v, t)
        a = c.half * v + c.q * n0
        n1 = self._rest(a, half)
        b = c.half * v + c.q * n1
        n2 = self._rest(b, half)
        n3 = self._rest(c.half * a + c.q * (2.0 * n2 - n0), t + c.step)
        return c.whole * v + c.first * n0 + 2.0 * c.middle * (n1 + n2) + c.last * n3

    def _rest(self, v: np.ndarray, t: float) -> np.ndarray:
        """The coefficients of N."""
        values: dict[Partial | str, Any] = {self.evolution.time.name: t}
        values.update(self._columns)
        for partial in self._partials:
            values[partial] = self._on_fine(v[self.problem.fields.index(partial.field)] * self._power(partial))
        like = np.empty(self._fine_shape)
        rates = np.stack([program.broadcast(values, like) for _, program in self._split])
        return self._trimmed(self._from_fine(scipy.fft.fftn(rates, axes=self._axes)))

    def _on_fine(self, v: np.ndarray) -> np.ndarray:
        padded = np.zeros(self._fine_shape, dtype=complex)
        for own, wide in zip(self._corners(self.count), self._corners(2 * self.count), strict=True):
            padded[wide] = v[own]
        real: np.ndarray = scipy.fft.ifftn(padded).real
        return real * 2 ** len(self.evolution.space)

    def _from_fine(self, v: np.ndarray) -> np.ndarray:
        kept = np.zeros((len(v), *(self.count,) * len(self.evolution.space)), dtype=complex)
        every = (slice(None),)
        for own, wide in zip(self._corners(self.count), self._corners(2 * self.count), strict=True):
            kept[every + own] = v[every + wide]
        return kept / 2 ** len(self.evolution.space)

    def _corners(self, size: int) -> list[tuple[slice, ...]]:
        """The blocks of the waves that both grids have, in an array of `size` in each direction."""
        ends = (slice(0, self.count // 2), slice(size - self.count // 2 + 1, size))
        return [(a,) for a in ends] if len(self.evolution.space) == 1 else [(a, b) for a in ends for b in ends]

    def _trimmed(self, v: np.ndarray) -> np.ndarray:
        """Without the waves that lie half-way between two nodes, whose derivatives have no sign."""
        v = v.copy()
        for axis in self._axes:
            v[(slice(None),) * axis + (self.count // 2,)] = 0.0
        return v

    def _power(self, partial: Partial) -> np.ndarray:
        """(i k)^m of a derivative in space."""
        power: Any = 1.0 + 0.0j
        for c, k in zip(self.evolution.space, self._wave_numbers, strict=True):
            power = power * (1j * k) ** partial.orders[self.problem.index(c.name)]
        return np.asarray(power)

    def _symbol(self, terms: dict[Partial, float]) -> np.ndarray:
        total = np.zeros((self.count,) * len(self.evolution.space), dtype=complex)
        for partial, factor in terms.items():
            total += factor * self._power(partial)
        return total

    def _has_tail(self, v: np.ndarray) -> bool:
        """Whether the last eighth of the waves carries more than rounding."""
        size = np.abs(v)
        edge = self.count // 2 - self.count // 16
        for axis in self._axes:
            last = np.take(size, range(edge, self.count - edge + 1), axis=axis)
            if float(last.max()) > _TAIL * float(size.max()):
                return True
        return False


def _wave_numbers(evolution: Evolution, count: int) -> list[np.ndarray]:
    """2 pi k / length in the order of the transform, shaped to be multiplied along each coordinate."""
    numbers = [2 * np.pi / c.length * np.fft.fftfreq(count, 1.0 / count) for c in evolution.space]
    return list(np.meshgrid(*numbers, indexing="ij", sparse=True))


def _split(problem: Problem, evolution: Evolution, field: int) -> tuple[dict[Partial, float], Program]:
    """The linear terms of a rate in its own field, with numbers as factors, and the program of the rest."""
    scope, rate = problem.scope, evolution.rates[field]
    linear: dict[Partial, float] = {}
    nodes = {p: scope.tree(p) for p in sorted(partials_in(rate, scope), key=lambda p: -p.order)}
    slots = {p: sympy.Dummy() for p in nodes}
    tree = rate
    for partial, node in nodes.items():  # derivatives first, so that the field inside them is replaced with them
        tree = tree.xreplace({node: slots[partial]})
    for partial, slot in slots.items():
        factor = sympy.diff(tree, slot)
        if partial.field == problem.fields[field] and factor.is_number:
            linear[partial] = float(factor)
    back = {slot: nodes[p] for p, slot in slots.items()}
    rest = tree - sympy.Add(*(sympy.diff(tree, slots[p]) * slots[p] for p in linear))
    return linear, compile_tree(sympy.expand(rest).xreplace(back), scope)


@final
class _Coefficients:
    """The functions of z = L h in a step of Cox and Matthews, each the mean over a circle around z."""

    def __init__(self, linear: np.ndarray, step: float) -> None:
        self.step = step
        z = linear * step
        self.half, self.whole = np.exp(z / 2), np.exp(z)
        around = np.exp(2j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)

        def mean(function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
            total: np.ndarray = sum((function(z + turn) for turn in around), np.zeros_like(z))
            return step * total / _CIRCLE

        self.q = mean(lambda w: (np.exp(w / 2) - 1) / w)
        self.first = mean(lambda w: (-4 - w + np.exp(w) * (4 - 3 * w + w**2)) / w**3)
        self.middle = mean(lambda w: (2 + w + np.exp(w) * (w - 2)) / w**3)
        self.last = mean(lambda w: (-4 - 3 * w - w**2 + np.exp(w) * (4 - w)) / w**3)
