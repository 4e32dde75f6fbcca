"""Numbers as they enter a tree: exact fractions of what was written, and never too large for a float."""

import math

import sympy
from sympy.core.function import AppliedUndef

from pinnkit.equations.source import LARGEST

HIGHEST_POWER = 20
"""The largest exponent of anything that is not a number."""

_MOST_BITS = 4096
_SMALL_ROOT = 1000


def exact(value: int | float) -> sympy.Rational:
    """The fraction that a person means by a number: 0.1 is one tenth, not the nearest binary fraction.

    Example:
        >>> exact(0.1)
        1/10
    """
    return sympy.Integer(value) if isinstance(value, int) else sympy.Rational(repr(value))


def power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """A power whose roots of numbers are computed at once.

    sympy would keep 1.2^0.34 as a product of roots of primes, and would spend minutes on the product of many of them.
    Small square roots stay, since they are what a person writes.

    Args:
        base: a tree that is no number, or a number within range.
        exponent: the same; the power must be a real number where both are numbers.

    Raises:
        ValueError: a power that is real for no values of its names, such as the square root of -x^2.
    """
    if exponent.is_Integer:
        if not base.is_Rational or abs(exponent) * (base.p * base.q).bit_length() <= _MOST_BITS:
            return base**exponent
        return exact(float(base) ** int(exponent))
    if base.is_number and exponent.is_number:
        small = base.is_Rational and max(abs(base.p), base.q) < _SMALL_ROOT and exponent.is_Rational
        return base**exponent if small and abs(exponent) == sympy.S.Half else exact(float(base) ** float(exponent))
    if exponent.is_Rational and base.is_Mul:
        number, rest = base.as_independent(*base.free_symbols, *base.atoms(AppliedUndef), as_Add=False)
        if abs(number) != 1:
            sign = 1 if float(number) > 0 else -1
            return power(sign * number, exponent) * power(sign * rest, exponent)
    result = base**exponent
    for factor in sympy.Mul.make_args(result):
        root_of = factor.base if factor.is_Pow else sympy.S.One
        if factor == sympy.I or (root_of.is_number and root_of.is_negative and not factor.exp.is_Integer):
            raise ValueError("this is not a real number")
    return result


def root(tree: sympy.Expr) -> sympy.Expr:
    """The square root.

    Raises:
        ValueError: one of what is never positive.
    """
    return power(tree, sympy.S.Half)


def magnitude(tree: sympy.Expr) -> float | None:
    """The float nearest to a fraction, or None where the tree is no fraction or is out of range."""
    if not tree.is_Rational or not tree.is_finite:
        return None
    try:
        value = tree.p / tree.q
    except OverflowError:
        return None
    return value if abs(value) < LARGEST else None


def power_error(base: float | None, exponent: float | None) -> str | None:
    """What is wrong with a power whose base or exponent is a number (None stands for one that is not)."""
    if base is None:
        if exponent is not None and abs(exponent) > HIGHEST_POWER:
            return f"exponents go up to {HIGHEST_POWER}"
        return None
    if exponent is None:
        return "a number to a variable power must be positive" if base <= 0 else None
    if base == 0 and exponent < 0:
        return "division by zero"
    try:
        value = base**exponent
    except OverflowError:
        value = math.inf
    if isinstance(value, complex):
        return "this is not a real number"
    if abs(value) >= LARGEST:
        return "this number is too large"
    if value == 0 and base != 0:
        return "this number is too small to be told from zero"
    return None
