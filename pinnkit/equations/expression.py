"""What an equation is once it has been understood: a sympy tree over declared names, beside the user's own text.

Coordinates and parameters are real symbols; a field `u` of (x, t) is the real sympy function u(x, t), and its
derivatives are sympy's Derivative nodes, so that the chain and product rules are sympy's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import sympy

from pinnkit.errors import Place

MultiIndex = tuple[int, ...]
"""How often each coordinate is differentiated, in the order in which the coordinates were declared."""


@final
@dataclass(frozen=True, order=True)
class Partial:
    """A partial derivative of a field: ``Partial("u", (0, 2))`` is u_tt in the coordinates (x, t); order 0 is u."""

    field: str
    orders: MultiIndex

    @property
    def order(self) -> int:
        """How often the field is differentiated in all."""
        return sum(self.orders)


@final
@dataclass(frozen=True)
class Scope:
    """The names that an equation may use; those ``named`` stand for expressions of coordinates and parameters.

    The coordinates of a ``family`` are parameters that have a range. Where numbers may be complex, `i` is the
    imaginary unit, and each of the ``complex`` fields is made of two real ones among the ``fields``; None elsewhere.
    ``pieces`` are those of the boundary of a domain that is a shape.
    """

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    time: str | None = None
    named: Mapping[str, sympy.Expr] = field(default_factory=dict, compare=False)
    family: tuple[str, ...] = ()
    complex: tuple[str, ...] | None = None
    pieces: tuple[str, ...] = ()

    @property
    def space(self) -> tuple[str, ...]:
        """The coordinates but time and the parameters that have a range."""
        return tuple(c for c in self.coordinates if c != self.time and c not in self.family)

    @cached_property
    def symbols(self) -> Mapping[str, sympy.Symbol]:
        """The real symbol of every coordinate and parameter."""
        return {name: sympy.Symbol(name, real=True) for name in (*self.coordinates, *self.parameters)}

    @cached_property
    def functions(self) -> Mapping[str, sympy.Expr]:
        """Every field as a function of all coordinates."""
        arguments = [self.symbols[name] for name in self.coordinates]
        return {name: sympy.Function(name, real=True)(*arguments) for name in self.fields}

    def with_fields(self, *fields: str) -> "Scope":
        """The same names with other fields."""
        return replace(self, fields=fields)

    def partial(self, name: str) -> Partial | None:
        """The derivative that `name` denotes (`u`, `u_x`, `u_xxt`), or None where it denotes none.

        Only coordinates of one letter can be written behind the underscore.
        """
        for given in sorted(self.fields, key=len, reverse=True):
            if name == given:
                return Partial(given, (0,) * len(self.coordinates))
            letters = name[len(given) + 1 :]
            if name.startswith(given + "_") and letters and all(c in self.coordinates for c in letters):
                return Partial(given, tuple(letters.count(c) if len(c) == 1 else 0 for c in self.coordinates))
        return None

    def tree(self, partial: Partial) -> sympy.Expr:
        """The sympy node of a derivative, in sympy's own order so that equal derivatives are equal trees."""
        if partial not in self._trees:
            pairs = [(self.symbols[c], n) for c, n in zip(self.coordinates, partial.orders, strict=True) if n]
            function = self.functions[partial.field]
            self._trees[partial] = sympy.diff(function, *pairs) if pairs else function
        return self._trees[partial]

    @cached_property
    def _trees(self) -> dict[Partial, sympy.Expr]:
        """The nodes of the derivatives that were asked for, since sympy takes long to make one of many coordinates."""
        return {}

    def name(self, partial: Partial) -> str:
        """How a person writes the derivative: `u`, `u_xt`, or `d(u, theta, 2)` where a coordinate has a long name."""
        used = [(c, n) for c, n in zip(self.coordinates, partial.orders, strict=True) if n]
        if not used:
            return partial.field
        if all(len(c) == 1 for c, _ in used):
            return partial.field + "_" + "".join(c * n for c, n in used)
        steps = ", ".join(c if n == 1 else f"{c}, {n}" for c, n in used)
        return f"d({partial.field}, {steps})"


@final
@dataclass(frozen=True)
class Expression:
    """A checked expression: left minus right where the text is an equation.

    ``text`` is what the user wrote, since sympy reorders; ``sides`` are the two trees of an equation.
    """

    text: str
    tree: sympy.Expr
    place: Place | None = field(default=None, compare=False)
    sides: tuple[sympy.Expr, sympy.Expr] | None = None
