"""Vectors of a text, which become numbers before it ends: gradients, and what is written by its components.

A vector is a sum of products of one number and one mark each, `grad(u)` or `vec(u, v)`. With components F_k along the
coordinates x_k of space,

    div(F) = sum_k dF_k/dx_k        dot(F, G) = sum_k F_k G_k
"""

from collections.abc import Sequence
from typing import Any

import sympy

from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.expression import Scope

VECTORS = ("grad", "vec", "div", "dot")
"""What makes vectors, and what makes numbers of them."""


HINT = "Its divergence is `div(…)`, its product with another `dot(…, …)`."
"""What to do with a vector where a number is needed."""


class _Mark(sympy.Function):
    """A vector in a tree of numbers."""

    is_number = False  # whatever its components are, so that nobody takes it for one

    @classmethod
    def eval(cls, *args: Any) -> None:
        """As it is written."""


class Gradient(_Mark):
    """The derivatives of its argument along the coordinates of space."""


class Components(_Mark):
    """The numbers that are given, one a coordinate of space."""


def has_vector(tree: sympy.Expr) -> bool:
    """Whether a tree is a vector, or holds one."""
    return bool(tree.has(_Mark))


def components(tree: sympy.Expr, scope: Scope) -> list[sympy.Expr]:
    """The components of a vector along the coordinates of space.

    Raises:
        ValueError: a tree that is no vector, with what it is instead.
        UserError: a gradient of what cannot be differentiated.
    """
    found = [sympy.S.Zero] * len(scope.space)
    for term in sympy.Add.make_args(sympy.expand_mul(tree)):
        factors = sympy.Mul.make_args(term)
        marks = [factor for factor in factors if isinstance(factor, _Mark)]
        rest = sympy.Mul(*(factor for factor in factors if not isinstance(factor, _Mark)))
        if not marks and not has_vector(rest):
            raise ValueError("this is a number, and a vector is needed, such as `grad(u)` or `vec(u, v)`")
        if len(marks) != 1 or has_vector(rest):
            raise ValueError("this is no vector: two of them are multiplied by `dot(…, …)`")
        found = [sum_ + rest * own for sum_, own in zip(found, _of(marks[0], scope), strict=True)]
    return found


def _of(mark: sympy.Expr, scope: Scope) -> Sequence[sympy.Expr]:
    """The components of one mark."""
    if isinstance(mark, Gradient):
        return [differentiate(mark.args[0], name, scope) for name in scope.space]
    return mark.args


def divergence(tree: sympy.Expr, scope: Scope) -> sympy.Expr:
    """The divergence of a vector.

    Raises:
        ValueError: a tree that is no vector.
        UserError: what cannot be differentiated.

    Example:
        >>> scope = Scope(("x", "y"), ("u",))
        >>> divergence(Gradient(scope.functions["u"]), scope)
        Derivative(u(x, y), (x, 2)) + Derivative(u(x, y), (y, 2))
    """
    own = components(tree, scope)
    return sympy.Add(*(differentiate(part, name, scope) for part, name in zip(own, scope.space, strict=True)))


def product(left: sympy.Expr, right: sympy.Expr, scope: Scope) -> sympy.Expr:
    """The inner product of two vectors.

    Raises:
        ValueError: a tree that is no vector.
        UserError: what cannot be differentiated.
    """
    return sympy.Add(*(a * b for a, b in zip(components(left, scope), components(right, scope), strict=True)))
