"""Units of coordinates, fields and parameters: every statement is checked, and led back to one system where they mix.

A unit is a factor to the base units of the SI and an exponent of each of them, as pint says. In a sum all terms must
have the same exponents; what enters a function, such as the sine, must have none. A number that is a term of a sum by
itself has the unit of the others, as in `u = 300`; one that is a factor has none. Where units do not belong to one
system, such as mm beside m, each symbol stands for its number times its factor, so that the factors of every sum can
be told: they are written into the equations, and numbers, files and pictures keep the units that were asked for.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from pinnkit.equations.complexes import components
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.equations.functions import NORMAL, is_normal_component
from pinnkit.equations.text import to_text
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.names import short
from pinnkit.problem.problem import Problem, TorchResidual

_LONGEST = 80
_ROUNDING = 1e-12

_POWER = r"(?:\s*(?:\^|\*\*)\s*(?:[-+]?\d{1,2}(?:\.\d{1,3})?|\([-+]?\d{1,2}(?:/\d{1,2})?\)))?"
_UNIT = re.compile(rf"[\s(]*(?:[^\W\d]\w*|%|1){_POWER}(?:[\s()]*[\s*/]\s*[\s(]*(?:[^\W\d]\w*|%|1){_POWER})*[\s)]*")
"""Names and powers that are small numbers, multiplied and divided."""


@final
@dataclass(frozen=True)
class Unit:
    """A factor to the base units of the SI, and the exponents of these by name."""

    factor: float = 1.0
    exponents: tuple[tuple[str, float], ...] = ()

    def times(self, other: "Unit", power: float = 1.0) -> "Unit":
        """The product with a power of another one."""
        found = dict(self.exponents)
        for name, exponent in other.exponents:
            found[name] = found.get(name, 0.0) + power * exponent
        kept = tuple(sorted((n, round(e, 9)) for n, e in found.items() if abs(e) > 1e-9))
        return Unit(self.factor * other.factor**power, kept)

    def __str__(self) -> str:
        powers = [n if e == 1 else f"{n}^{e:g}" for n, e in self.exponents]
        return "*".join(powers) or "a number"


PURE = Unit()
Found = tuple[Unit | None, sympy.Expr]
"""The unit of a tree, None for a number that takes any; and the tree whose value times the factor is in base units."""


def read_unit(text: str, place: Place, registry: Any) -> Unit:
    """The unit that a text names, such as `mm`, `W/(m*K)` or `m^2/s`.

    Args:
        text: the text.
        place: where it stands.
        registry: pint's, of all units that are known.

    Raises:
        UserError: there is no such unit, or its zero is not zero, as of `degC`.
    """
    hint = "Such as `m`, `mm`, `m^2/s`, `W/(m*K)` or `1`."
    wrong = UserError(Mistake(f"`{short(text)}` is no unit that is known", place, hint=hint))
    if len(text) > _LONGEST or _UNIT.fullmatch(text) is None:
        raise wrong  # pint would work out a tower of powers before it looked at it
    try:
        unit = registry.parse_units(text) if text.strip() != "1" else registry.dimensionless
        one, two = (registry.Quantity(float(k), unit).to_base_units() for k in (1, 2))
        exponents = {str(name): float(power) for name, power in one.unit_items()}
    except Exception:  # pint raises a kind of its own for everything that it trips over
        raise wrong from None
    if not math.isclose(2.0 * one.magnitude, two.magnitude, rel_tol=1e-9):
        hint = "Take `K`, or `delta_degC` for a difference."
        raise UserError(Mistake(f"the zero of `{text}` is not zero, which equations need", place, hint=hint))
    if not 0 < one.magnitude < math.inf or any(abs(e) > 100 for e in exponents.values()):
        raise wrong
    kept = tuple(sorted((name, e) for name, e in exponents.items() if name != "radian" and e))
    return Unit(float(one.magnitude), kept)


def units_known(place: Place) -> Any:
    """The registry of pint.

    Raises:
        UserError: it is not installed.
    """
    try:
        import pint
    except ImportError:
        raise UserError(Mistake("`units` need the package `pint`", place, hint="`pip install pint`.")) from None
    return pint.UnitRegistry(cache_folder=None)


@final
class _Reader:
    """The unit of trees over the names of a problem."""

    def __init__(self, scope: Scope, units: Mapping[str, Unit]) -> None:
        self._scope, self._units = scope, units
        self._names = {symbol: name for name, symbol in scope.symbols.items()}
        self._fields = {function: name for name, function in scope.functions.items()}

    def of(self, tree: sympy.Expr) -> Found:
        """The unit and the tree.

        Raises:
            UserError: units that do not go together.
        """
        if tree.is_number:
            return None, tree
        if tree in self._names or tree in self._fields:
            return self._unit(self._names.get(tree) or self._fields[tree]), tree
        if isinstance(tree, sympy.Symbol) and is_normal_component(tree.name):
            return PURE, tree
        if isinstance(tree, sympy.Derivative):
            unit = self._unit(self._fields[tree.expr])
            for symbol, count in tree.variable_count:
                unit = unit.times(self._unit(self._names[symbol]), -int(count))
            return unit, tree
        if isinstance(tree, sympy.Add | Minimum | Maximum):
            return self._alike(tree, list(tree.args))
        if isinstance(tree, sympy.Piecewise):
            return self._choice(tree)
        if isinstance(tree, sympy.Mul):
            return self._product(tree)
        if isinstance(tree, sympy.Pow):
            return self._power(tree)
        if isinstance(tree, sympy.Abs):
            own, inner = self.of(tree.args[0])
            return own, sympy.Abs(inner)
        if isinstance(tree, AppliedUndef) and tree.func == NORMAL:
            own, inner = self.of(tree.args[0])
            return (own or PURE).times(self._along_space(), -1.0), NORMAL(inner)
        return PURE, tree.func(*(self._pure(argument, tree) for argument in tree.args))

    def _unit(self, name: str) -> Unit:
        return self._units.get(name, PURE)

    def _along_space(self) -> Unit:
        """The unit of all coordinates of space."""
        found = {self._unit(name) for name in self._scope.space}
        if len(found) > 1:
            raise UserError("`dn` needs one unit for all coordinates of space")
        return found.pop() if found else PURE

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
        apart = [other.factor for _, other in known if not math.isclose(other.factor, unit.factor, rel_tol=_ROUNDING)]
        if apart and len(known) < len(read) and any(t != 0 for t, u, _ in read if u is None):
            raise UserError("a number stands beside terms of several units; give it a name and a unit in `parameters`")
        led = [_times(inner, (own or unit).factor / unit.factor) for _, own, inner in read]
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
        return _times(inner, unit.factor if unit is not None else 1.0)


def _times(tree: sympy.Expr, factor: float) -> sympy.Expr:
    """A tree times a number, as it is where that is one."""
    if math.isclose(factor, 1.0, rel_tol=_ROUNDING):
        return tree
    whole = float(f"{factor:.14g}")
    return (sympy.Integer(int(whole)) if whole.is_integer() and whole < 1e15 else sympy.Float(whole)) * tree


def in_units(problem: Problem, texts: Mapping[str, str], where: Callable[..., Place]) -> Problem:
    """The problem with its statements checked, and led to the units that were asked for.

    Args:
        problem: as it was read.
        texts: the unit of every name that has one.
        where: a key stands.

    Raises:
        UserError: every mistake in the units.
    """
    if not texts:
        return problem
    registry = units_known(where("units"))
    mistakes: list[Mistake] = []
    known = (
        *problem.complex_fields.names,
        *problem.scope.coordinates,
        *problem.fields,
        *(p.name for p in problem.parameters),
    )
    units: dict[str, Unit] = {}
    for name, text in texts.items():
        if name not in known:
            message = f"`units` names `{short(name)}`, which is no coordinate, field or parameter"
            mistakes.append(Mistake(message, where("units", name)))
            continue
        try:
            unit = read_unit(text, where("units", name), registry)
            units |= dict.fromkeys(components(name) if name in problem.complex_fields.names else [name], unit)
        except UserError as error:
            mistakes += error.mistakes
    if mistakes:
        raise UserError(*mistakes)
    return _Leading(problem, units, mistakes).led(texts)


@final
class _Leading:
    """Leads all statements of a problem to its units, and notes what is wrong with them."""

    def __init__(self, problem: Problem, units: Mapping[str, Unit], mistakes: list[Mistake]) -> None:
        self._problem, self._units, self._mistakes = problem, units, mistakes
        self._reader = _Reader(problem.scope, units)
        self._plain = all(math.isclose(unit.factor, 1.0, rel_tol=_ROUNDING) for unit in units.values())

    def led(self, texts: Mapping[str, str]) -> Problem:
        """The problem.

        Raises:
            UserError: all that was noted.
        """
        p = self._problem
        equations = tuple(
            e if isinstance(e.residual, TorchResidual) else replace(e, residual=self._own(e.residual, e.name))
            for e in p.equations
        )
        conditions = tuple(replace(c, residual=self._own(c.residual, c.name)) for c in p.conditions)
        interfaces = tuple(replace(i, residual=self._own(i.residual, i.name)) for i in p.interfaces)
        reference = p.reference
        if reference is not None:
            exact = {
                f: self._own(e, f"reference.exact.{f}", self._units.get(f, PURE)) for f, e in reference.exact.items()
            }
            reference = replace(reference, exact=exact)
        strange = [*p.integrals, *p.outputs, *p.observations, *p.ansatz, *p.tables, *p.derived]
        strange += [s for s in (p.stream_function,) if s is not None]
        if not self._plain and strange:
            known = ", ".join(f"`{getattr(s, 'name', None) or getattr(s, 'field', '')}`" for s in strange[:3])
            hint = "Give all of them in units of one system, such as m, s, kg, K and what is made of them."
            self._mistakes.append(Mistake(f"units of several systems are not led together in {known}", hint=hint))
        if self._mistakes:
            raise UserError(*self._mistakes)
        changed = replace(p, equations=equations, conditions=conditions, interfaces=interfaces, reference=reference)
        return replace(changed, units=dict(texts))

    def _own(self, expression: Expression, name: str, wanted: Unit | None = None) -> Expression:
        """A statement, its factors written out; as it is where that changes nothing."""
        try:
            unit, tree = self._reader.of(expression.tree)
            if wanted is not None and unit is not None:
                if unit.exponents != wanted.exponents:
                    raise UserError(f"the value is in {unit}, and its field in {wanted}")
                tree = _times(tree, unit.factor / wanted.factor)
        except UserError as error:
            told = [Mistake(f"the units of `{name}` do not fit: {m.message}", expression.place) for m in error.mistakes]
            self._mistakes += [replace(m, hint=_HINT) for m in told]
            return expression
        return expression if self._plain else replace(expression, tree=tree)


_HINT = "A number that has a unit is a parameter, with its unit in `units`."
