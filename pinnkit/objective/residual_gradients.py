"""Residual gradients: where an equation holds everywhere, so do its derivatives, and each point says more.

Beside every equation r = 0 stand the rows of its derivatives along all coordinates, and beside every condition c = 0
that is not exact those along the coordinates within its faces, all with the weight lambda:

    loss = 1/2 sum_m w_m (mean r_m^2 + lambda sum_k mean ((L_k/2) d r_m / d x_k)^2).

L_k is the length of the interval of x_k. Half of it makes the derivative that along a coordinate from -1 to 1, so that
lambda is free of units, and a field stretched along a coordinate is the same task.

J. Yu, L. Lu, X. Meng, G. E. Karniadakis, Comput. Methods Appl. Mech. Eng. 393 (2022) 114823, for the equations.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import sympy

from pinnkit.equations import NORMAL
from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.expression import Expression, Scope
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.handover import Given
from pinnkit.problem.prescribed import number
from pinnkit.problem.problem import Condition, Equation, Problem, TorchResidual


@final
@dataclass(frozen=True)
class Origin:
    """What a further term is the derivative of: ``factor`` times d ``term`` / d ``coordinate``."""

    term: str
    coordinate: str
    factor: float


@final
@dataclass(frozen=True)
class Further:
    """Equations and conditions that follow from those of the problem, and are rows of the objective alone.

    Args:
        equations: asked where those of the problem are.
        conditions: asked on their own faces.
        origins: of every one, by its name, what it is the derivative of.
        weight: lambda.
    """

    equations: tuple[Equation, ...] = ()
    conditions: tuple[Condition, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    weight: float = 1.0

    def weights(self, given: Mapping[str, float]) -> dict[str, float]:
        """The given weights of terms, and lambda times that of its origin for every further term without one."""
        own = {name: self.weight * given.get(origin.term, 1.0) for name, origin in self.origins.items()}
        return {**own, **given}


@final
@dataclass(frozen=True)
class ResidualGradients:
    """Further rows: the derivatives of the residuals along the coordinates.

    Args:
        weight: lambda, of every squared row beside that of the residual that it is the derivative of.
        conditions: whether conditions have such rows too.

    Example:
        >>> ResidualGradients().weight
        0.01
    """

    weight: float = 1e-2
    conditions: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise UserError(f"`weight` of `residual_gradients` is {self.weight:g}; it needs a finite number above 0")

    def of(self, problem: Problem, trained: Sequence[Equation], soft: Sequence[Condition]) -> Further:
        """The derivatives of those equations and conditions of a problem that are not exact.

        Raises:
            UserError: an equation that is a Python function, and what has no derivative in the language.
        """
        taken = {e.name for e in problem.equations} | {c.name for c in problem.conditions}
        equations, conditions, origins = [], [], {}
        for equation in trained:
            for origin, residual in _along_all(equation, problem):
                name = _named(origin, taken)
                equations.append(Equation(name, residual, equation.part))
                origins[name] = origin
        for condition in soft if self.conditions else ():
            for origin, found in _within_faces(condition, problem):
                name = _named(origin, taken)
                conditions.append(replace(found, name=name))
                origins[name] = origin
        return Further(tuple(equations), tuple(conditions), origins, self.weight)


def _along_all(equation: Equation, problem: Problem) -> Iterator[tuple[Origin, Expression]]:
    """The derivatives of an equation that do not vanish."""
    if isinstance(equation.residual, TorchResidual):
        sentence = f"equation `{equation.name}` is a Python function, and `residual_gradients` needs its derivatives"
        raise UserError(Mistake(sentence, hint="Write it as text or as a sympy expression."))
    for coordinate in problem.coordinates:
        origin = Origin(equation.name, coordinate.name, coordinate.axis.half)
        tree = _derivative(equation.residual.tree, origin, problem.scope)
        if tree != 0:
            yield origin, _expression(tree, origin)


def _within_faces(condition: Condition, problem: Problem) -> Iterator[tuple[Origin, Condition]]:
    """The derivatives of a condition along every coordinate, on those of its faces that the coordinate lies in."""
    for coordinate in problem.coordinates:
        faces = tuple(face for face in condition.faces if not face.piece and face.coordinate != coordinate.name)
        if faces:
            origin = Origin(condition.name, coordinate.name, coordinate.axis.half)
            tree = _derivative(condition.residual.tree, origin, problem.scope)
            given = _given(condition, origin) if condition.given is not None else None
            if tree != 0:
                yield origin, replace(condition, faces=faces, residual=_expression(tree, origin), given=given)


def _derivative(tree: sympy.Expr, origin: Origin, scope: Scope) -> sympy.Expr:
    """(L/2) d tree / d coordinate; normal derivatives are along another coordinate, and change places with it.

    Each normal derivative stands as a field of its own while the tree is differentiated.
    """
    names = {node: _free(f"normal_{k}", scope.symbols) for k, node in enumerate(sorted(tree.atoms(NORMAL), key=str))}
    wider = replace(scope, fields=(*scope.fields, *names.values()))
    try:
        held = tree.xreplace({node: wider.functions[name] for node, name in names.items()})
        found = differentiate(held, origin.coordinate, wider)
        for node, name in names.items():
            own = wider.functions[name]
            slope = NORMAL(differentiate(node.args[0], origin.coordinate, scope))
            found = found.xreplace({own.diff(wider.symbols[origin.coordinate]): slope}).xreplace({own: node})
    except UserError as error:
        where = f"`residual_gradients` of `{origin.term}` along `{origin.coordinate}`"
        raise UserError(*(replace(m, message=f"{where}: {m.message}") for m in error.mistakes)) from None
    return number(origin.factor) * found


def _given(condition: Condition, origin: Origin) -> Callable[[np.ndarray], np.ndarray]:
    """(L/2) times the derivative of the values that are given."""
    if not isinstance(condition.given, Given):
        raise UserError(
            f"the values given for condition `{condition.name}` have no known derivatives, which "
            "`residual_gradients` need; set its `conditions: false`"
        )
    slope = condition.given.along(origin.coordinate)
    return lambda points: origin.factor * slope(points)


def _expression(tree: sympy.Expr, origin: Origin) -> Expression:
    return Expression(f"{origin.factor:g}*d({origin.term}, {origin.coordinate})", tree)


def _named(origin: Origin, taken: set[str]) -> str:
    """A name of its own, such as `momentum_x`."""
    name = _free(f"{origin.term}_{origin.coordinate}", taken)
    taken.add(name)
    return name


def _free(name: str, taken: Mapping[str, object] | set[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
