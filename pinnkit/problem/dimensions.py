"""The unit of an expression, found from those of its names.

In a sum all terms must have the same exponents; what enters a function, such as the sine, must have none. A number that
is a term of a sum by itself has the unit of the others, as in `u = 300`; one that is a factor has none. A derivative
has the unit of its field over those of its coordinates, an integral that of its operand times those of what it goes
along.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, final

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from pinnkit.equations.expression import Scope
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.equations.functions import INTEGRAL, JUMP, NORMAL, is_normal_component
from pinnkit.equations.reductions import (
    AT,
    REDUCTIONS,
    SINGLE,
    along_of,
    held_of,
    name_of_reduction,
    on_of,
)
from pinnkit.equations.text import to_text
from pinnkit.errors import UserError
from pinnkit.problem.names import short
from pinnkit.problem.unit import PURE, Unit

ROUNDING = 1e-12
"""Relative, within which two factors are the same."""

Found = tuple[Unit | None, sympy.Expr]
"""The unit of a tree, None for a number that takes any; and the tree whose value times the factor is in base units."""


@final
class Dimensions:
    """The unit of trees over the names of a problem.

    Args:
        scope: the names.
        units: of those that have one.
        measure: of what an integral goes over that names no coordinates; that of all that are not held where not given.
        network: the field that stands for a network, whose terms take any unit.
    """

    def __init__(
        self, scope: Scope, units: Mapping[str, Unit], measure: Unit | None = None, network: str | None = None
    ) -> None:
        self._scope, self._units, self._measure = scope, units, measure
        self._names = {symbol: name for name, symbol in scope.symbols.items()}
        self._fields = {function: name for name, function in scope.functions.items()}
        self._network = scope.functions[network] if network is not None else None

    def of(self, tree: sympy.Expr) -> Found:
        """The unit and the tree.

        Raises:
            UserError: units that do not go together.
        """
        unit, inner = self._of(tree)
        return (None if self._trained(tree) and not isinstance(tree, sympy.Add) else unit), inner

    def led(self, tree: sympy.Expr, wanted: Unit) -> sympy.Expr:
        """The tree whose value is in a unit, which a number that is a term by itself has already.

        Raises:
            UserError: it is in the unit of something else, or units do not go together.
        """
        terms = list(tree.args) if isinstance(tree, sympy.Add) else [tree]
        found = []
        for term in terms:
            unit, inner = self.of(term)
            if unit is not None and unit.exponents != wanted.exponents:
                raise UserError(f"`{short(to_text(term, self._scope), 60)}` is in {unit}, and is to be in {wanted}")
            found.append(inner if unit is None else times(inner, unit.factor / wanted.factor))
        return sympy.Add(*found)

    def _of(self, tree: sympy.Expr) -> Found:
        if tree.is_number:
            return None, tree
        if tree in self._names or tree in self._fields:
            return self._unit(self._names.get(tree) or self._fields[tree]), tree
        if isinstance(tree, sympy.Symbol) and is_normal_component(tree.name):
            return PURE, tree
        kinds: tuple[tuple[Any, Callable[[Any], Found]], ...] = (
            (sympy.Derivative, self._derivative),
            (sympy.Add | Minimum | Maximum, lambda tree: self._alike(tree, list(tree.args))),
            (sympy.Piecewise, self._choice),
            (sympy.Mul, self._product),
            (sympy.Pow, self._power),
            (sympy.Abs | JUMP, self._kept),
            (sympy.sign | sympy.Heaviside, lambda tree: (PURE, tree.func(self.of(tree.args[0])[1], *tree.args[1:]))),
            (sympy.atan2, lambda tree: (PURE, self._alike(tree, list(tree.args))[1])),
            (NORMAL, self._normal),
            (tuple(REDUCTIONS.values()), self._reduction),
        )
        rule = next((rule for kind, rule in kinds if isinstance(tree, kind)), None)
        if rule is not None:
            return rule(tree)
        return PURE, tree.func(*(self._pure(argument, tree) for argument in tree.args))

    def held(self, value: sympy.Expr, name: str) -> sympy.Expr:
        """What a value of a name is in the unit of that name.

        Raises:
            UserError: it is in the unit of something else.
        """
        try:
            return self.led(value, self._unit(name))
        except UserError as error:
            raise UserError(f"the value of `{name}`: {error.mistakes[0].message}") from None

    def along(self, names: Iterable[str]) -> Unit:
        """The unit of the product of some coordinates."""
        return reduce(Unit.times, map(self._unit, names), PURE)

    def along_space(self, what: str) -> Unit:
        """The unit of all coordinates of space, which `what` needs.

        Raises:
            UserError: they have several.
        """
        found = {self._unit(name) for name in self._scope.space}
        if len(found) > 1:
            raise UserError(f"{what} needs one unit for all coordinates of space")
        return found.pop() if found else PURE

    def on_piece(self) -> Unit:
        """The unit of the measure of a piece of a shape's boundary."""
        return PURE.times(self.along_space("an integral over a boundary"), len(self._scope.space) - 1.0)

    def _unit(self, name: str) -> Unit:
        return self._units.get(name, PURE)

    def _trained(self, tree: sympy.Expr) -> bool:
        """Whether a tree holds the network, so that what it is multiplied with takes any unit."""
        return self._network is not None and tree.has(self._network)

    def _derivative(self, tree: sympy.Derivative) -> Found:
        unit = self._unit(self._fields[tree.expr])
        for symbol, count in tree.variable_count:
            unit = unit.times(self._unit(self._names[symbol]), -int(count))
        return unit, tree

    def _kept(self, tree: sympy.Expr) -> Found:
        """What has the unit of its operand."""
        unit, inner = self.of(tree.args[0])
        return unit, tree.func(inner)

    def _normal(self, tree: sympy.Expr) -> Found:
        unit, inner = self.of(tree.args[0])
        return (unit or PURE).times(self.along_space("`dn`"), -1.0), NORMAL(inner)

    def _reduction(self, tree: sympy.Expr) -> Found:
        """A number of a field: an integral, an extreme, a place or a value."""
        unit, inner = self.of(tree.args[0])
        held = {name: self.held(value, name) for name, value in held_of(tree).items()}
        kept = [a for a in tree.args[1:] if not isinstance(a, AT)]
        node = tree.func(inner, *kept, *(AT(self._scope.symbols[name], value) for name, value in held.items()))
        along = along_of(tree)
        if isinstance(tree, INTEGRAL):
            if on_of(tree) is not None:
                measure = self.on_piece()
            elif along or self._measure is None:
                measure = self.along(along or (c for c in self._scope.coordinates if c not in held))
            else:
                measure = self._measure
            return (unit or PURE).times(measure), node
        return (self._unit(along[0]) if name_of_reduction(tree) in SINGLE else unit), node

    def _choice(self, tree: sympy.Expr) -> Found:
        """Branches of one unit, each under its condition."""
        conditions = [self._pure(condition, tree) for _, condition in tree.args]

        def chosen(*branches: sympy.Expr) -> sympy.Expr:
            return tree.func(*zip(branches, conditions, strict=True))

        return self._alike(tree, [branch for branch, _ in tree.args], chosen)

    def _alike(self, tree: sympy.Expr, terms: list[sympy.Expr], made: Callable[..., sympy.Expr] | None = None) -> Found:
        """Terms of one unit, each led to the factor of the first, and made into one tree again."""
        made = made or tree.func
        read = [(term, *self.of(term)) for term in terms]
        known = [(term, unit) for term, unit, _ in read if unit is not None]
        if not known:
            return None, made(*(inner for _, _, inner in read))
        first, unit = known[0]
        for term, other in known[1:]:
            if other.exponents != unit.exponents:
                shown = [short(to_text(t, self._scope), 60) for t in (first, term)]
                raise UserError(f"`{shown[0]}` is in {unit}, and `{shown[1]}` in {other}: they do not add up")
        apart = [other.factor for _, other in known if not math.isclose(other.factor, unit.factor, rel_tol=ROUNDING)]
        if apart and any(t != 0 and not self._trained(t) for t, u, _ in read if u is None):
            raise UserError("a number stands beside terms of several units; give it a name and a unit in `parameters`")
        led = [times(inner, (own or unit).factor / unit.factor) for _, own, inner in read]
        return unit, made(*led)

    def _product(self, tree: sympy.Mul) -> Found:
        unit, factors = PURE, []
        for factor in tree.args:
            own, inner = self.of(factor)
            unit = unit.times(own or PURE)
            factors.append(inner)
        return unit, sympy.Mul(*factors)

    def _power(self, tree: sympy.Pow) -> Found:
        base, exponent = tree.as_base_exp()
        unit, inner = self.of(base)
        if unit is None or not (unit.exponents or unit.factor != 1.0):
            return PURE, sympy.Pow(inner, self._pure(exponent, tree))
        if not exponent.is_number:
            raise UserError(f"`{short(to_text(tree, self._scope), 60)}` has a power that is no number, of {unit}")
        return PURE.times(unit, float(exponent)), sympy.Pow(inner, exponent)

    def _pure(self, argument: Any, tree: sympy.Expr) -> Any:
        """What enters a function, as a plain number."""
        if isinstance(argument, Relational):
            return self._alike(argument, list(argument.args))[1]
        if isinstance(argument, BooleanFunction):
            return argument.func(*(self._pure(part, tree) for part in argument.args))
        if not isinstance(argument, sympy.Expr):
            return argument
        unit, inner = self.of(argument)
        if unit is not None and unit.exponents:
            shown = [short(to_text(t, self._scope), 60) for t in (tree, argument)]
            raise UserError(f"`{shown[0]}` is a function of `{shown[1]}`, which is in {unit} and needs to be a number")
        return times(inner, unit.factor if unit is not None else 1.0)


def times(tree: sympy.Expr, factor: float) -> sympy.Expr:
    """A tree times a number, as it is where that is one."""
    if math.isclose(factor, 1.0, rel_tol=ROUNDING):
        return tree
    whole = float(f"{factor:.14g}")
    return (sympy.Integer(int(whole)) if whole.is_integer() and whole < 1e15 else sympy.Float(whole)) * tree
