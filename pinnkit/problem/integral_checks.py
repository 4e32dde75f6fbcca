"""Checks of integral conditions: whether they say anything of a field, and whether known fields satisfy them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.equations.reductions import along_of, held_of, name_of_reduction, on_of, reductions_in
from pinnkit.problem.finding import Remark
from pinnkit.problem.nodes import Nodes, nodes_of
from pinnkit.problem.problem import IntegralCondition, Parameter, Problem, resolved
from pinnkit.problem.sampling import evaluate

Known = Callable[[Partial], sympy.Expr | None]
"""The expression that a field or derivative is, or None where it is not known."""

_NODES = (24, 36)
"""Two rules, whose difference tells how far a sum is from its integral."""

_FEW = (8, 12)
"""The same where there are more than two coordinates."""


def without_field(problem: Problem) -> Iterator[Remark]:
    """An integral condition that involves no field."""
    for condition in problem.integrals:
        if not partials_in(condition.residual.tree, problem.scope):
            message = f"`{condition.name}` says nothing about any field"
            yield Remark(message, condition.residual.place)


def satisfied_by_zero(problem: Problem) -> bool:
    """Whether the zero field satisfies all integral conditions."""
    found = (defect(condition, problem, lambda partial: sympy.S.Zero) for condition in problem.integrals)
    return all(error is not None and error <= 1e-12 for error in found)


def unsatisfied(problem: Problem, known: Known, most: float) -> Iterator[Remark]:
    """An integral condition whose residual, relative to its largest term, is greater than `most` for known fields."""
    for condition in problem.integrals:
        error = defect(condition, problem, known)
        if error is not None and error > most:
            message = f"the exact reference does not satisfy `{condition.name}`: relative residual {error:.3g}"
            yield Remark(message, condition.residual.place)


def over_shape(problem: Problem) -> Iterator[Remark]:
    """What asks for a number of a field along a line through a shape, or trains with one over it: there is no rule."""
    if problem.body is None:
        return
    for condition in problem.integrals:
        message = f"`{condition.name}` needs integrals over a shape, and there are none yet"
        yield Remark(message, condition.residual.place)
    for output in problem.outputs:
        for node in reductions_in(output.expression.tree):
            word, held, along = name_of_reduction(node), held_of(node), along_of(node)
            parts = [
                x for x in problem.body.coordinates if x in held or (word == "integral" and along and x not in along)
            ]
            if on_of(node) is not None or word == "value" or (word not in ("root", "roots") and not parts):
                continue
            message = (
                f"`{output.name}` needs `{word}` along a part of the coordinates of a shape, and there is none yet"
            )
            yield Remark(message, output.expression.place, "It is there over the whole shape, and on its boundary.")


def defect(condition: IntegralCondition, problem: Problem, known: Known) -> float | None:
    """By how much more than the error of the quadrature known fields fail a condition, relative to its largest term.

    None where that cannot be told.
    """
    counts = _NODES if len(problem.coordinates) <= 2 else _FEW
    found = [_largest(condition, problem, known, count) for count in counts]
    if any(pair is None or not np.isfinite(pair).all() for pair in found):
        return None
    (coarse, _), (fine, scale) = (pair for pair in found if pair is not None)
    return max(0.0, fine - 10 * abs(fine - coarse)) / max(scale, 1e-12)


def _largest(condition: IntegralCondition, problem: Problem, known: Known, count: int) -> tuple[float, float] | None:
    """The largest residual, and the largest term with the integrals of the sizes of the integrands."""
    marks = reductions_in(condition.residual.tree)
    sums: dict[sympy.Expr, tuple[np.ndarray, np.ndarray]] = {}
    rule = np.polynomial.legendre.leggauss(count)
    for face in condition.faces or (None,):
        held = {face.coordinate: face.value} if face is not None else {}
        nodes = nodes_of(problem.coordinates, condition.over(problem.scope, face), held, rule)
        for mark in marks:
            values = _values(resolved(mark.args[0], face, problem.scope), problem, known, nodes)
            if values is None:
                return None
            before = sums.get(mark, (0.0, 0.0))
            sums[mark] = before[0] + values @ nodes.weights, before[1] + np.abs(values) @ nodes.weights
    every = nodes.points[:: len(nodes.weights)]
    points = dict(zip(problem.scope.coordinates, every.T, strict=True))
    terms = [_outer(term, problem, points, sums) for term in sympy.Add.make_args(condition.residual.tree)]
    if any(term is None for term in terms):
        return None
    plain, sizes = ([term[i] for term in terms if term is not None] for i in (0, 1))
    return float(np.max(np.abs(np.sum(plain, axis=0)))), float(np.max(np.abs(sizes)))


def _values(tree: sympy.Expr, problem: Problem, known: Known, nodes: Nodes) -> np.ndarray | None:
    """An integrand (M, Q) at nodes."""
    points = dict(zip(problem.scope.coordinates, nodes.points.T, strict=True))
    fields: dict[Partial, np.ndarray] = {}
    for partial in partials_in(tree, problem.scope):
        own = known(partial)
        value = None if own is None else evaluate(own, problem, points)
        if value is None:
            return None
        fields[partial] = value
    values = evaluate(tree, problem, points, fields)
    return None if values is None else values.reshape(-1, len(nodes.weights))


def _outer(
    term: sympy.Expr,
    problem: Problem,
    points: Mapping[str, np.ndarray],
    sums: Mapping[sympy.Expr, tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray] | None:
    """A term (M,) with the integrals in their places, and with those of the sizes."""
    numbers = tuple(Parameter(f"integral {i}", 0.0) for i in range(len(sums)))
    wider = replace(problem, parameters=(*problem.parameters, *numbers))
    tree = term.xreplace({mark: wider.scope.symbols[own.name] for mark, own in zip(sums, numbers, strict=True)})
    found = []
    for k in (0, 1):
        given: dict[Any, np.ndarray] = {own.name: pair[k] for own, pair in zip(numbers, sums.values(), strict=True)}
        found.append(evaluate(tree, wider, points, given))
    return None if found[0] is None or found[1] is None else (found[0], found[1])
