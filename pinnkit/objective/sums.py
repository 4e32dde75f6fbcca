"""Equations in which second derivatives stand in one sum alone, such as a Laplacian, with that sum as one derivative.

An equation F(m_1, ..., m_n) with m_i = u_(x_i x_i) depends on the sum of the m_i alone where all of its slopes dF/dm_i
are the same; then it is F(L, 0, ..., 0) with L the sum, which a jet carries in one entry (`derivatives.indices`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy

from pinnkit.derivatives.indices import second_derivatives
from pinnkit.equations import Program, compile_tree
from pinnkit.equations.expression import Expression, Partial
from pinnkit.objective.residuals import TreeResidual, of_equation
from pinnkit.problem.problem import Equation, Problem, partials_of

_FEWEST = 3
"""Coordinates in a sum below which nothing is gained."""


def summed_residuals(problem: Problem) -> dict[str, TreeResidual]:
    """The residuals of all equations with sums of second derivatives as one, by name; none where they cannot be.

    All of the equations have rows at the same points and share their jets, so that a second derivative which one of
    them needs by itself is there for all.
    """
    if (
        problem.divergence_free
        or problem.parts
        or not all(isinstance(e.residual, Expression) for e in problem.equations)
    ):
        return {}
    partials = {p for equation in problem.equations for p in partials_of(equation, problem.scope)}
    higher = [p for p in partials if p.order > 1]
    along = {d for p in higher for d, n in enumerate(p.orders) if n}
    if len(along) < _FEWEST or any(max(p.orders) != 2 or p.order != 2 for p in higher):
        return {}
    sums = {field: [p for p in higher if p.field == field] for field in dict.fromkeys(p.field for p in higher)}
    if any(len(own) != len(along) for own in sums.values()):
        return {}
    entry = second_derivatives(d in along for d in range(len(problem.coordinates)))
    found = {}
    for equation in problem.equations:
        residual = _summed(equation, problem, sums, entry)
        if residual is None:
            return {}
        found[equation.name] = residual
    return found


def _summed(
    equation: Equation, problem: Problem, sums: Mapping[str, Sequence[Partial]], entry: tuple[int, ...]
) -> TreeResidual | None:
    """The residual of an equation by the sums, where it depends on nothing else of what is in them."""
    assert isinstance(equation.residual, Expression)
    scope, tree = problem.scope, equation.residual.tree
    # A field of its own stands for every sum, under a name that no file can give.
    names = {field: f"sum of {field}" for field in sums}
    wider = scope.with_fields(*scope.fields, *names.values())
    for field, own in sums.items():
        marks = [sympy.Dummy(real=True) for _ in own]
        marked = tree.xreplace({scope.tree(p): mark for p, mark in zip(own, marks, strict=True)})
        first, *others = [sympy.diff(marked, mark) for mark in marks]
        if any(sympy.expand(slope - first) != 0 for slope in others):
            return None
        values = {mark: sympy.S.Zero for mark in marks} | {marks[0]: wider.functions[names[field]]}
        tree = marked.xreplace(values)
    alone = (0,) * len(problem.coordinates)
    known = {Partial(name, alone): Partial(field, entry) for field, name in names.items()}
    program = compile_tree(tree, wider)
    steps = tuple(replace(s, value=known.get(s.value, s.value)) if s.operation == "given" else s for s in program.steps)
    plain = of_equation(equation, problem)
    assert isinstance(plain, TreeResidual)
    return replace(plain, program=Program(steps))
