"""Checks of the equations themselves: which fields and parameters they use, and where they degenerate."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.problem.counting import held, lacking
from pinnkit.problem.finding import Remark
from pinnkit.problem.problem import Coordinate, Problem, TorchResidual, partials_of
from pinnkit.problem.sampling import evaluate
from pinnkit.problem.singular import Singular, of_network, singular_points


def unused_field(problem: Problem) -> Iterator[Remark]:
    """A field that no equation uses."""
    used = {p.field for equation in problem.equations for p in partials_of(equation, problem.scope)}
    for field in problem.fields:
        if field not in used:
            yield Remark(f"the field `{field}` is in no equation", problem.places.get("fields"))


def fewer_equations(problem: Problem) -> Iterator[Remark]:
    """Fewer equations than fields."""
    equations, fields = len(problem.equations), len(problem.fields)
    if equations < fields:
        yield Remark(
            f"{_count(equations, 'equation')} for {_count(fields, 'field')}: too few", problem.places.get("equations")
        )


def more_equations(problem: Problem) -> Iterator[Remark]:
    """More equations than fields."""
    equations, fields = len(problem.equations), len(problem.fields)
    if equations > fields:
        hint = "Write `accept: [more_equations]` where they agree with one another."
        message = f"{_count(equations, 'equation')} for {_count(fields, 'field')}: too many"
        yield Remark(message, problem.places.get("equations"), hint)


def unused_parameter(problem: Problem) -> Iterator[Remark]:
    """A parameter that nothing uses."""
    trees = [c.residual.tree for c in problem.conditions]
    trees += [c.residual.tree for c in problem.integrals]
    trees += [output.expression.tree for output in problem.outputs]
    trees += [d.expression.tree for d in problem.derived]
    trees += [column.tree for table in problem.tables for column in table.columns]
    trees += [m.expression.tree for o in problem.observations for m in o.measured]
    trees += [problem.stream_function.expression.tree] if problem.stream_function is not None else []
    trees += [a.expression.tree for a in problem.ansatz] + [i.residual.tree for i in problem.interfaces]
    used: set[str] = set()
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            used.update(equation.residual.arguments)
        else:
            trees.append(equation.residual.tree)

    def noted(tree: sympy.Expr) -> None:
        # A field depends on every parameter that has a range, and does not use it.
        bare = tree.xreplace({problem.scope.tree(p): sympy.Dummy() for p in partials_in(tree, problem.scope)})
        used.update(str(symbol) for symbol in bare.free_symbols)

    for tree in trees:
        noted(tree)
    for parameter in problem.unknowns:
        if parameter.name not in used:
            hint = "It would keep its start. Let an equation or a condition depend on it, or leave it out."
            yield Remark(f"nothing determines the unknown parameter `{parameter.name}`", parameter.place, hint)
    for expression in problem.reference.exact.values() if problem.reference is not None else ():
        noted(expression.tree)
    used.update(
        word for c in problem.coordinates for text in (*c.ends, *c.break_texts) for word in re.findall(r"\w+", text)
    )
    declared = {p.name: p.place for p in problem.parameters if p.unknown is None}
    declared |= {c.name: c.place for c in problem.coordinates if c.family}
    for name, place in declared.items():
        if name not in used:
            yield Remark(f"the parameter `{name}` is used nowhere", place)


def singular_point(problem: Problem) -> Iterator[Remark]:
    """A point where an ordinary differential equation loses its highest derivative, or is not finite."""
    if len(problem.coordinates) != 1:
        return
    (coordinate,) = problem.coordinates
    found: dict[tuple[str, str], list[Singular]] = {}
    for singular in singular_points(problem):
        found.setdefault((singular.equation, singular.field), []).append(singular)
    missing = lacking(problem, coordinate, held(problem), regularity=False)
    for (name, field), points in found.items():
        at = _listed(f"`{coordinate.name} = {s.point:.6g}`" for s in points)
        message = f"`{name}` loses its highest derivative of `{field}` at {at}"
        if missing and any(s.highest for s in points):
            message += f"; regularity at {at} takes the place of a condition"
        yield Remark(message, points[0].place)
    yield from _not_finite(problem, coordinate)


def _not_finite(problem: Problem, coordinate: Coordinate) -> Iterator[Remark]:
    """Equations that divide by what vanishes somewhere, an end among the places."""
    grid = coordinate.axis.from_unit(np.linspace(0.0, 1.0, 257))
    problem = of_network(problem)
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            continue
        tree, place = equation.residual.tree, equation.residual.place
        generic = {
            p: np.full_like(grid, 0.7 + 0.11 * i) for i, p in enumerate(sorted(partials_in(tree, problem.scope)))
        }
        values = evaluate(tree, problem, {coordinate.name: grid}, generic)
        if values is not None and not np.isfinite(values).all():
            point = grid[~np.isfinite(values)][0]
            ends = {coordinate.lower: "the lower end", coordinate.upper: "the upper end"}
            where = f", {ends[point]}" if point in ends else ""
            hint = "Multiply it by what vanishes there: points that hold the ends, as `chebyshev`, need its value."
            message = f"`{equation.name}` is not finite at `{coordinate.name} = {point:.6g}`{where}"
            yield Remark(message, place, hint)


def _listed(words: Iterable[str]) -> str:
    """Words with an `and` before the last."""
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
