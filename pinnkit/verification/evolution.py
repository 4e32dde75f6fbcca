"""Reading a problem as u_t = F(u, its derivatives in space, x, t) with initial values."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.prescribed import dirichlet_value, number
from pinnkit.problem.problem import Condition, Coordinate, Face, Problem, TorchResidual


@final
@dataclass(frozen=True)
class Evolution:
    """The parts of the problem, every parameter replaced by its value.

    rates: F of every field. initial: every field at the start, over the coordinates of space. held: the conditions
    elsewhere, by face.
    """

    time: Coordinate
    space: tuple[Coordinate, ...]
    rates: tuple[sympy.Expr, ...]
    initial: tuple[sympy.Expr, ...]
    held: tuple[tuple[Condition, Face], ...]


def read_evolution(problem: Problem, method: str) -> Evolution:
    """The problem as a system of first order in time, for the reference method of that name.

    Raises:
        UserError: the first feature that makes it another problem.
    """
    if problem.time is None:
        raise cannot_treat(problem, method, "no coordinate is named as `time`")
    time = problem.coordinate(problem.time)
    space = tuple(c for c in problem.coordinates if c is not time)
    initial: dict[str, sympy.Expr] = {}
    held: list[tuple[Condition, Face]] = []
    for condition in problem.conditions:
        for face in condition.faces:
            if face.coordinate != time.name:
                held.append((condition, face))
                continue
            value = dirichlet_value(condition, face, problem) if face.side == "lower" else None
            if value is None:
                reason = f"the condition `{condition.name}` on {face} does not give the value of a field at the start"
                raise cannot_treat(problem, method, reason)
            initial |= value
    missing = [f"`{name}`" for name in problem.fields if name not in initial]
    if missing:
        reason = f"no condition on {time.name} = {time.lower:g} gives {', '.join(missing)}"
        raise cannot_treat(problem, method, reason)
    numbers = _numbers(problem)
    values = tuple(initial[name].xreplace(numbers) for name in problem.fields)
    return Evolution(time, space, _rates(problem, method), values, tuple(held))


def cannot_treat(problem: Problem, method: str, reason: str) -> UserError:
    """The refusal of a problem by a reference method."""
    return UserError(Mistake(f"reference method `{method}` cannot treat `{problem.name}`: {reason}"))


def _numbers(problem: Problem) -> dict[sympy.Symbol, sympy.Number]:
    return {problem.scope.symbols[name]: number(value) for name, value in problem.values.items()}


def _rates(problem: Problem, method: str) -> tuple[sympy.Expr, ...]:
    """F, once the equations have been found to be linear in the u_t of every field, with numbers as factors."""
    scope, fields = problem.scope, problem.fields
    if len(problem.equations) != len(fields):
        reason = f"{len(fields)} fields have {len(problem.equations)} equations"
        raise cannot_treat(problem, method, reason)
    along = problem.index(str(problem.time))
    once = tuple(int(i == along) for i in range(len(scope.coordinates)))
    slots = {scope.tree(Partial(name, once)): sympy.Dummy(name) for name in fields}
    rows, rests = [], []
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            raise cannot_treat(problem, method, f"the equation `{equation.name}` is a Python function")
        tree = equation.residual.tree.doit().xreplace(_numbers(problem))
        for partial in sorted(partials_in(tree, scope)):
            if partial.orders[along] and partial.orders != once:
                raise cannot_treat(problem, method, f"`{equation.name}` contains `{scope.name(partial)}`")
        tree = tree.xreplace(slots)
        factors = [sympy.diff(tree, slot) for slot in slots.values()]
        if any(not factor.is_number for factor in factors):
            reason = f"`{equation.name}` is not linear in the time derivatives with numbers as their factors"
            raise cannot_treat(problem, method, reason)
        rows.append(factors)
        rests.append(tree.xreplace(dict.fromkeys(slots.values(), sympy.S.Zero)))
    matrix = sympy.Matrix(rows)
    if matrix.det() == 0:
        raise cannot_treat(problem, method, "the equations do not determine the time derivative of every field")
    return tuple(sympy.expand(rate) for rate in -matrix.LUsolve(sympy.Matrix(rests)))
