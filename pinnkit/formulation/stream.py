"""A stream function psi = G + D N that the problem file gives: its lift, and what it satisfies whatever N is.

u = psi_y and v = -psi_x. Where G takes the values of psi at the walls with their slopes and D vanishes twice there,
both velocities are exact on all walls, though no distance to a wall stands in front of either.
"""

from typing import Any

import numpy as np

from pinnkit.equations import compile_tree
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.lift import Lift
from pinnkit.problem.ansatz import NETWORK
from pinnkit.problem.problem import Condition, Face, Problem
from pinnkit.problem.sampling import is_known

_SAMPLES = 64
_ROUNDING = 1e-9


def stream_lift(problem: Problem) -> Lift | None:
    """G and D of a problem's stream function, or None where the network is the stream function.

    Raises:
        UserError: it depends on an unknown parameter.
    """
    stream = problem.stream_function
    parts = stream.split(problem.scope) if stream is not None else None
    if stream is None or parts is None:
        return None
    names = {str(symbol) for part in parts for symbol in part.free_symbols}
    for parameter in problem.unknowns:
        if parameter.name in names:
            message = f"the stream function depends on `{parameter.name}`, which is not known before training"
            raise UserError(Mistake(message, stream.expression.place, stream.expression.text))
    return Lift(*parts)


def satisfied(condition: Condition, problem: Problem) -> bool:
    """Whether the given stream function satisfies a condition on all of its faces, for any N, to rounding."""
    if problem.stream_function is None or condition.given is not None:
        return False
    return all(_satisfied(condition, face, problem) for face in condition.faces)


def _satisfied(condition: Condition, face: Face, problem: Problem) -> bool:
    assert problem.stream_function is not None
    (u, v), (x, y) = problem.divergence_free, (problem.scope.symbols[name] for name in problem.space)
    scope = problem.scope.with_fields(*problem.fields, NETWORK)
    psi = problem.stream_function.expression.tree
    into = {problem.scope.functions[u]: psi.diff(y), problem.scope.functions[v]: -psi.diff(x)}
    tree = condition.tree_on(face, problem.scope)
    if not partials_in(tree, problem.scope) or not is_known(tree, problem):
        return False
    tree = tree.xreplace(into).doit()
    if {p.field for p in partials_in(tree, scope)} & set(problem.fields):
        return False
    generator = np.random.default_rng(0)
    unit = generator.random((_SAMPLES, len(problem.coordinates)))
    values: dict[Any, np.ndarray | float] = dict(problem.values)
    for column, coordinate in zip(unit.T, problem.coordinates, strict=True):
        values[coordinate.name] = coordinate.axis.from_unit(column)
    values[face.coordinate] = np.full(_SAMPLES, problem.coordinate(face.coordinate).axis.placed(face.value))
    for partial in sorted(partials_in(tree, scope)):
        values[partial] = generator.standard_normal(_SAMPLES)
    found = compile_tree(tree, scope).broadcast(values, unit[:, 0])
    return bool(np.all(np.abs(found) <= _ROUNDING))
