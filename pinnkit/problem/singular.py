"""Points at which an ordinary differential equation loses its highest derivative."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.numbers import exact
from pinnkit.equations.partials import partials_in
from pinnkit.equations.poles import without_poles
from pinnkit.errors import Place
from pinnkit.problem.ansatz import NETWORK
from pinnkit.problem.problem import Equation, Problem, TorchResidual
from pinnkit.problem.sampling import evaluate

_GRID = 257
"""Points at which factors are looked at, the ends among them."""

_DRAWS = 3
"""Values of the fields with which a factor that depends on them must vanish."""


@final
@dataclass(frozen=True)
class Singular:
    """A point at which the factor of a field's highest derivative vanishes, whatever the fields are there.

    ``highest`` says whether no other equation differentiates the field more often.
    """

    equation: str
    place: Place | None
    field: str
    point: float
    highest: bool


def of_network(problem: Problem) -> Problem:
    """The problem with every ansatz put into its equations, the network under the name of its field."""
    if not problem.ansatz:
        return problem
    scope = problem.scope
    network = scope.with_fields(NETWORK).functions[NETWORK]
    fields = {scope.functions[a.field]: a.expression.tree for a in problem.ansatz}
    into = {field: tree.xreplace({network: field}) for field, tree in fields.items()}
    # With numbers for the parameters there is much less to expand; exact ones, so that terms still cancel.
    numbers = {scope.symbols[p.name]: exact(p.value) for p in problem.parameters if p.unknown is None}

    def put(equation: Equation) -> Equation:
        residual = equation.residual
        if isinstance(residual, TorchResidual):
            return equation
        tree = without_poles(residual.tree.xreplace(into).doit().xreplace(numbers), scope)
        return replace(equation, residual=replace(residual, tree=tree, sides=None))

    return replace(problem, equations=tuple(map(put, problem.equations)), ansatz=())


def singular_points(problem: Problem) -> tuple[Singular, ...]:
    """All of them, by equation, field and place; none where a problem has several coordinates."""
    if len(problem.coordinates) != 1:
        return ()
    found = []
    problem = of_network(problem)
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            continue
        for field in problem.fields:
            partials = [p for p in partials_in(equation.residual.tree, problem.scope) if p.field == field and p.order]
            if partials:
                last = max(partials)
                highest = last.order == problem.order(field, problem.coordinates[0].name)
                points = _vanishing(problem, equation.residual.tree, last)
                place = equation.residual.place
                found += [Singular(equation.name, place, field, point, highest) for point in points]
    return tuple(found)


def replaced_conditions(problem: Problem) -> tuple[float, ...]:
    """The places where regularity stands for a condition: one for each singular point and field."""
    return tuple(s.point for s in singular_points(problem) if s.highest)


def _vanishing(problem: Problem, tree: sympy.Expr, highest: Partial) -> tuple[float, ...]:
    """Where the factor of a derivative, in which the tree is linear, is zero."""
    (coordinate,) = problem.coordinates
    mark = sympy.Symbol("the highest derivative", real=True)  # no dummy, so that sympy remembers what follows
    slope = sympy.diff(tree.xreplace({problem.scope.tree(highest): mark}), mark)
    if slope.has(mark):
        return ()
    grid = coordinate.axis.from_unit(np.linspace(0.0, 1.0, _GRID))
    inside = partials_in(slope, problem.scope)
    generator, draws = np.random.default_rng(23), _DRAWS if inside else 1
    fields = {p: np.repeat(generator.uniform(0.5, 1.5, draws), _GRID) for p in sorted(inside)}
    values = evaluate(slope, problem, {coordinate.name: np.tile(grid, draws)}, fields)
    sizes = np.abs(values[np.isfinite(values) & (values != 0)]) if values is not None else np.empty(0)
    if values is None or not len(sizes):
        return ()
    # The median, since a largest value next to a pole would make zeros of all others.
    values = values.reshape(draws, _GRID)
    zeros = np.all(np.abs(values) <= 1e-12 * np.median(sizes), axis=0)
    if zeros.all():
        return ()
    points = list(grid[zeros])
    if not inside:  # a zero between two points of the grid shows as a change of sign
        (own,) = values
        for i in np.flatnonzero(np.sign(own[1:]) * np.sign(own[:-1]) < 0):
            points.append(grid[i] - own[i] * (grid[i + 1] - grid[i]) / (own[i + 1] - own[i]))
    return tuple(sorted(float(point) for point in points))
