"""From a tree to the steps that compute it: constants folded, equal steps shared, powers as products."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import sympy

from pinnkit.equations.differentiate import partial_of
from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import FUNCTIONS, NORMAL, is_normal_component, name_of, operands_of
from pinnkit.equations.names import unknown_name
from pinnkit.equations.on_numpy import apply
from pinnkit.errors import Mistake, UserError

Masks = tuple[int, ...]
"""The conditions, as steps, under which the branch that is being compiled is taken."""

_HARMLESS = 0.5
"""An argument at which every function of the language is finite and smooth."""


@final
@dataclass(frozen=True)
class Step:
    """One step of a program: a number, a value that is given, or an operation on the steps at `operands`."""

    operation: str
    operands: tuple[int, ...] = ()
    value: Any = None


@final
class Compiler:
    """Collects the steps of one tree."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Step] = []
        self.places: dict[Step, int] = {}
        self.done: dict[tuple[sympy.Basic, Masks], int] = {}
        self.scalar: set[int] = set()

    def steps(self, tree: sympy.Expr) -> tuple[Step, ...]:
        """The steps of a tree; the last is its value."""
        try:
            last = self.step(tree, ())
        except RecursionError:
            raise UserError(Mistake("this expression is nested too deeply to be evaluated")) from None
        needed = {last}
        for i in range(last, -1, -1):
            if i in needed:
                needed.update(self.found[i].operands)
        renumbered = {old: new for new, old in enumerate(sorted(needed))}
        return tuple(
            Step(s.operation, tuple(renumbered[k] for k in s.operands), s.value)
            for i, s in enumerate(self.found[: last + 1])
            if i in needed
        )

    def step(self, node: sympy.Basic, masks: Masks) -> int:
        """The step that computes a node."""
        key = node, masks
        if key not in self.done:
            self.done[key] = self._new(node, masks)
        return self.done[key]

    def _new(self, node: sympy.Basic, masks: Masks) -> int:
        if node.is_Number or node.is_NumberSymbol:
            return self._number(_as_float(node))
        if isinstance(node, sympy.Symbol):
            return self._symbol(node)
        if isinstance(node, sympy.Add):
            return self._sum(node.args, masks)
        if isinstance(node, sympy.Mul):
            return self._product(node.args, masks)
        if isinstance(node, sympy.Pow):
            return self._power(node.base, node.exp, masks)
        if isinstance(node, sympy.Piecewise):
            return self._choice(node.args, masks)
        partial = partial_of(node, self.scope)
        if partial is not None:
            return self._add(Step("given", (), partial))
        name = name_of(node)
        if name is None:
            hint = "A normal derivative has a value on a face only." if isinstance(node, NORMAL) else None
            shown = str(node)[:80]
            raise UserError(Mistake(f"`{shown}` is not in the language of expressions", hint=hint))
        given = [self.step(argument, masks) for argument in operands_of(node)]
        if FUNCTIONS[name].fragile:
            given = [self._guarded(g, masks) for g in given]
        return self._chain(name, given) if name in ("min", "max") else self._operation(name, *given)

    def _symbol(self, node: sympy.Symbol) -> int:
        if node.name not in self.scope.symbols and not is_normal_component(node.name):
            message, hint = unknown_name(node.name, self.scope)
            raise UserError(Mistake(message, hint=hint))
        at = self._add(Step("given", (), node.name))
        if node.name in self.scope.parameters:
            self.scalar.add(at)
        return at

    def _sum(self, terms: Sequence[sympy.Expr], masks: Masks) -> int:
        """Terms with a negative coefficient are subtracted, which saves the product with -1."""
        plus, minus = [], []
        for term in terms:
            coefficient, factors = term.as_coeff_mul()
            if coefficient.is_negative:
                minus.append(self._product((-coefficient, *factors), masks))
            else:
                plus.append(self.step(term, masks))
        total = self._chain("add", plus) if plus else None
        if total is None:
            return self._operation("negative", self._chain("add", minus))
        for at in self._scalars_first(minus):
            total = self._operation("subtract", total, at)
        return total

    def _product(self, factors: Sequence[sympy.Expr], masks: Masks) -> int:
        """Numbers and parameters are multiplied first, so that arrays are touched as rarely as possible."""
        above, below = [], []
        for factor in factors:
            if isinstance(factor, sympy.Pow) and factor.exp.is_Rational and factor.exp.is_negative:
                below.append(self._guarded(self.step(factor.base**-factor.exp, masks), masks))
            else:
                above.append(self.step(factor, masks))
        result = self._quotient([i for i in above if i in self.scalar], [i for i in below if i in self.scalar])
        arrays = [i for i in above if i not in self.scalar]
        divisors = [i for i in below if i not in self.scalar]
        if not arrays and not divisors:
            return result
        if arrays:
            result = self._times(result, self._chain("multiply", arrays))
        return self._operation("divide", result, self._chain("multiply", divisors)) if divisors else result

    def _quotient(self, above: list[int], below: list[int]) -> int:
        top = self._chain("multiply", above) if above else self._number(1.0)
        return self._operation("divide", top, self._chain("multiply", below)) if below else top

    def _times(self, scalar: int, array: int) -> int:
        number = self.found[scalar]
        if number.operation == "number" and number.value in (1.0, -1.0):
            return array if number.value == 1.0 else self._operation("negative", array)
        return self._operation("multiply", scalar, array)

    def _power(self, base: sympy.Expr, exponent: sympy.Expr, masks: Masks) -> int:
        if exponent.is_Rational and exponent.is_negative:
            below = self._guarded(self.step(base**-exponent, masks), masks)
            return self._operation("divide", self._number(1.0), below)
        if exponent.is_Rational and exponent.q <= 2:
            at = self.step(base, masks)
            whole = self._whole_power(at, exponent.p // exponent.q)
            if exponent.q == 1:
                return whole if whole is not None else self._number(1.0)
            root = self._operation("sqrt", self._guarded(at, masks))
            return root if whole is None else self._operation("multiply", whole, root)
        given = [self._guarded(self.step(part, masks), masks) for part in (base, exponent)]
        return self._operation("power", *given)

    def _whole_power(self, base: int, exponent: int) -> int | None:
        """Repeated squaring: the fifth power is three products."""
        result = None
        while exponent:
            if exponent & 1:
                result = base if result is None else self._operation("multiply", result, base)
            exponent >>= 1
            if exponent:
                base = self._operation("multiply", base, base)
        return result

    def _choice(self, branches: Sequence[tuple[sympy.Expr, sympy.Basic]], masks: Masks) -> int:
        (chosen, condition), *rest = branches
        if condition == sympy.true:
            return self.step(chosen, masks)
        if not rest:
            raise UserError(Mistake("a choice without a last branch has no value everywhere"))
        mask, compared = self._condition(condition, masks)
        if self.found[mask].operation == "number":
            return self.step(chosen, masks) if self.found[mask].value else self._choice(rest, masks)
        otherwise = self._operation("not", mask)
        yes = self.step(chosen, (*masks, mask))
        no = self._choice(rest, (*masks, otherwise))
        return self._operation("where", mask, yes, no, *compared)

    def _condition(self, condition: sympy.Basic, masks: Masks) -> tuple[int, tuple[int, ...]]:
        """The step of a condition, and the steps of what it compares."""
        if isinstance(condition, sympy.StrictLessThan | sympy.LessThan):
            strict, sides = isinstance(condition, sympy.StrictLessThan), condition.args
        elif isinstance(condition, sympy.StrictGreaterThan | sympy.GreaterThan):
            strict, sides = isinstance(condition, sympy.StrictGreaterThan), condition.args[::-1]
        elif isinstance(condition, sympy.And | sympy.Or):
            parts = [self._condition(c, masks) for c in condition.args]
            name = "and" if isinstance(condition, sympy.And) else "or"
            return self._chain(name, [mask for mask, _ in parts]), tuple(i for _, sides in parts for i in sides)
        else:
            raise UserError(Mistake(f"`{condition}` is not a comparison by `<`, `<=`, `>` or `>=`"))
        left, right = (self.step(side, masks) for side in sides)
        return self._operation("less" if strict else "less_equal", left, right), (left, right)

    def _guarded(self, at: int, masks: Masks) -> int:
        """The step, with a harmless number where the branch that needs it is not taken."""
        if self.found[at].operation == "number":
            return at
        for mask in masks:
            at = self._operation("where", mask, at, self._number(_HARMLESS), at)
        return at

    def _chain(self, operation: str, given: list[int]) -> int:
        """An operation between two, carried through many, numbers and parameters first."""
        ordered = self._scalars_first(given)
        result = ordered[0]
        for at in ordered[1:]:
            result = self._operation(operation, result, at)
        return result

    def _scalars_first(self, given: list[int]) -> list[int]:
        return sorted(given, key=lambda i: (self.found[i].operation != "number", i not in self.scalar))

    def _all_scalar(self, given: Sequence[int]) -> bool:
        return all(i in self.scalar for i in given)

    def _operation(self, name: str, *given: int) -> int:
        if all(self.found[i].operation == "number" for i in given):
            return self._number(_fold(name, [self.found[i].value for i in given]))
        at = self._add(Step(name, given))
        if self._all_scalar(given):
            self.scalar.add(at)
        return at

    def _number(self, value: float) -> int:
        at = self._add(Step("number", (), value))
        self.scalar.add(at)
        return at

    def _add(self, step: Step) -> int:
        if step not in self.places:
            self.places[step] = len(self.found)
            self.found.append(step)
        return self.places[step]


def _as_float(node: sympy.Expr) -> float:
    return node.p / node.q if node.is_Rational and node.is_finite else float(node)


def _fold(name: str, given: list[Any]) -> Any:
    """An operation on numbers alone, done once and for all."""
    plain: dict[str, Callable[[list[Any]], Any]] = {
        "add": math.fsum,
        "multiply": math.prod,
        "subtract": lambda pair: pair[0] - pair[1],
        "negative": lambda one: -one[0],
    }
    return plain[name](given) if name in plain else apply(name, given)
