"""Derived quantities: every output of a problem evaluated on its solved fields, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from types import MappingProxyType
from typing import final

import numpy as np
import sympy

from pinnkit.equations import normal_component
from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.functions import NOT_NUMBERS
from pinnkit.equations.reductions import REDUCTIONS, along_of, held_of, name_of_reduction, on_of, reductions_in
from pinnkit.equations.text import to_text
from pinnkit.errors import UserError
from pinnkit.geometry import Quadrature
from pinnkit.problem.problem import Coordinate, Face, Problem, resolved
from pinnkit.results.extrema import Smooth, least
from pinnkit.results.inside import integral_over, least_in
from pinnkit.results.roots import roots_of

Value = float | list[float] | None
"""Of an output; None where it has none."""

Evaluate = Callable[[sympy.Expr, np.ndarray], np.ndarray]
"""A tree at points (n, d), (n,)."""


@final
@dataclass(frozen=True)
class Found:
    """The outputs by name, and a sentence for each that has no value."""

    values: Mapping[str, Value]
    reasons: tuple[str, ...]


def find_outputs(problem: Problem, evaluate: Evaluate, quadrature: Quadrature) -> Found:
    """Every output of a problem; one that has no value says why and spoils no other.

    Args:
        problem: its outputs, coordinates and names.
        evaluate: the solved fields.
        quadrature: the rule for integrals.
    """
    values: dict[str, Value] = {}
    reasons = []
    for output in problem.outputs:
        reducer = _Reducer(problem, evaluate, quadrature, values)
        try:
            values[output.name] = reducer.whole(output.expression.tree)
        except _NoValueError as error:
            values[output.name] = None
            reasons.append(f"The output `{output.name}` has no value: {error}.")
        except UserError as error:
            values[output.name] = None
            reasons.append(f"The output `{output.name}` has no value: {error.mistakes[0].message}.")
    return Found(values, tuple(reasons))


class _NoValueError(Exception):
    """Why an output has no value, as the end of a sentence."""


@final
@dataclass(frozen=True, eq=False)
class _Reducer:
    """Takes the numbers of one output; `known` are those of the outputs before it."""

    problem: Problem
    evaluate: Evaluate
    quadrature: Quadrature
    known: Mapping[str, Value]

    def whole(self, tree: sympy.Expr) -> Value:
        """The value of an output."""
        if isinstance(tree, REDUCTIONS["roots"]):
            return self._roots(tree)
        return self.number(tree)

    def number(self, tree: sympy.Expr) -> float:
        """What a tree is once its reductions and the outputs in it are numbers; parameters have their solved values."""
        plain = self.settled(tree)
        corner = np.array([[c.lower for c in self.problem.coordinates]])
        return _finite(float(self.evaluate(plain, corner)[0]), tree, self.problem)

    def settled(self, tree: sympy.Expr) -> sympy.Expr:
        """The tree with a number in place of every reduction and of every output in it."""
        numbers = {node: sympy.Float(self._reduced(node), 17) for node in reductions_in(tree)}
        for symbol in tree.xreplace(numbers).free_symbols:
            value = self.known.get(str(symbol), 0.0)
            if value is None:
                raise _NoValueError(f"it needs `{symbol}`")
            if str(symbol) in self.known:
                numbers[symbol] = sympy.Float(value, 17)
        plain = tree.xreplace(numbers)
        if plain.has(*NOT_NUMBERS):
            raise _NoValueError("it divides by zero")
        return plain

    def _reduced(self, node: sympy.Expr) -> float:
        """The number that a reduction is."""
        name = name_of_reduction(node)
        kinds: Mapping[str, Callable[[sympy.Expr], float]] = {
            "integral": self._integral,
            "value": self._value,
            "root": lambda node: self._roots(node)[0],
        }
        if name in kinds:
            return kinds[name](node)
        place, value = self._extreme(node, -1.0 if name.endswith("max") or name == "maximum" else 1.0)
        return place[along_of(node)[0]] if name.startswith("arg") else value

    def _value(self, node: sympy.Expr) -> float:
        held = self._held(node)
        at = np.array([[held[c.name] for c in self.problem.coordinates]])
        return _finite(float(self.evaluate(self.settled(node.args[0]), at)[0]), node, self.problem)

    def _integral(self, node: sympy.Expr) -> float:
        held = self._held(node)
        if (piece := on_of(node)) is not None:
            return self._over(piece, node, held)
        along = along_of(node) or tuple(c.name for c in self.problem.coordinates if c.name not in held)
        if self.problem.body is not None:
            return self._inside(node, held, along)
        nodes = self.quadrature.on(self.problem, along, held, finer=True)
        return _finite(
            float(self.evaluate(self.settled(node.args[0]), nodes.points) @ nodes.weights), node, self.problem
        )

    def _inside(self, node: sympy.Expr, held: Mapping[str, float], along: Sequence[str]) -> float:
        """An integral over a shape, and along what else there is by the quadrature."""
        problem, body = self.problem, self.problem.body
        assert body is not None
        tree = self.settled(node.args[0])
        others = [name for name in along if name not in body.coordinates]
        fixed = {**held, **{name: 0.0 for name in body.coordinates}}
        nodes = self.quadrature.on(problem, others, fixed, finer=True)
        columns = [problem.index(x) for x in body.coordinates]

        def summed(space: np.ndarray) -> np.ndarray:
            total = np.zeros(len(space))
            for at, weight in zip(nodes.points, nodes.weights, strict=True):
                points = np.tile(at, (len(space), 1))
                points[:, columns] = space
                total += weight * self.evaluate(tree, points)
            return total

        return _finite(integral_over(summed, body.shape), node, problem)

    def _over(self, piece: str, node: sympy.Expr, held: Mapping[str, float]) -> float:
        """An integral over a piece of the boundary of a shape, as the sum over the powers of the normal's components.

        Raises:
            _NoValueError: the integrand is no polynomial of them.
        """
        problem, body = self.problem, self.problem.body
        assert body is not None
        own, weights, normals = body.outline(piece).nodes()
        columns = {**held, **dict(zip(body.coordinates, own.T, strict=True))}
        points = self._points(columns, len(own))
        tree = resolved(self.settled(node.args[0]), Face("", "upper", 0.0, piece=piece), problem.scope)
        components = [normal_component(x) for x in body.coordinates]
        try:
            terms = sympy.Poly(tree, *components).terms()
        except sympy.PolynomialError:
            raise _NoValueError(f"`{_text(node, problem)}` is no polynomial of the normal") from None
        total = 0.0
        for powers, coefficient in terms:
            values = self.evaluate(coefficient, points)
            total += float((values * np.prod(normals**powers, axis=1)) @ weights)
        return _finite(total, node, problem)

    def _roots(self, node: sympy.Expr) -> list[float]:
        """Every root, rising.

        Raises:
            _NoValueError: there is none.
        """
        held, tree = self._held(node), self.settled(node.args[0])
        coordinate = self.problem.coordinate(along_of(node)[0])
        edges = (coordinate.lower, *coordinate.breaks, coordinate.upper)
        found = roots_of(lambda x: self.evaluate(tree, self._points({**held, coordinate.name: x}, len(x))), edges)
        if not found:
            raise _NoValueError(f"`{_text(node.args[0], self.problem)}` has no root {_range(coordinate)}{_at(held)}")
        return found

    def _extreme(self, node: sympy.Expr, sign: float) -> tuple[dict[str, float], float]:
        """The place and the value of the least (sign 1) or the largest (-1) value of an operand."""
        held, tree = self._held(node), self.settled(node.args[0])
        free = [c for c in self.problem.coordinates if c.name not in held]

        def of(own: sympy.Expr) -> Callable[[np.ndarray], np.ndarray]:
            def at(x: np.ndarray) -> np.ndarray:
                columns = {c.name: x[:, i] for i, c in enumerate(free)}
                return sign * self.evaluate(own, self._points({**held, **columns}, len(x)))

            return at

        slopes = self._slopes(tree, [c.name for c in free])
        function, body = _smooth(of, tree, slopes), self.problem.body
        ends = np.array([c.lower for c in free]), np.array([c.upper for c in free])
        if body is None:
            found = least(function, *ends)
        else:
            columns = [next(k for k, c in enumerate(free) if c.name == x) for x in body.coordinates]
            found = least_in(function, body.shape, columns, *ends)
        if found is None:
            raise _NoValueError(f"`{_text(node.args[0], self.problem)}` is nowhere a finite number")
        place, value = found
        return dict(zip((c.name for c in free), map(float, place), strict=True)), sign * value

    def _slopes(self, tree: sympy.Expr, along: Sequence[str]) -> list[list[sympy.Expr]] | None:
        """The first derivatives, and a list of the second ones for each; None where the language has none."""
        scope = self.problem.scope
        try:
            first = [differentiate(tree, name, scope) for name in along]
            return [[own, *(differentiate(own, name, scope) for name in along)] for own in first]
        except UserError:
            return None

    def _held(self, node: sympy.Expr) -> dict[str, float]:
        """The values of the held coordinates.

        Raises:
            _NoValueError: one is outside of its interval.
        """
        held = {}
        for name, tree in held_of(node).items():
            coordinate, value = self.problem.coordinate(name), self.number(tree)
            if not coordinate.lower <= value <= coordinate.upper:
                raise _NoValueError(f"`{name} = {value:.6g}` is outside of the domain, {_range(coordinate)}")
            held[name] = value
        return held

    def _points(self, columns: Mapping[str, np.ndarray | float], count: int) -> np.ndarray:
        return np.stack([np.broadcast_to(columns[c.name], count) for c in self.problem.coordinates], axis=1)


def _smooth(
    of: Callable[[sympy.Expr], Callable[[np.ndarray], np.ndarray]],
    tree: sympy.Expr,
    slopes: Sequence[Sequence[sympy.Expr]] | None,
) -> Smooth:
    """A tree with its derivatives, where they are known, as functions of points."""
    if slopes is None:
        return Smooth(of(tree))

    def gradient(x: np.ndarray) -> np.ndarray:
        return np.stack([of(own)(x) for own, *_ in slopes], axis=1)

    def hessian(x: np.ndarray) -> np.ndarray:
        bend = np.empty((len(x), len(slopes), len(slopes)))
        for i, j in combinations_with_replacement(range(len(slopes)), 2):
            bend[:, i, j] = bend[:, j, i] = of(slopes[i][1 + j])(x)
        return bend

    return Smooth(of(tree), gradient, hessian)


def _finite(value: float, tree: sympy.Expr, problem: Problem) -> float:
    if not np.isfinite(value):
        raise _NoValueError(f"`{_text(tree, problem)}` is not finite")
    return value


def _text(tree: sympy.Expr, problem: Problem) -> str:
    """A tree as it is written, as far as the language of equations has it."""
    try:
        return to_text(tree, problem.scope)
    except UserError:
        return "it"


def _range(coordinate: Coordinate) -> str:
    return f"for `{coordinate.name}` from {coordinate.lower:.6g} to {coordinate.upper:.6g}"


def _at(held: Mapping[str, float]) -> str:
    return "".join(f" at `{name} = {value:.6g}`" for name, value in held.items())


def told(values: Mapping[str, Value], units: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """A line for every output, with its unit where that is given."""
    lines = []
    for name, value in values.items():
        shown = [f"{number:.15g}" for number in (value if isinstance(value, list) else [value]) if number is not None]
        unit = f" {units[name]}" if name in units and shown else ""
        lines.append(f"{name} = {', '.join(shown) or 'no value'}{unit}")
    return lines
