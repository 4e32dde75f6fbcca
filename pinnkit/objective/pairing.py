"""Which field an equation moves in pseudo-time, and with which sign the motion is stable."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Partial
from pinnkit.problem.prescribed import number
from pinnkit.problem.problem import Equation, Problem, TorchResidual, partials_of


@final
@dataclass(frozen=True)
class Pair:
    """An equation r = 0 and the field u that it moves by u' = -sign r.

    ``known`` says that the sign is that of a stable motion; else it is a guess.
    """

    equation: str
    field: str
    sign: int
    known: bool = True


def pair_up(problem: Problem) -> tuple[Pair, ...]:
    """The field and sign of every equation.

    Where there are as many equations as fields, each has the field at its position; else that which it differentiates
    most, the first of them.
    """
    pairs = []
    for place, equation in enumerate(problem.equations):
        if len(problem.equations) == len(problem.fields):
            field = problem.fields[place]
        else:
            orders = dict.fromkeys(problem.fields, -1)
            for partial in partials_of(equation, problem.scope):
                orders[partial.field] = max(orders[partial.field], partial.order)
            field = max(problem.fields, key=lambda name: orders[name])
        sign = stable_sign(equation, field, problem)
        pairs.append(Pair(equation.name, field, sign or 1, sign is not None))
    return tuple(pairs)


def stable_sign(equation: Equation, field: str, problem: Problem) -> int | None:
    """The sign s for which u' = -s r does not blow small waves up, or None where the equation does not say.

    With a first derivative by time as its only one, it is the sign of its coefficient: so the equation goes forward.
    Else the highest derivatives decide: a wave exp(i k x) turns d^2m / dx^2m into (-1)^m k^2m, and s times that must
    be positive for all of them. -u_xx has +, u_xx has -, u_xxxx has +; u_tt - u_xx has none.
    """
    if isinstance(equation.residual, TorchResidual):
        return None
    own = [p for p in partials_of(equation, problem.scope) if p.field == field]
    if not own:
        return None
    tree = equation.residual.tree
    if problem.time is not None:
        along = problem.index(problem.time)
        timely = [p for p in own if p.orders[along]]
        if timely and all(p.order == 1 for p in timely):
            return _sign(tree, timely[0], problem)
    highest = max(p.order for p in own)
    leading = [p for p in own if p.order == highest]
    if any(n % 2 for p in leading for n in p.orders):
        return None
    signs = {_sign(tree, p, problem) for p in leading}
    (found,) = signs if len(signs) == 1 else {None}
    return found * (-1) ** (highest // 2) if found is not None else None


def _sign(tree: sympy.Expr, partial: Partial, problem: Problem) -> int | None:
    """The sign of a derivative's coefficient, where it is the same everywhere."""
    unknown = sympy.Dummy(real=True)
    slope = sympy.diff(tree.xreplace({problem.scope.tree(partial): unknown}), unknown)
    values = {problem.scope.symbols[name]: number(value) for name, value in problem.values.items()}
    slope = slope.xreplace(values)
    if slope.is_positive:
        return 1
    return -1 if slope.is_negative else None
