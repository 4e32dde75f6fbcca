"""Checks of the equations themselves: which fields and parameters they use, and where they degenerate."""

import re
from collections.abc import Iterator

import numpy as np
import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.problem.finding import Remark
from pinnkit.problem.problem import Problem, TorchResidual, partials_of
from pinnkit.problem.sampling import evaluate


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
    used: set[str] = set()
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            used.update(equation.residual.arguments)
        else:
            trees.append(equation.residual.tree)
    if problem.reference is not None:
        trees += [e.tree for e in problem.reference.exact.values()]
    for tree in trees:
        # A field depends on every parameter that has a range, and does not use it.
        bare = tree.xreplace({problem.scope.tree(p): sympy.Dummy() for p in partials_in(tree, problem.scope)})
        used.update(str(symbol) for symbol in bare.free_symbols)
    used.update(word for c in problem.coordinates for text in c.ends for word in re.findall(r"\w+", text))
    declared = {p.name: p.place for p in problem.parameters}
    declared |= {c.name: c.place for c in problem.coordinates if c.family}
    for name, place in declared.items():
        if name not in used:
            yield Remark(f"the parameter `{name}` is used nowhere", place)


def singular_point(problem: Problem) -> Iterator[Remark]:
    """A point where an ordinary differential equation loses its highest derivative, or is not finite."""
    if len(problem.coordinates) != 1:
        return
    (coordinate,) = problem.coordinates
    grid = coordinate.axis.from_unit(np.linspace(0.0, 1.0, 257))
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            continue
        tree, place = equation.residual.tree, equation.residual.place
        for field in problem.fields:
            slope = _leading(problem, tree, field)
            if slope is None:
                continue
            values = evaluate(slope, problem, {coordinate.name: grid})
            if values is None:
                continue
            point = _vanishing(values, grid)
            if point is not None:
                at = f"`{coordinate.name} = {point:.6g}`"
                yield Remark(f"`{equation.name}` loses its highest derivative of `{field}` at {at}", place)
        generic = {
            p: np.full_like(grid, 0.7 + 0.11 * i) for i, p in enumerate(sorted(partials_in(tree, problem.scope)))
        }
        values = evaluate(tree, problem, {coordinate.name: grid}, generic)
        if values is not None and not np.isfinite(values).all():
            point = grid[~np.isfinite(values)][0]
            yield Remark(f"`{equation.name}` is not finite at `{coordinate.name} = {point:.6g}`", place)


def _leading(problem: Problem, tree: sympy.Expr, field: str) -> sympy.Expr | None:
    """The coefficient of a field's highest derivative where it depends on no field, or None."""
    found = [p for p in partials_in(tree, problem.scope) if p.field == field and p.order]
    if not found:
        return None
    highest = problem.scope.tree(max(found))
    mark = sympy.Dummy(real=True)
    slope = sympy.diff(tree.xreplace({highest: mark}), mark)
    return None if slope.has(mark) or partials_in(slope, problem.scope) else slope


def _vanishing(values: np.ndarray, grid: np.ndarray) -> float | None:
    """A grid point at, or just before, which values vanish."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    zero = np.abs(values) <= 1e-12 * np.abs(finite).max()
    if zero.any():
        return float(grid[zero][0])
    change = np.flatnonzero(np.sign(values[1:]) * np.sign(values[:-1]) < 0)
    if not len(change):
        return None
    i = change[0]
    return float(grid[i] - values[i] * (grid[i + 1] - grid[i]) / (values[i + 1] - values[i]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
