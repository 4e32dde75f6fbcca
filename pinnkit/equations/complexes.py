"""Complex trees: a field h is h_re + i h_im, and a tree falls into a real and an imaginary part by algebra.

Parts are real trees over h_re and h_im, so that |h|^2 is h_re^2 + h_im^2, without a root.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import sympy

from pinnkit.equations.choice import Choice
from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import INTEGRAL, JUMP, NORMAL

IMAGINARY = "i"
"""The name of the imaginary unit, where there are complex fields."""

SUFFIXES = ("_re", "_im")
"""What the names of the real fields, equations and conditions end with."""

Parts = tuple[sympy.Expr, sympy.Expr]


def components(name: str) -> tuple[str, str]:
    """The names of the real and the imaginary part of something."""
    return name + SUFFIXES[0], name + SUFFIXES[1]


def complex_tree(name: str, scope: Scope) -> sympy.Expr | None:
    """The tree of the imaginary unit, a complex field or one of its derivatives, or None for any other name."""
    if scope.complex is None:
        return None
    if name == IMAGINARY:
        return sympy.I
    partial = scope.with_fields(*scope.complex).partial(name)
    if partial is None:
        return None
    real, imaginary = (scope.tree(type(partial)(part, partial.orders)) for part in components(partial.field))
    return real + sympy.I * imaginary


def is_complex(tree: sympy.Basic) -> bool:
    """Whether the imaginary unit is in a tree."""
    return bool(tree.has(sympy.I))


def parts(tree: sympy.Expr) -> Parts:
    """The real and the imaginary part of a tree, both without the imaginary unit.

    Example:
        >>> u, v = sympy.symbols("u v", real=True)
        >>> parts((u + sympy.I * v) ** 2)
        (u**2 - v**2, 2*u*v)
    """
    if not is_complex(tree):
        return tree, sympy.S.Zero
    if tree == sympy.I:
        return sympy.S.Zero, sympy.S.One
    if isinstance(tree, sympy.Add):
        pairs = [parts(term) for term in tree.args]
        return sympy.Add(*(p for p, _ in pairs)), sympy.Add(*(q for _, q in pairs))
    if isinstance(tree, sympy.Mul):
        return _product([parts(factor) for factor in tree.args])
    if isinstance(tree, sympy.Pow) and tree.exp.is_Integer:
        return _power(parts(tree.base), int(tree.exp))
    if isinstance(tree, Choice):
        pairs = [parts(branch) for branch, _ in tree.args]
        tests = [test for _, test in tree.args]
        real, imaginary = (Choice(*zip(side, tests, strict=True)) for side in zip(*pairs, strict=True))
        return real, imaginary
    if isinstance(tree, NORMAL | JUMP | INTEGRAL):  # all three are linear
        real, imaginary = parts(tree.args[0])
        return tree.func(real, *tree.args[1:]), tree.func(imaginary, *tree.args[1:])
    raise ValueError(f"`{tree}` has no real and imaginary part in the language")


def _times(a: Parts, b: Parts) -> Parts:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _product(factors: Sequence[Parts]) -> Parts:
    total: Parts = (sympy.S.One, sympy.S.Zero)
    for factor in factors:
        total = _times(total, factor)
    return total


def _power(base: Parts, exponent: int) -> Parts:
    """z^n by products; a negative one is conj(z)^n over |z|^(2n)."""
    if exponent < 0:
        real, imaginary = _power((base[0], -base[1]), -exponent)
        size = (base[0] ** 2 + base[1] ** 2) ** exponent
        return real * size, imaginary * size
    real, imaginary = _product([base] * exponent)
    return sympy.expand(real), sympy.expand(imaginary)


def _exp(z: Parts) -> sympy.Expr:
    return sympy.exp(z[0]) * (sympy.cos(z[1]) + sympy.I * sympy.sin(z[1]))


def _sin(z: Parts) -> sympy.Expr:
    return sympy.sin(z[0]) * sympy.cosh(z[1]) + sympy.I * sympy.cos(z[0]) * sympy.sinh(z[1])


def _cos(z: Parts) -> sympy.Expr:
    return sympy.cos(z[0]) * sympy.cosh(z[1]) - sympy.I * sympy.sin(z[0]) * sympy.sinh(z[1])


def _sinh(z: Parts) -> sympy.Expr:
    return sympy.sinh(z[0]) * sympy.cos(z[1]) + sympy.I * sympy.cosh(z[0]) * sympy.sin(z[1])


def _cosh(z: Parts) -> sympy.Expr:
    return sympy.cosh(z[0]) * sympy.cos(z[1]) + sympy.I * sympy.sinh(z[0]) * sympy.sin(z[1])


OF_PARTS: Mapping[str, Callable[[Parts], sympy.Expr]] = MappingProxyType(
    {"re": lambda z: z[0], "im": lambda z: z[1], "conj": lambda z: z[0] - sympy.I * z[1]}
)
"""What only a complex number needs."""

OF_COMPLEX: Mapping[str, Callable[[Parts], sympy.Expr]] = MappingProxyType(
    {
        **OF_PARTS,
        "abs": lambda z: sympy.sqrt(z[0] ** 2 + z[1] ** 2),
        "exp": _exp,
        "sin": _sin,
        "cos": _cos,
        "sinh": _sinh,
        "cosh": _cosh,
    }
)
"""The functions of a complex number."""


def complex_function(name: str, given: Sequence[sympy.Expr]) -> sympy.Expr:
    """A function of complex arguments.

    Raises:
        ValueError: a function that takes real numbers only.
    """
    if name not in OF_COMPLEX:
        known = ", ".join(f"`{other}`" for other in OF_COMPLEX)
        raise ValueError(f"`{name}` takes real numbers, and this is complex; of complex ones there are {known}")
    return OF_COMPLEX[name](parts(given[0]))


def complex_power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """A power of a complex number.

    Raises:
        ValueError: one whose exponent is no whole number.
    """
    if not exponent.is_Integer:
        raise ValueError("powers of complex numbers have whole exponents; write `exp(…)` for others")
    return base**exponent
