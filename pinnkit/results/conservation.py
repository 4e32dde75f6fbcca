"""How well trained fields keep what their equations conserve.

Where m R is a divergence, R being the residual of an equation and m a multiplier, its integral over the domain is what
flows over the boundary, less what sources give: zero for the solution. Told are

    I = integral of m R    and    I / integral of (sum of |terms of m R|)

Multipliers are 1 (mass, charge, momentum), a field and its derivative in time (energies), and for two equations both
fields, such as the parts of a complex one (probability).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import sympy

from pinnkit.equations.divergences import is_divergence
from pinnkit.equations.expression import Expression
from pinnkit.equations.reductions import DOMAIN, REDUCTIONS
from pinnkit.equations.text import to_text
from pinnkit.geometry import Quadrature
from pinnkit.problem.output import Output
from pinnkit.problem.problem import Problem, TorchResidual
from pinnkit.results.outputs import find_outputs

_MOST_COORDINATES = 4
"""More have too many nodes."""


@final
@dataclass(frozen=True)
class Kept:
    """What an equation conserves.

    Args:
        name: of the equation, with its multiplier where that is not 1.
        integral: of the equation times its multiplier, which vanishes for the solution.
        relative: the same over the integral of its terms' sizes.
    """

    name: str
    integral: float
    relative: float


def conserved(
    problem: Problem, evaluate: Callable[[sympy.Expr, np.ndarray], np.ndarray], quadrature: Quadrature
) -> tuple[Kept, ...]:
    """What the equations conserve, and how well the fields do; nothing of parts of a domain and of eigenproblems.

    Args:
        problem: its equations and its domain.
        evaluate: the solved fields: a tree at points (n, d), (n,).
        quadrature: the rule for integrals.
    """
    if problem.regions or problem.levels is not None or len(problem.coordinates) > _MOST_COORDINATES:
        return ()
    found = []
    for name, tree in _divergences(problem):
        terms = [
            t for part in sympy.Add.make_args(tree) for t in sympy.Add.make_args(sympy.expand_mul(part, deep=False))
        ]
        sizes = sympy.Add(*map(sympy.Abs, terms))
        asked = (_integral("integral", tree), _integral("sizes", sizes))
        values = find_outputs(replace(problem, outputs=asked), evaluate, quadrature).values
        integral, size = values["integral"], values["sizes"]
        if isinstance(integral, float) and isinstance(size, float) and size > 0:
            found.append(Kept(name, integral, abs(integral) / size))
    return tuple(found)


def _divergences(problem: Problem) -> Iterator[tuple[str, sympy.Expr]]:
    """What the equations conserve, by name."""
    scope = problem.scope
    trees = {e.name: e.residual.tree for e in problem.equations if not isinstance(e.residual, TorchResidual)}
    for name, tree in trees.items():
        if is_divergence(tree, scope):
            yield name, tree
        for text, multiplier in _multipliers(problem):
            if is_divergence(multiplier * tree, scope):
                yield f"{text} * {name}", multiplier * tree
    if len(trees) == len(scope.fields) == 2:
        yield from _pairs(problem, trees)


def _multipliers(problem: Problem) -> Iterator[tuple[str, sympy.Expr]]:
    """The fields, and their derivatives in time."""
    scope = problem.scope
    for name, field in scope.functions.items():
        yield name, field
        if problem.time is not None:
            slope = sympy.diff(field, scope.symbols[problem.time])
            yield to_text(slope, scope), slope


def _pairs(problem: Problem, trees: Mapping[str, sympy.Expr]) -> Iterator[tuple[str, sympy.Expr]]:
    """Sums of both equations, each times one of two fields, of which neither is a divergence by itself."""
    scope = problem.scope
    (one, first), (two, second) = trees.items()
    (name, field), (other, partner) = scope.functions.items()
    for a, b, left, right in ((name, other, field, partner), (other, name, partner, field)):
        if is_divergence(left * first, scope) or is_divergence(right * second, scope):
            continue
        for sign, word in ((1, "+"), (-1, "-")):
            tree = left * first + sign * right * second
            if is_divergence(tree, scope):
                yield f"{a} * {one} {word} {b} * {two}", tree


def _integral(name: str, tree: sympy.Expr) -> Output:
    """The integral of a tree over the whole domain."""
    return Output(name, Expression(name, REDUCTIONS["integral"](tree, DOMAIN)))
