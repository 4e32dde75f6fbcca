"""A problem in one coordinate as a system for polynomials: one for every field in every part of its interval."""

from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.parse import parse
from pinnkit.equations.partials import partials_in
from pinnkit.equations.reductions import reductions_in
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.formulation.rewriting import Rewriting
from pinnkit.points.chebyshev import unit_nodes
from pinnkit.problem.counting import held
from pinnkit.problem.maps import Axis
from pinnkit.problem.nodes import along_one
from pinnkit.problem.problem import Condition, Face, IntegralCondition
from pinnkit.verification.blocks import Block, Formula, Key, Number, Rows, Series, Sight, System, Term
from pinnkit.verification.evolution import trees
from pinnkit.verification.gauss_newton import gauss_newton
from pinnkit.verification.integral_rows import IntegralRow
from pinnkit.verification.method import evaluated


@final
class Discretisation:
    """The problem at one degree.

    The unknowns are the coefficients of all series, in the order of the fields that are trained, and behind them one
    number for every unknown parameter.

    Args:
        rewriting: the problem, with its ansatz and its regions put into its equations.
        degree: of every polynomial.
        method: what the reference method is called, for messages.
        before: the problem at another degree, whose formulas are taken over.
    """

    def __init__(self, rewriting: Rewriting, degree: int, method: str, before: "Discretisation | None" = None) -> None:
        self.rewriting, self.problem, self.degree = rewriting, rewriting.trained, degree
        self._formulas: dict[sympy.Expr, Formula] = before._formulas if before is not None else {}
        self._scope, self._along = self.problem.scope, self.problem.coordinates[0].name
        axes = {name: self.problem.coordinates_of(name)[0].axis for name in self.problem.fields}
        self.series = {name: Series(i * (degree + 1), axes[name], degree) for i, name in enumerate(axes)}
        first = len(self.series) * (degree + 1)
        self.numbers = {p.name: Number(first + i) for i, p in enumerate(self.problem.unknowns)}
        orders = {name: self.problem.order(name, self._along) for name in self.problem.fields}
        self._orders = orders
        widths = [self.series[name].widths(order) for name, order in orders.items()]
        self.widths = np.concatenate([*widths, np.ones(len(self.numbers))])
        self.parts = {e.name: e.part for e in self.problem.equations}
        residuals = trees(self.problem, method)
        self.equations = [self._equation(name, tree) for name, tree in residuals.items()]
        self.conditions = [*self._conditions(), *self._periods()]
        self.integrals = [self._integral(condition) for condition in self.problem.integrals]
        self.system = System((*self.equations, *self.conditions, *self.integrals), self.widths)

    def begin(self, start: Mapping[str, str]) -> np.ndarray:
        """The first unknowns: what is given, and else the smallest that satisfy the conditions.

        Raises:
            UserError: a start of what is no field, or that cannot be read.
        """
        theta = np.zeros(len(self.widths))
        for parameter in self.problem.unknowns:
            theta[self.numbers[parameter.name].first] = parameter.value
        if self.conditions:
            lifted = gauss_newton(System(self.conditions, self.widths), theta)
            theta = lifted.theta if np.isfinite(lifted.theta).all() else theta
        for name, text in start.items():
            for series, values in self._started(name, text):
                theta[series.block] = values
        return theta

    def raised(self, lower: "Discretisation", theta: np.ndarray) -> np.ndarray:
        """The unknowns of the problem at a lower degree, as those of this one."""
        found = np.zeros(len(self.widths))
        for name, own in self.series.items():
            old = lower.series[name]
            found[own.first : own.first + old.size] = theta[old.block]
        for name, number in self.numbers.items():
            found[number.first] = theta[lower.numbers[name].first]
        return found

    def values(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The user's fields (m, f) at places (m,)."""
        found = np.empty((len(x), len(self.rewriting.views)))
        known = {**self.problem.values, **self.found(theta)}
        for part, own in self.rewriting.parts(x[:, None]):
            for column, views in enumerate(self.rewriting.views):
                tree = next(view.tree for view in views if view.part == part)
                sights = self._sights(tree, x[own])
                seen = {key: sight.matrix @ theta[sight.block] for key, sight in sights.items()}
                given: dict[Any, Any] = {**known, self._along: x[own], **seen}
                found[own, column] = self._formula(tree).program.broadcast(given, np.empty(int(own.sum())))
        return found

    def found(self, theta: np.ndarray) -> dict[str, float]:
        """The unknown parameters."""
        return {name: float(theta[number.first]) for name, number in self.numbers.items()}

    def coordinates(self, count: int) -> np.ndarray:
        """Places (n,) inside all parts, `count` in each, where solutions can be compared."""
        unit = (np.arange(count) + 0.5) / count
        return np.concatenate([axis.from_unit(unit) for axis in dict.fromkeys(s.axis for s in self.series.values())])

    def rows(self, name: str, tree: sympy.Expr, points: np.ndarray, alone: bool = False) -> Rows:
        """A residual at points."""
        sights = {**self._sights(tree, points), **self._number_sights(tree, points)}
        known = {**self.problem.values, self._along: points}
        return Rows(name, (Term(self._formula(tree), sights, known, len(points)),), points, alone)

    def _equation(self, name: str, tree: sympy.Expr) -> Rows:
        axis = self.problem.coordinates_in(self.parts[name])[0].axis
        return self.rows(name, tree, nodes(axis, self.degree), alone=not axis.finite)

    def _conditions(self) -> Iterator[Rows]:
        for on_face in held(self.problem):
            condition, face = on_face.condition, on_face.face
            yield self.rows(condition.name, self._tree(condition, face), np.array([face.value]))

    def _tree(self, condition: Condition, face: Face) -> sympy.Expr:
        return condition.tree_on(face, self._scope).doit()

    def _periods(self) -> Iterator[Rows]:
        """That a field and its derivatives below the highest join at the ends of a periodic coordinate."""
        for name, series in self.series.items() if self.problem.coordinates[0].periodic else ():
            ends = np.array([series.axis.lower, series.axis.upper])
            for order in range(self._orders[name]):
                partial = Partial(name, (order,))
                gap = np.array([[-1.0, 1.0]]) @ series.sight(ends, order).matrix
                tree = self._scope.tree(partial)
                term = Term(self._formula(tree), {partial: Sight(series.first, gap)}, {}, 1)
                yield Rows(f"the period of {name}", (term,), ends[:1])

    def _integral(self, condition: IntegralCondition) -> Block:
        """A condition of integrals; those over parts are the sums of all of them."""
        rule = np.polynomial.legendre.leggauss(self.degree + self.degree // 2 + 16)
        operands = condition.parts or {"": tuple(node.args[0] for node in reductions_in(condition.residual.tree))}
        count = len(reductions_in(condition.residual.tree))
        pieces: list[list[Term]] = [[] for _ in range(count)]
        for part, integrands in operands.items():
            points, weights = along_one(self.problem.coordinates_in(part)[0], rule)
            for terms, integrand in zip(pieces, integrands, strict=True):
                tree = integrand.doit()
                sights = {**self._sights(tree, points), **self._number_sights(tree, points)}
                known = {**self.problem.values, self._along: points}
                terms.append(Term(self._formula(tree), sights, known, len(points), weights[None, :]))
        outside = self._number_sights(condition.residual.tree, np.zeros(1))
        return IntegralRow(
            condition.name,
            condition.residual.tree,
            self._scope,
            tuple(map(tuple, pieces)),
            outside,
            self.problem.values,
        )

    def _formula(self, tree: sympy.Expr) -> Formula:
        if tree not in self._formulas:
            self._formulas[tree] = Formula(tree, self._scope)
        return self._formulas[tree]

    def _sights(self, tree: sympy.Expr, points: np.ndarray) -> dict[Key, Sight]:
        partials = (p for p in partials_in(tree, self._scope) if isinstance(p, Partial))
        return {p: self.series[p.field].sight(points, p.order) for p in partials}

    def _number_sights(self, tree: sympy.Expr, points: np.ndarray) -> dict[Key, Sight]:
        used = {str(symbol) for symbol in tree.free_symbols}
        return {name: number.sight(points) for name, number in self.numbers.items() if name in used}

    def _started(self, name: str, text: str) -> Iterator[tuple[Series, np.ndarray]]:
        """The series of a field of the user's in every part, with the coefficients that a text gives them."""
        problem = self.rewriting.problem
        if name not in problem.fields:
            message, hint = unknown("field", name, problem.fields)
            raise UserError(Mistake(f"{message} in `start` of `collocation`", hint=hint))
        tree = parse(text, problem.scope, special=True).tree
        if partials_in(tree, problem.scope):
            raise UserError(Mistake(f"`start` of `{name}` holds a field: `{text}`"))
        position = problem.fields.index(name)
        for own in list(self.series)[position :: len(problem.fields)]:
            series = self.series[own]
            at = nodes(series.axis, self.degree)
            values = evaluated(tree, problem, at[:, None])
            if not np.isfinite(values).all():
                raise UserError(Mistake(f"`start` of `{name}` is not finite at {at[~np.isfinite(values)][0]:g}"))
            yield series, np.linalg.lstsq(series.sight(at).matrix, values, rcond=None)[0]


def nodes(axis: Axis, degree: int) -> np.ndarray:
    """Chebyshev points with both ends; of infinite ends, where an equation need not have a value, those next to them.

    There are degree + 1 of them, as many as a polynomial has coefficients.
    """
    infinite = [not np.isfinite(axis.lower), not np.isfinite(axis.upper)]
    found = axis.from_unit(unit_nodes(degree + sum(infinite)))
    if axis.finite:
        found[-1] = axis.upper
    return np.asarray(found[int(infinite[0]) : len(found) - int(infinite[1])])
