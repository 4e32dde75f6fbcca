"""Reading a problem as a system y' = f(t, y) in one coordinate, with all values at its start."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.numbers import exact
from pinnkit.equations.parse import parse
from pinnkit.errors import UserError
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Coordinate, Parameter, Problem
from pinnkit.verification.evolution import cannot_treat, trees
from pinnkit.verification.slots import slotted


@final
@dataclass(frozen=True)
class Ordinary:
    """The parts of the problem, numbers and parameters as exact as they were written.

    symbols: t, and one for each of y. unknowns: the fields and the derivatives that y consists of. rates: f, over the
    symbols. start: y at the start.
    """

    time: Coordinate
    symbols: tuple[sympy.Symbol, ...]
    unknowns: tuple[Partial, ...]
    rates: tuple[sympy.Expr, ...]
    start: tuple[sympy.Expr, ...]


def read_ordinary(problem: Problem, method: str) -> Ordinary:
    """The problem as a system of first order, its highest derivatives solved for.

    Raises:
        UserError: the first feature that makes it another problem.
    """
    if len(problem.coordinates) != 1:
        raise cannot_treat(problem, method, f"it has {len(problem.coordinates)} coordinates, not one")
    (time,) = problem.coordinates
    orders = {name: problem.order(name, time.name) for name in problem.fields}
    if len(problem.equations) != len(problem.fields):
        reason = (
            f"the number of its fields is {len(problem.fields)}, and that of its equations {len(problem.equations)}"
        )
        raise cannot_treat(problem, method, reason)
    for name, order in orders.items():
        if order == 0:
            raise cannot_treat(problem, method, f"no equation holds a derivative of `{name}`")
    highest = _highest(problem, method, orders)
    unknowns = tuple(Partial(name, (k,)) for name, order in orders.items() for k in range(order))
    slots = {p: sympy.Dummy(problem.scope.name(p), real=True) for p in unknowns}
    rates = []
    for partial in unknowns:
        following = Partial(partial.field, (partial.order + 1,))
        if following in slots:
            rates.append(slots[following])
            continue
        parts = slotted(highest[partial.field], problem.scope)
        rates.append(parts.tree.xreplace({slot: slots[p] for p, slot in parts.slots.items()}))
    start = _start(problem, method, unknowns)
    symbols = (problem.scope.symbols[time.name], *slots.values())
    return Ordinary(time, symbols, unknowns, tuple(rates), tuple(start[p] for p in unknowns))


def _highest(problem: Problem, method: str, orders: dict[str, int]) -> dict[str, sympy.Expr]:
    """The highest derivative of every field, by the field."""
    rows, rests = [], []
    for name, given in trees(problem, method).items():
        parts = slotted(given.xreplace(_exact_parameters(problem)), problem.scope)
        slots = [parts.slots.get(Partial(field, (order,)), sympy.Dummy()) for field, order in orders.items()]
        factors = [sympy.expand(sympy.diff(parts.tree, slot)) for slot in slots]
        if any(factor.has(slot) for factor in factors for slot in slots):
            raise cannot_treat(problem, method, f"`{name}` is not linear in the highest derivatives")
        rows.append([parts.written(factor) for factor in factors])
        rests.append(parts.written(parts.tree.xreplace(dict.fromkeys(slots, sympy.S.Zero))))
    matrix = sympy.Matrix(rows)
    if sympy.expand(matrix.det()) == 0:
        raise cannot_treat(problem, method, "the equations do not determine the highest derivative of every field")
    return dict(zip(orders, -matrix.LUsolve(sympy.Matrix(rests)), strict=True))


def _start(problem: Problem, method: str, unknowns: tuple[Partial, ...]) -> dict[Partial, sympy.Expr]:
    (time,) = problem.coordinates
    start: dict[Partial, sympy.Expr] = {}
    for condition in problem.conditions:
        for face in condition.faces:
            if face.side == "upper":
                raise cannot_treat(problem, method, f"the condition `{condition.name}` on {face} is not at the start")
            value = prescribed(condition, face, problem)
            if value is None or Partial(value.field, (value.normal_order,)) not in unknowns:
                reason = f"the condition `{condition.name}` does not give a field or a derivative below the highest"
                raise cannot_treat(problem, method, reason)
            start[Partial(value.field, (value.normal_order,))] = value.value.xreplace(_exact_parameters(problem))
    missing = [f"`{problem.scope.name(p)}`" for p in unknowns if p not in start]
    if missing:
        reason = f"no condition on {time.name} = {time.lower:g} gives {', '.join(missing)}"
        raise cannot_treat(problem, method, reason)
    return start


def _exact_parameters(problem: Problem) -> dict[sympy.Symbol, sympy.Expr]:
    """The parameters' values by their symbols, as they were written: 8/3 is the fraction, not the nearest float."""
    return {problem.scope.symbols[p.name]: _exact(p) for p in problem.parameters}


def _exact(parameter: Parameter) -> sympy.Expr:
    try:
        tree = parse(parameter.text, Scope((), ())).tree
    except UserError:
        return exact(parameter.value)
    same = abs(float(tree) - parameter.value) <= 1e-14 * abs(parameter.value)
    return tree if same else exact(parameter.value)
