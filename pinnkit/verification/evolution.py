"""Reading a problem as u_t = F(u, its derivatives in space, x, t) with initial values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.counting import held
from pinnkit.problem.prescribed import dirichlet_value, number
from pinnkit.problem.problem import Condition, Coordinate, Face, Problem, TorchResidual


@final
@dataclass(frozen=True)
class Evolution:
    """The parts of the problem, every parameter replaced by its value.

    evolving: the fields that have a time derivative. rates: F of each of them. initial: each of them at the start,
    over the coordinates of space. constraints: the equations without a time derivative, as residuals by name. held: the
    conditions elsewhere, by face.
    """

    time: Coordinate
    space: tuple[Coordinate, ...]
    evolving: tuple[str, ...]
    rates: tuple[sympy.Expr, ...]
    initial: tuple[sympy.Expr, ...]
    constraints: Mapping[str, sympy.Expr]
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
    moving, constraints = _sorted_equations(problem, method)
    rates = _rates(problem, method, moving)
    initial = _initial(problem, method, tuple(rates))
    elsewhere = tuple((c, face) for c in problem.conditions for face in c.faces if face.coordinate != time.name)
    return Evolution(
        time,
        space,
        tuple(rates),
        tuple(rates.values()),
        tuple(initial[name].xreplace(numbers(problem)) for name in rates),
        constraints,
        elsewhere,
    )


def cannot_treat(problem: Problem, method: str, reason: str, hint: str | None = None) -> UserError:
    """The refusal of a problem by a reference method."""
    return UserError(Mistake(f"reference method `{method}` cannot treat `{problem.name}`: {reason}", hint=hint))


def failed(problem: Problem, method: str, reason: str, hint: str | None = None) -> UserError:
    """What is told where a method may treat a problem, and did not get through."""
    return UserError(Mistake(f"reference method `{method}` failed on `{problem.name}`: {reason}", hint=hint))


def numbers(problem: Problem) -> dict[sympy.Symbol, sympy.Number]:
    """The parameters' values by their symbols."""
    return {problem.scope.symbols[name]: number(value) for name, value in problem.values.items()}


def trees(problem: Problem, method: str) -> dict[str, sympy.Expr]:
    """The residual of every equation by its name, with its derivatives carried out.

    Raises:
        UserError: an equation that is a Python function.
    """
    found = {}
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            raise cannot_treat(problem, method, f"the equation `{equation.name}` is a Python function")
        found[equation.name] = equation.residual.tree.doit()
    return found


def _sorted_equations(problem: Problem, method: str) -> tuple[dict[str, sympy.Expr], dict[str, sympy.Expr]]:
    """The equations with a time derivative, and those without."""
    along = problem.index(str(problem.time))
    moving: dict[str, sympy.Expr] = {}
    constraints: dict[str, sympy.Expr] = {}
    for name, given in trees(problem, method).items():
        tree = given.xreplace(numbers(problem))
        timed = [p for p in sorted(partials_in(tree, problem.scope)) if p.orders[along]]
        for partial in timed:
            if partial != Partial(partial.field, _once(problem)):
                raise cannot_treat(problem, method, f"`{name}` contains `{problem.scope.name(partial)}`")
        (moving if timed else constraints)[name] = tree
    if len(problem.equations) != len(problem.fields):
        reason = (
            f"the number of its fields is {len(problem.fields)}, and that of its equations {len(problem.equations)}"
        )
        raise cannot_treat(problem, method, reason)
    if not moving:
        raise cannot_treat(problem, method, "no equation contains a time derivative")
    return moving, constraints


def _once(problem: Problem) -> tuple[int, ...]:
    return tuple(int(c.name == problem.time) for c in problem.coordinates)


def _rates(problem: Problem, method: str, moving: Mapping[str, sympy.Expr]) -> dict[str, sympy.Expr]:
    """F by field, once the equations have been found to be linear in all u_t, with numbers as factors."""
    scope = problem.scope
    timed = {p.field for tree in moving.values() for p in partials_in(tree, scope) if p.orders == _once(problem)}
    fields = [name for name in problem.fields if name in timed]
    slots = {scope.tree(Partial(name, _once(problem))): sympy.Dummy(name) for name in fields}
    rows, rests = [], []
    for name, given in moving.items():
        tree = given.xreplace(slots)
        factors = [sympy.diff(tree, slot) for slot in slots.values()]
        if any(not factor.is_number for factor in factors):
            reason = f"`{name}` is not linear in the time derivatives with numbers as their factors"
            raise cannot_treat(problem, method, reason)
        rows.append(factors)
        rests.append(tree.xreplace(dict.fromkeys(slots.values(), sympy.S.Zero)))
    matrix = sympy.Matrix(rows)
    if len(rows) != len(fields) or matrix.det() == 0:
        raise cannot_treat(problem, method, "the equations do not determine the time derivative of every field in them")
    solved = -matrix.LUsolve(sympy.Matrix(rests))
    return {name: sympy.expand(rate) for name, rate in zip(fields, solved, strict=True)}


def _initial(problem: Problem, method: str, evolving: tuple[str, ...]) -> dict[str, sympy.Expr]:
    """Every evolving field at the start; what is said there of the others alone follows from the equations."""
    time = problem.coordinate(str(problem.time))
    initial: dict[str, sympy.Expr] = {}
    for found in held(problem):
        if found.face.coordinate != time.name or (found.face.side == "lower" and not found.fields & set(evolving)):
            continue
        condition, face = found.condition, found.face
        value = dirichlet_value(condition, face, problem) if face.side == "lower" else None
        if value is None:
            reason = f"the condition `{condition.name}` on {face} does not give the value of a field at the start"
            raise cannot_treat(problem, method, reason)
        initial |= value
    missing = [f"`{name}`" for name in evolving if name not in initial]
    if missing:
        reason = f"no condition on {time.name} = {time.lower:g} gives {', '.join(missing)}"
        raise cannot_treat(problem, method, reason)
    return initial
