"""Laplace's and Poisson's equation in the plane, on shapes with corners and holes, by poles close to the corners."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import sympy

from pinnkit.equations import compile_tree, normal_component
from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import UserError
from pinnkit.geometry.box import box_of
from pinnkit.problem.body import Body
from pinnkit.problem.problem import Condition, Face, Problem
from pinnkit.shapes import Box, Element
from pinnkit.verification.contours import NEAREST, Arc, Contours, Corner
from pinnkit.verification.evolution import cannot_treat, failed, numbers
from pinnkit.verification.harmonic import Harmonic
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution

_ROUNDS = 6
_GROWTH = 1.5
_DEGREE, _ORDER, _POLES = 16, 10, 14
"""Of the powers, of those around every hole, and the poles at every corner, in the first round."""

_CROWDED = 4.0
"""sigma: the poles of a corner lie at L exp(-sigma (sqrt N - sqrt j)) from it."""

_COARSEST = 1e-4
_CHECKED = 2000
_AT_ONCE = 4096
_HIGHEST = 12
"""The largest degree of a source in x and y together."""


@final
@dataclass(frozen=True)
class Lightning(ReferenceMethod):
    """u = p + Re F(z): a polynomial p with the source as its Laplacian, F of powers, logarithms and poles.

    F satisfies the conditions on the boundary by least squares; with poles that crowd exponentially towards every
    corner, from outside, that converges like exp(-C sqrt N) in spite of the corners' singularities. There are as many
    powers of 1/(z - c) and one logarithm for a point c in every hole. All numbers grow until two solutions agree. Their
    difference is the stated accuracy; where all conditions give values, no less than the most that they leave on the
    boundary, which bounds the error everywhere (the maximum principle).

    A. Gopal, L. N. Trefethen, SIAM J. Numer. Anal. 57 (2019) 2074; L. N. Trefethen, Bull. Aust. Math. Soc. 98 (2018)
    494, for holes.

    Args:
        accuracy: the relative L2 difference of two solutions at which growing ends.
    """

    shapes: ClassVar[bool] = True
    accuracy: float = 1e-9

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `lightning` is {self.accuracy:g}; it needs a number between 0 and 1")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution of the largest basis.

        Raises:
            UserError: the first feature that makes it another problem; no two solutions agree to 1e-4.
        """
        body, part = _body(problem), _particular(problem)
        contours = Contours.of(body.shape)
        if contours.pieces != 1:
            raise cannot_treat(problem, _NAME, f"its domain is in {contours.pieces} pieces")
        rows = _Rows(problem, body, contours, part)
        points = body.shape.draw(_CHECKED, np.random.default_rng(0))
        best, chosen, before = math.inf, None, None
        for round_ in range(_ROUNDS):
            found = _Solution.of(rows, contours, body, _GROWTH**round_)
            values = found(points)
            if before is not None:
                # A field that is zero everywhere has no relative error.
                scale = float(np.sqrt(np.mean(values**2))) or 1.0
                change = float(np.sqrt(np.mean((values - before) ** 2))) / scale
                error = max(change, found.left / scale if rows.given else 0.0)
                best, chosen = (error, found) if error < best else (best, chosen)
                if best <= self.accuracy:
                    break
            before = values
        if chosen is None or not best < _COARSEST:
            raise failed(problem, _NAME, f"its solutions agree to {best:.1e} at best", None)
        return ReferenceSolution(
            lambda at: chosen(np.asarray(at))[:, None],
            f"harmonic functions with {chosen.poles} poles at the corners",
            max(best, _ROUND_OFF),
        )


_NAME = "lightning"
_ROUND_OFF = 1e-14


@final
@dataclass(frozen=True, eq=False)
class _Polynomial:
    """sum of a_ij x^i y^j, and its gradient."""

    coefficients: np.ndarray

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (n,) and gradients (n, 2)."""
        value = np.polynomial.polynomial.polyval2d
        der = np.polynomial.polynomial.polyder
        x, y = points.T
        a = self.coefficients
        return value(x, y, a), np.stack([value(x, y, der(a, axis=0)), value(x, y, der(a, axis=1))], axis=1)


def _body(problem: Problem) -> Body:
    """The domain in the plane."""
    if problem.time is not None or len(problem.coordinates) != 2 or problem.family:
        raise cannot_treat(problem, _NAME, "it needs two coordinates in space and no other")
    if len(problem.fields) != 1 or len(problem.equations) != 1 or problem.integrals or problem.unknowns:
        raise cannot_treat(problem, _NAME, "it needs one field, one equation and no unknown parameter or integral")
    if problem.parts or problem.levels is not None:
        raise cannot_treat(problem, _NAME, "its domain is divided" if problem.parts else "it has states")
    if problem.body is not None:
        return problem.body
    box = box_of(problem)
    if any(c.periodic or not c.axis.finite for c in problem.coordinates):
        raise cannot_treat(problem, _NAME, "a coordinate is periodic or has no end")
    names = tuple(c.name for c in problem.coordinates)
    return Body({}, "box", names, Box(box.lower.tolist(), box.upper.tolist(), label="box"))


def _linear(tree: sympy.Expr, problem: Problem) -> tuple[dict[Partial, sympy.Expr], sympy.Expr]:
    """The factors of the derivatives in a residual, and what has none."""
    scope = problem.scope
    found = sorted(partials_in(tree, scope), key=lambda p: p.orders)
    marks = {p: sympy.Dummy(real=True) for p in found}
    marked = tree.xreplace({scope.tree(p): mark for p, mark in marks.items()}).xreplace(numbers(problem))
    slopes = {p: sympy.simplify(sympy.diff(marked, mark)) for p, mark in marks.items()}
    if any(slope.free_symbols & set(marks.values()) for slope in slopes.values()):
        raise cannot_treat(problem, _NAME, "it is not linear")
    return slopes, sympy.expand(marked.xreplace(dict.fromkeys(marks.values(), sympy.S.Zero)))


def _particular(problem: Problem) -> _Polynomial:
    """A polynomial with the source f as its Laplacian: sum over k of (-1)^k I^(2k + 2) d_y^(2k) f, with I along x."""
    residual = problem.equations[0].residual
    tree = getattr(residual, "tree", None)
    if tree is None:
        raise cannot_treat(problem, _NAME, "its equation is a Python function")
    slopes, rest = _linear(tree, problem)
    seconds = {(2, 0), (0, 2)}
    factors = list(slopes.values())
    if {p.orders for p in slopes} != seconds or factors[0] != factors[1] or not factors[0].is_number or factors[0] == 0:
        raise cannot_treat(problem, _NAME, "its equation is not `laplace` of the field and a source")
    x, y = (problem.scope.symbols[c.name] for c in problem.coordinates)
    source = -rest / factors[0]
    if not source.is_polynomial(x, y) or source.free_symbols - {x, y}:
        raise cannot_treat(problem, _NAME, "its source is not a polynomial")
    term, total = sympy.Poly(source, x, y), sympy.Poly(0, x, y)
    if term.total_degree() > _HIGHEST:
        raise cannot_treat(problem, _NAME, f"its source has a degree above {_HIGHEST}")
    while not term.is_zero:
        twice = term.integrate(x).integrate(x)
        total += twice
        term = -twice.diff(y).diff(y)
    coefficients = np.zeros((total.degree(x) + 1 if total else 1, total.degree(y) + 1 if total else 1))
    for (i, j), value in total.terms():
        coefficients[i, j] = float(value)
    return _Polynomial(coefficients)


@final
class _Rows:
    """The conditions on the boundary as rows a u + b.grad u = g at samples of every arc."""

    def __init__(self, problem: Problem, body: Body, contours: Contours, part: _Polynomial) -> None:
        self._problem, self.part = problem, part
        on: dict[int, list[tuple[dict[Partial, sympy.Expr], sympy.Expr]]] = {}
        held = [(condition, face) for condition in problem.conditions for face in condition.faces]
        for condition, face in held:
            if condition.given is not None:
                raise cannot_treat(problem, _NAME, f"`{condition.name}` has values that no expression has")
            for element in _elements(body, face):
                on.setdefault(id(element), []).append(_statement(condition, face, problem))
        bare = [arc.source.name for arc in contours.arcs if id(arc.source) not in on]
        if bare:
            raise cannot_treat(problem, _NAME, f"nothing is said on `{bare[0]}`")
        self.statements = {id(arc): on[id(arc.source)] for arc in contours.arcs}
        self.contours = contours
        zero = (0, 0)
        self.given = all({p.orders for p in slopes} == {zero} for own in self.statements.values() for slopes, _ in own)

    def singular(self, corner: Corner) -> bool:
        """Whether the solution may be singular there."""
        one, other = (self.statements[id(arc)] for arc in corner.arcs)
        return not corner.smooth or [slopes for slopes, _ in one] != [slopes for slopes, _ in other]

    def at(self, basis: Harmonic, count: int, nearest: float) -> tuple[np.ndarray, np.ndarray]:
        """The rows (m, columns) and right sides (m,) at so many samples of every arc, down to a share of it."""
        rows, right = [], []
        for arc in self.contours.arcs:
            points, weights = arc.samples(count, nearest)
            columns, slopes = basis(points[:, 0] + 1j * points[:, 1])
            p, gradient = self.part(points)
            for factors, rest in self.statements[id(arc)]:
                a, along, g = self._numbers(factors, rest, arc, points)
                # Slopes have no bound at corners that point inwards; times the distance they have.
                near = weights if any(partial.order for partial in factors) else np.ones(len(points))
                own = a[:, None] * columns + (slopes * (along[:, 0] + 1j * along[:, 1])[:, None]).real
                rows.append(near[:, None] * own)
                right.append(near * (g - a * p - np.sum(along * gradient, axis=1)))
        return np.concatenate(rows), np.concatenate(right)

    def _numbers(
        self, factors: dict[Partial, sympy.Expr], rest: sympy.Expr, arc: Arc, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """a (n,), b (n, 2) and g (n,) of a u + b.grad u = g."""
        scope = self._problem.scope
        normals = arc.element.normals(points)
        values: dict[Partial | str, Any] = dict(zip(scope.coordinates, points.T, strict=True))
        values.update({str(normal_component(x)): normals[:, d] for d, x in enumerate(scope.coordinates)})

        def number(tree: sympy.Expr) -> np.ndarray:
            return np.asarray(compile_tree(tree, scope).broadcast(values, np.empty(len(points))), dtype=float)

        by_orders = {p.orders: number(slope) for p, slope in factors.items()}
        zero = np.zeros(len(points))
        along = np.stack([by_orders.get((1, 0), zero), by_orders.get((0, 1), zero)], axis=1)
        return by_orders.get((0, 0), zero), along, -number(rest)


def _elements(body: Body, face: Face) -> Sequence[Element]:
    return body.outline(face.piece or f"{face.coordinate} = {face.value!r}").elements


def _statement(condition: Condition, face: Face, problem: Problem) -> tuple[dict[Partial, sympy.Expr], sympy.Expr]:
    """The factors of a condition on a face, and what stands beside them."""
    slopes, rest = _linear(condition.tree_on(face, problem.scope), problem)
    if any(p.order > 1 for p in slopes):
        raise cannot_treat(problem, _NAME, f"`{condition.name}` has second derivatives")
    return slopes, rest


@final
@dataclass(frozen=True, eq=False)
class _Solution:
    """u with its coefficients; `left` is the largest residual of the conditions at further samples."""

    part: _Polynomial
    basis: Harmonic
    coefficients: np.ndarray
    left: float
    poles: int

    @staticmethod
    def of(rows: _Rows, contours: Contours, body: Body, growth: float) -> "_Solution":
        """The least squares over samples of the boundary, three times as many as columns."""
        z = np.concatenate([arc.samples(200)[0] for arc in contours.arcs])
        corners = [corner for corner in contours.corners if rows.singular(corner)]
        found = [_poles(corner, round(_POLES * growth), body) for corner in corners]
        poles = np.concatenate([own for own, _ in found]) if found else np.empty(0, dtype=complex)
        strengths = np.concatenate([own for _, own in found]) if found else np.empty(0)
        degree, order = round(_DEGREE * growth), round(_ORDER * growth)
        basis = Harmonic.over(z[:, 0] + 1j * z[:, 1], degree, order, contours.holes, poles, strengths)
        columns = 2 * degree + 1 + len(contours.holes) * (2 * order + 1) + 2 * len(poles)
        count = max(60, 3 * columns // len(contours.arcs))
        # Below the distance of the nearest pole nothing new is seen.
        nearest = max(NEAREST, 0.1 * float(strengths.min()) / body.shape.size) if len(strengths) else NEAREST
        matrix, right = rows.at(basis, count, nearest)
        scale = np.linalg.norm(matrix, axis=0)
        scale[scale == 0] = 1.0
        solved = np.linalg.lstsq(matrix / scale, right, rcond=1e-15)[0] / scale
        # What is left is looked for all the way into the corners: where values are given it bounds the error.
        finer, wanted = rows.at(basis, 2 * count + 1, NEAREST)
        left = float(np.abs(finer @ solved - wanted).max())
        return _Solution(rows.part, basis, solved, left, len(poles))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """u (n,) at points (n, 2)."""
        parts = np.array_split(points, max(1, -(-len(points) // _AT_ONCE)))
        return np.concatenate(
            [self.part(own)[0] + self.basis(own[:, 0] + 1j * own[:, 1])[0] @ self.coefficients for own in parts]
        )


def _poles(corner: Corner, count: int, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Poles on the way out from a corner, those that are not in the shape, and their distances."""
    reach = 0.5 * body.shape.size
    j = np.arange(1, count + 1)
    away = reach * np.exp(-_CROWDED * (math.sqrt(count) - np.sqrt(j)))
    places = corner.place + away * corner.outward
    points = np.stack([places.real, places.imag], axis=1)
    deep = body.shape.inside(points) | (np.abs(body.shape.depth(points)) < 0.05 * away)
    return places[~deep], away[~deep]
