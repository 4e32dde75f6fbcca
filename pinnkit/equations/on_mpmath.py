"""Trees in arithmetic of any precision, with every number of the tree as exact as the precision allows."""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, final

import sympy
from mpmath import MPContext

from pinnkit.equations.functions import name_of, operands_of
from pinnkit.errors import Mistake, UserError

_NAMES: Mapping[str, str] = {
    "abs": "fabs",
    "gamma": "gamma",
    "legendre": "legendre",
    "log": "ln",
    **{name: name for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "exp")},
    **{name: name for name in ("sign", "erf", "erfc", "besselj", "bessely", "hyp2f1", "airyai")},
}
"""What mpmath calls the functions of the language."""

_RELATIONS: Mapping[type, Callable[[Any, Any], bool]] = {
    sympy.StrictLessThan: operator.lt,
    sympy.LessThan: operator.le,
    sympy.StrictGreaterThan: operator.gt,
    sympy.GreaterThan: operator.ge,
}


@final
class PreciseProgram:
    """Computes trees of symbols, each step that occurs twice once.

    Args:
        trees: what is to be computed, over `inputs` and numbers alone.
        inputs: the symbols whose values are given.
        context: the arithmetic, whose precision is set beforehand.

    Raises:
        UserError: a node that is not in the language.
    """

    def __init__(self, trees: Sequence[sympy.Expr], inputs: Sequence[sympy.Symbol], context: MPContext) -> None:
        self._context = context
        self._inputs = tuple(inputs)
        self._constants: list[Any] = []
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
        # Places are counted from the inputs; those of numbers and of steps are known only at the end.
        self._numbers: dict[Any, int] = {}
        self._done: dict[sympy.Basic, tuple[str, int]] = {s: ("input", i) for i, s in enumerate(self._inputs)}
        pending: list[tuple[Callable[..., Any], tuple[tuple[str, int], ...]]] = []
        found = [self._place(tree, pending) for tree in trees]
        offset = {"input": 0, "number": len(inputs), "step": len(inputs) + len(self._constants)}
        self._steps = [(do, tuple(offset[kind] + i for kind, i in given)) for do, given in pending]
        self._results = [offset[kind] + i for kind, i in found]

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The value of every tree, for a value of every input."""
        slots = [*values, *self._constants]
        for do, given in self._steps:
            if len(given) == 2:
                slots.append(do(slots[given[0]], slots[given[1]]))
            else:
                slots.append(do(*[slots[i] for i in given]))
        return [slots[i] for i in self._results]

    def _place(self, node: sympy.Basic, pending: list[Any]) -> tuple[str, int]:
        """Where the value of a node will stand, with the steps to it noted."""
        if node in self._done:
            return self._done[node]
        if node.is_Number or node.is_NumberSymbol:
            self._constants.append(self._number(node))
            self._done[node] = ("number", len(self._constants) - 1)
            return self._done[node]
        do, operands = self._operation(node)
        given = tuple(self._place(operand, pending) for operand in operands)
        if isinstance(node, sympy.Add | sympy.Mul):
            place = given[0]
            for other in given[1:]:
                pending.append((do, (place, other)))
                place = ("step", len(pending) - 1)
        else:
            pending.append((do, given))
            place = ("step", len(pending) - 1)
        self._done[node] = place
        return place

    def _number(self, node: sympy.Expr) -> Any:
        if node.is_Rational:
            return self._context.mpf(int(node.p)) / int(node.q)
        return self._context.mpf(sympy.N(node, self._context.dps + 5))

    def _operation(self, node: sympy.Basic) -> tuple[Callable[..., Any], Sequence[sympy.Basic]]:
        """What is done to which operands."""
        context = self._context
        if isinstance(node, sympy.Add):
            return operator.add, node.args
        if isinstance(node, sympy.Mul):
            return operator.mul, node.args
        if isinstance(node, sympy.Piecewise):
            return self._choice(node), self._inputs
        if isinstance(node, sympy.Pow):
            if node.exp.is_Integer:
                exponent = int(node.exp)
                return (lambda base: base * base) if exponent == 2 else (lambda base: base**exponent), (node.base,)
            return (context.sqrt, (node.base,)) if node.exp == sympy.S.Half else (context.power, node.args)
        name = name_of(node)
        if name in ("min", "max"):
            return min if name == "min" else max, node.args
        if name == "heaviside":
            return lambda x: (1 + context.sign(x)) / 2, operands_of(node)
        if name == "airyaiprime":
            return lambda x: context.airyai(x, derivative=1), node.args
        if name is None or name not in _NAMES:
            raise UserError(Mistake(f"`{str(node)[:80]}` cannot be computed in higher precision"))
        return getattr(context, _NAMES[name]), operands_of(node)

    def _choice(self, node: sympy.Piecewise) -> Callable[..., Any]:
        """Only the branch that is taken is computed, since another may divide by zero."""
        branches = [(self._condition(c), PreciseProgram([e], self._inputs, self._context)) for e, c in node.args]

        def chosen(*values: Any) -> Any:
            return next(program(values)[0] for holds, program in branches if holds(values))

        return chosen

    def _condition(self, condition: sympy.Basic) -> Callable[[Sequence[Any]], bool]:
        if condition == sympy.true:
            return lambda values: True
        if isinstance(condition, sympy.And | sympy.Or):
            parts = [self._condition(part) for part in condition.args]
            join = operator.and_ if isinstance(condition, sympy.And) else operator.or_
            return lambda values: reduce(join, (part(values) for part in parts))
        relation = _RELATIONS.get(type(condition))
        if relation is None:
            raise UserError(Mistake(f"`{condition}` is not a comparison by `<`, `<=`, `>` or `>=`"))
        sides = PreciseProgram(condition.args, self._inputs, self._context)
        return lambda values: relation(*sides(values))
