"""What a condition prescribes on a face: the value, or a normal derivative, of one field as a known expression."""

import math
from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.functions import is_normal_component
from pinnkit.equations.partials import partials_in
from pinnkit.problem.problem import Condition, Face, Problem

_NO_NUMBERS = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.AccumBounds)


@final
@dataclass(frozen=True)
class Prescribed:
    """``field`` differentiated ``normal_order`` times along the face's coordinate equals ``value`` on the face.

    The derivative is along the coordinate itself, not along the outward normal. ``value`` holds no field, and not the
    face's coordinate either: that one is replaced by the face's number.
    """

    field: str
    normal_order: int
    value: sympy.Expr


def prescribed(condition: Condition, face: Face, problem: Problem) -> Prescribed | None:
    """The field, normal order and value that a condition fixes on a face, or None where it fixes no single one.

    The residual must be linear in exactly one derivative of one field, purely normal to the face, with a coefficient
    that is a number other than zero once the parameters have their values: `2*u = sin(t)` prescribes `u = sin(t)/2`;
    `u + u_x = 0`, `u**2 = 1`, `t*u = 1` and a derivative within the face prescribe nothing.
    """
    scope = problem.scope
    tree = condition.tree_on(face, scope)
    if any(is_normal_component(symbol.name) for symbol in tree.free_symbols):
        return None  # it changes from point to point, and is no expression of the coordinates
    found = partials_in(tree, scope)
    if len(found) != 1:
        return None
    (partial,) = found
    order = partial.order
    if order and (face.piece or order != partial.orders[problem.index(face.coordinate)]):
        return None
    unknown = sympy.Dummy(real=True)
    residual = tree.xreplace({scope.tree(partial): unknown})
    if residual.atoms(sympy.Derivative) or any(residual.has(f) for f in scope.functions.values()):
        return None
    if not face.piece:
        residual = residual.xreplace({scope.symbols[face.coordinate]: number(face.value)})
    split = _linear(residual, unknown)
    if split is None:
        return None
    slope, rest = split
    if not _nonzero_number(slope, problem):
        return None
    return Prescribed(partial.field, order, -rest / slope)


def dirichlet_value(condition: Condition, face: Face, problem: Problem) -> dict[str, sympy.Expr] | None:
    """The value of the field that a condition fixes on a face, by the field's name, or None."""
    found = prescribed(condition, face, problem)
    return {found.field: found.value} if found is not None and found.normal_order == 0 else None


def initial_rate_value(condition: Condition, face: Face, problem: Problem) -> dict[str, sympy.Expr] | None:
    """The first normal derivative that a condition fixes on a face (`u_t = g(x)` at the start of time), or None."""
    found = prescribed(condition, face, problem)
    return {found.field: found.value} if found is not None and found.normal_order == 1 else None


def number(value: float) -> sympy.Number:
    """A float as sympy's own number: an exact integer where it is one, so that `sin(pi*x)` vanishes at 1."""
    if math.isinf(value):
        return sympy.oo if value > 0 else -sympy.oo
    return sympy.Integer(int(value)) if float(value).is_integer() else sympy.Float(value)


def _linear(residual: sympy.Expr, unknown: sympy.Dummy) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Slope and constant of a residual that is linear in `unknown`, or None."""
    slope = sympy.diff(residual, unknown)
    if slope.has(unknown):
        slope = sympy.expand(slope)
    if slope.has(unknown) or slope.atoms(sympy.Derivative):
        return None
    rest = residual.xreplace({unknown: sympy.S.Zero})
    return (slope, rest) if not rest.has(*_NO_NUMBERS) else None


def _nonzero_number(slope: sympy.Expr, problem: Problem) -> bool:
    """Whether a slope is a finite number other than zero for the parameters' values."""
    symbols = problem.scope.symbols
    value = slope.xreplace({symbols[name]: number(v) for name, v in problem.values.items()})
    if value.free_symbols:
        value = sympy.simplify(value)
    if value.free_symbols:
        return False
    numeric = complex(value)
    return abs(numeric.imag) == 0 and numeric.real != 0 and abs(numeric) < float("inf")
