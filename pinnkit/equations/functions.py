"""The functions of the language in one table: a new function is one row here and one row in its test.

Each row says how a function is written, how many arguments it takes, which sympy node it makes, and which operation
of NumPy (or scipy.special) and of torch computes it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

import sympy

from pinnkit.equations.choice import Choice, choose
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.equations.numbers import root

NORMAL = sympy.Function("dn")
"""Marks a normal derivative, `dn(u)`, until the face is known."""

_ALONG = "normal along "
"""Begins the names of a normal's components; with their blanks they are names that no person can give."""


def normal_component(coordinate: str) -> sympy.Symbol:
    """The component of the outward unit normal along a coordinate, where it changes from point to point."""
    return sympy.Symbol(_ALONG + coordinate, real=True)


def is_normal_component(name: str) -> bool:
    """Whether a symbol's name is that of a component of the normal."""
    return name.startswith(_ALONG)


def coordinate_of(name: str) -> str:
    """The coordinate along which a component of the normal is, by the name of its symbol."""
    return name.removeprefix(_ALONG)


JUMP = sympy.Function("jump")
"""Marks a jump across an interface, `jump(u)`, until the two regions that meet there are known."""

INTEGRAL = sympy.Function("integral", real=True)
"""Marks an integral, `integral(u, x)`, until its nodes are known."""

HIGHEST_DEGREE = 100
"""The highest degree of a Legendre polynomial."""


class Legendre(sympy.Function):
    """A Legendre polynomial that stays one: sympy's own expands into powers, which cancel badly near one."""

    nargs = (2,)

    @classmethod
    def eval(cls, degree: sympy.Expr, argument: sympy.Expr) -> sympy.Expr | None:
        """The two polynomials that are shorter than their names.

        The degree may also be a parameter, or hold one.

        Raises:
            ValueError: a degree that is a number and not a whole one between 0 and 100, or varies with the argument.
        """
        if degree.free_symbols and not degree.free_symbols & argument.free_symbols:
            return None
        if not (degree.is_Integer and 0 <= degree <= HIGHEST_DEGREE):
            raise ValueError(f"the degree of `legendre` is a whole number from 0 to {HIGHEST_DEGREE}")
        return sympy.S.One if degree == 0 else argument if degree == 1 else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative as a sum of polynomials of lower degree, which has no pole at the ends of the interval.

        With a parameter as degree the sum has no length, and the derivative is l (x P_l - P_(l-1))/(x^2 - 1).
        """
        if argindex != 2:
            raise sympy.core.function.ArgumentIndexError(self, argindex)
        if self.args[0].free_symbols:
            degree, argument = self.args
            return degree * (argument * self - Legendre(degree - 1, argument)) / (argument**2 - 1)
        degree, argument = int(self.args[0]), self.args[1]
        return sympy.Add(*((2 * k + 1) * Legendre(k, argument) for k in range(degree - 1, -1, -2)))

    def _eval_is_extended_real(self) -> bool | None:
        return self.args[1].is_extended_real

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return sympy.legendre(*self.args)._eval_evalf(prec)


class Hyp2f1(sympy.Function):
    """Gauss' hypergeometric function with its four arguments side by side."""

    nargs = (4,)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative in the last argument: ``a*b/c * hyp2f1(a + 1, b + 1, c + 1, z)``."""
        if argindex != 4:
            raise sympy.core.function.ArgumentIndexError(self, argindex)
        a, b, c, z = self.args
        return a * b / c * Hyp2f1(a + 1, b + 1, c + 1, z)

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        a, b, c, z = self.args
        return sympy.hyper((a, b), (c,), z)._eval_evalf(prec)


@final
@dataclass(frozen=True)
class Function:
    """One function of the language.

    ``fewest`` and ``most`` bound the number of arguments (``most`` is None where there is no bound), ``build`` makes
    the sympy node of class ``node``, ``numpy`` and ``torch`` name the operations, ``special`` functions are for exact
    solutions only, and ``fragile`` ones have arguments at which their value or their slope is infinite.
    """

    fewest: int
    most: int | None
    build: Callable[..., sympy.Expr]
    node: type | None
    numpy: str
    torch: str | None
    special: bool = False
    fragile: bool = False


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "sin": Function(1, 1, sympy.sin, sympy.sin, "sin", "sin"),
        "cos": Function(1, 1, sympy.cos, sympy.cos, "cos", "cos"),
        "tan": Function(1, 1, sympy.tan, sympy.tan, "tan", "tan"),
        "asin": Function(1, 1, sympy.asin, sympy.asin, "arcsin", "asin", fragile=True),
        "acos": Function(1, 1, sympy.acos, sympy.acos, "arccos", "acos", fragile=True),
        "atan": Function(1, 1, sympy.atan, sympy.atan, "arctan", "atan"),
        "atan2": Function(2, 2, sympy.atan2, sympy.atan2, "arctan2", "atan2", fragile=True),
        "sinh": Function(1, 1, sympy.sinh, sympy.sinh, "sinh", "sinh", fragile=True),
        "cosh": Function(1, 1, sympy.cosh, sympy.cosh, "cosh", "cosh", fragile=True),
        "tanh": Function(1, 1, sympy.tanh, sympy.tanh, "tanh", "tanh"),
        "exp": Function(1, 1, sympy.exp, sympy.exp, "exp", "exp", fragile=True),
        "log": Function(1, 1, sympy.log, sympy.log, "log", "log", fragile=True),
        "sqrt": Function(1, 1, root, None, "sqrt", "sqrt", fragile=True),
        "abs": Function(1, 1, sympy.Abs, sympy.Abs, "abs", "abs"),
        "sign": Function(1, 1, sympy.sign, sympy.sign, "sign", "sign"),
        "heaviside": Function(1, 1, sympy.Heaviside, sympy.Heaviside, "heaviside", "heaviside"),
        "min": Function(2, None, Minimum, Minimum, "minimum", "minimum"),
        "max": Function(2, None, Maximum, Maximum, "maximum", "maximum"),
        "where": Function(3, 3, choose, Choice, "where", "where"),
        "erf": Function(1, 1, sympy.erf, sympy.erf, "special.erf", "erf"),
        "erfc": Function(1, 1, sympy.erfc, sympy.erfc, "special.erfc", "erfc", special=True),
        "gamma": Function(1, 1, sympy.gamma, sympy.gamma, "special.gamma", None, special=True),
        "besselj": Function(2, 2, sympy.besselj, sympy.besselj, "special.jv", None, special=True),
        "bessely": Function(2, 2, sympy.bessely, sympy.bessely, "special.yv", None, special=True),
        "legendre": Function(2, 2, Legendre, Legendre, "special.eval_legendre", None, special=True),
        "hyp2f1": Function(4, 4, Hyp2f1, Hyp2f1, "special.hyp2f1", None, special=True),
        "airyai": Function(1, 1, sympy.airyai, sympy.airyai, "airyai", None, special=True),
        "airyaiprime": Function(1, 1, sympy.airyaiprime, sympy.airyaiprime, "airyaiprime", None, special=True),
    }
)

OPERATORS = ("d", "laplace", "div", "grad", "dot", "vec", "dn", "jump", "integral")
"""Derivatives, the Laplacian, vectors, the derivative along the outward normal, a jump at an interface, an integral."""

CONSTANTS: Mapping[str, sympy.Expr] = MappingProxyType({"pi": sympy.pi})

NOT_NUMBERS = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
"""What sympy answers to a division by zero and its like."""


def name_of(node: sympy.Expr) -> str | None:
    """The name under which a sympy node is written, or None where it is no function of the language."""
    return next((name for name, row in FUNCTIONS.items() if row.node is type(node)), None)


def operands_of(node: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The arguments of a function as they are written; sympy's Heaviside carries its value at zero behind them."""
    return node.args[:1] if isinstance(node, sympy.Heaviside) else node.args


def listed(special: bool) -> tuple[str, ...]:
    """The functions that may be called, with those for exact solutions or without."""
    return tuple(name for name, row in FUNCTIONS.items() if special or not row.special)
