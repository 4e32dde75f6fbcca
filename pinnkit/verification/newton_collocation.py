"""Boundary value problems in one coordinate by Chebyshev collocation and the method of Gauss and Newton."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.parse import parse
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.points.chebyshev import unit_nodes
from pinnkit.problem.counting import held
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.verification.blocks import Key, Rows, Series, Sight, System, Term
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import cannot_treat, failed, trees
from pinnkit.verification.gauss_newton import Found, gauss_newton
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution, evaluated


@final
@dataclass(frozen=True)
class NewtonCollocation(ReferenceMethod):
    """Polynomials that satisfy all equations at Chebyshev points, the ends among them, and all conditions.

    There are more rows than coefficients, and Gauss-Newton steps make their squares least. A polynomial is smooth, so
    that at singular points the regular solution is found. The degree is doubled until two solutions agree; their
    difference is the stated accuracy.

    L. N. Trefethen, Spectral Methods in MATLAB, SIAM 2000; T. A. Driscoll, N. Hale, IMA J. Numer. Anal. 36 (2016) 108,
    for rectangular collocation.

    Args:
        start: expressions of the coordinate and the parameters where the steps begin, by field; where a field has none,
            the lowest polynomials that satisfy the conditions.
        accuracy: the relative L2 difference of two solutions at which doubling ends.
        degree: the first degree.
        most: the largest.
    """

    start: Mapping[str, str] = field(default_factory=dict)
    accuracy: float = 1e-11
    degree: int = 16
    most: int = 512

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `collocation` is {self.accuracy:g}; it needs a number between 0 and 1")
        if not 4 <= self.degree <= self.most <= _MOST:
            given = f"`degree` {self.degree} and `most` {self.most}"
            raise UserError(f"`collocation` was given {given}; it needs 4 <= degree <= most <= {_MOST}")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution of the degree that agrees best with the one before.

        Raises:
            UserError: the problem is none of functions of one coordinate on an interval; the equations and conditions
                do not determine their solution, or have no smooth one that is found; no two solutions agree to 1e-6.
        """
        line = _read(problem)
        points = line.lower + line.length * (np.arange(_COMPARED) + 0.5) / _COMPARED
        chosen, best, before, said = None, np.inf, None, ""
        level: _Level | None = None
        degree = self.degree
        while degree <= self.most:
            new = _Level(problem, line, degree)
            theta = new.begin(self.start) if level is None or said else new.raised(level)
            found = gauss_newton(new.system, theta)
            said = _fault(found)
            if said:
                before = None
            else:
                level = new.at(found)
                values = level.values(points)
                change = np.inf if before is None else float(np.max(relative_l2(values, before)))
                chosen, best = (level, change) if change < best else (chosen, best)
                if best <= self.accuracy:
                    break
                before = values
            degree *= 2
        if chosen is None or not best < _COARSEST:
            reason = said or f"no two of its solutions agree up to degree {degree // 2}"
            hint = "Another `start` may help; `pinnkit check` names singular points." if said else None
            raise failed(problem, "collocation", reason, hint)
        solution = chosen
        method = f"Chebyshev collocation of degree {chosen.degree}"
        return ReferenceSolution(lambda at: solution.values(at[:, 0]), method, max(best, _ROUND_OFF))


_MOST = 1024
"""Steps solve dense least-squares systems."""

_COMPARED = 1009
"""At how many points two solutions are compared."""

_COARSEST = 1e-6
"""A reference that is no better is none: polynomials follow a smooth solution to many more digits."""

_ROUND_OFF = 1e-14
"""The least error that is stated."""

_DEFECT = 1e-9
"""What may be left of the equations, relative to their terms, before it is told that they are not satisfied."""


def _fault(found: Found) -> str:
    """Why what was found is no solution, or nothing."""
    if found.reason:
        return found.reason
    if found.lacking:
        return f"the equations and conditions leave {found.lacking} of its coefficients open; a condition is missing"
    if not found.defect <= _DEFECT:
        return f"the best polynomials leave {found.defect:.1e} of the equations: no smooth solution is near"
    return ""


def _read(problem: Problem) -> Coordinate:
    """The one coordinate of a problem that can be treated.

    Raises:
        UserError: the first feature that is in the way.
    """
    if len(problem.coordinates) != 1:
        raise cannot_treat(problem, "collocation", f"it has {len(problem.coordinates)} coordinates, not one")
    (line,) = problem.coordinates
    if line.periodic:
        raise cannot_treat(problem, "collocation", f"`{line.name}` is periodic")
    if not math.isfinite(line.length):
        raise cannot_treat(problem, "collocation", f"the interval of `{line.name}` is not finite")
    if len(problem.equations) < len(problem.fields):
        reason = f"it has {len(problem.equations)} equations for {len(problem.fields)} fields"
        raise cannot_treat(problem, "collocation", reason)
    for condition in problem.conditions:
        if condition.given is not None:
            raise cannot_treat(problem, "collocation", f"`{condition.name}` is given by numbers alone")
    return line


@final
class _Level:
    """The problem at one degree."""

    def __init__(self, problem: Problem, line: Coordinate, degree: int) -> None:
        self.problem, self.line, self.degree = problem, line, degree
        size = degree + 1
        self.series = {name: Series(i * size, line.lower, line.upper, degree) for i, name in enumerate(problem.fields)}
        orders = {name: problem.order(name, line.name) for name in problem.fields}
        widths = np.concatenate([self.series[name].widths(orders[name]) for name in problem.fields])
        nodes = line.lower + line.length * unit_nodes(degree)
        nodes[-1] = line.upper
        equations = [self._rows(name, tree, nodes) for name, tree in trees(problem, "collocation").items()]
        conditions = [
            self._rows(h.condition.name, h.condition.tree_on(h.face, problem.scope).doit(), np.array([h.face.value]))
            for h in held(problem)
        ]
        self.system = System((*equations, *conditions), widths)
        self._conditions = System(conditions, widths)
        self._theta = np.zeros(size * len(problem.fields))

    def at(self, found: Found) -> "_Level":
        """The same level with its solution."""
        self._theta = found.theta
        return self

    def begin(self, start: Mapping[str, str]) -> np.ndarray:
        """The first unknowns: what is given, and else the smallest that satisfy the conditions.

        Raises:
            UserError: a start of what is no field, or that cannot be read.
        """
        theta = np.zeros_like(self._theta)
        if self._conditions.blocks:
            lifted = gauss_newton(self._conditions, theta)
            theta = lifted.theta if np.isfinite(lifted.theta).all() else theta
        nodes = self.line.lower + self.line.length * unit_nodes(self.degree)
        for name, text in start.items():
            if name not in self.series:
                message, hint = unknown("field", name, self.problem.fields)
                raise UserError(Mistake(f"{message} in `start` of `collocation`", hint=hint))
            tree = parse(text, self.problem.scope, special=True).tree
            if partials_in(tree, self.problem.scope):
                raise UserError(Mistake(f"`start` of `{name}` holds a field: `{text}`"))
            values = evaluated(tree, self.problem, nodes[:, None])
            if not np.isfinite(values).all():
                raise UserError(Mistake(f"`start` of `{name}` is not finite at {nodes[~np.isfinite(values)][0]:g}"))
            series = self.series[name]
            sight = series.sight(nodes)
            theta[sight.block] = np.linalg.solve(sight.matrix, values)
        return theta

    def raised(self, lower: "_Level") -> np.ndarray:
        """The polynomials of a level of lower degree."""
        theta = np.zeros_like(self._theta)
        for name, own in self.series.items():
            old = lower.series[name]
            theta[own.first : own.first + old.size] = lower._theta[old.first : old.first + old.size]
        return theta

    def values(self, x: np.ndarray) -> np.ndarray:
        """The fields (m, f) at places (m,)."""
        sights = [series.sight(x) for series in self.series.values()]
        return np.stack([sight.matrix @ self._theta[sight.block] for sight in sights], axis=1)

    def _rows(self, name: str, tree: sympy.Expr, points: np.ndarray) -> Rows:
        """A residual at points."""
        scope = self.problem.scope
        sights: dict[Key, Sight] = {
            p: self.series[p.field].sight(points, p.order) for p in partials_in(tree, scope) if isinstance(p, Partial)
        }
        known = {**self.problem.values, self.line.name: points}
        return Rows(name, (Term(tree, scope, sights, known, len(points)),), points)
