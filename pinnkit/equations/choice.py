"""A choice between expressions by comparisons, kept as it was written.

sympy's own compares every condition with every other, joins equal branches and moves powers inside.
"""

from typing import Any

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair

_STRICT = (sympy.StrictLessThan, sympy.StrictGreaterThan)
_LOOSE = (sympy.LessThan, sympy.GreaterThan)


class Choice(sympy.Piecewise):
    """The first expression whose condition holds; the last condition is true."""

    def __new__(cls, *branches: Any, **options: Any) -> sympy.Expr:
        """The node, or a branch where only one can be taken.

        Raises:
            ValueError: a condition that itself contains a choice.
        """
        kept: list[tuple[sympy.Expr, sympy.Basic]] = []
        for branch, condition in branches:
            decided = _decided(condition)
            if decided != sympy.false:
                kept.append((branch, decided))
            if decided == sympy.true:
                break
        while len(kept) > 1 and kept[-1][1] == sympy.true and kept[-2][0] == kept[-1][0]:
            kept[-2:] = kept[-1:]
        if not kept:
            return sympy.nan
        if kept[0][1] == sympy.true:
            return kept[0][0]
        if any(condition.has(sympy.Piecewise) for _, condition in kept):
            raise ValueError("a comparison cannot contain a choice; take the choice outside")
        return sympy.Basic.__new__(cls, *(ExprCondPair(*pair) for pair in kept))

    def _eval_power(self, exponent: sympy.Expr) -> None:
        """A power of a choice stays one."""

    def _eval_evalf(self, prec: int) -> sympy.Expr | None:
        branch, condition = self.args[0]
        return branch._evalf(prec) if condition == sympy.true else None


def _decided(condition: Any) -> sympy.Basic:
    """The condition, or its truth where it is plain."""
    if isinstance(condition, bool):
        return sympy.true if condition else sympy.false
    if isinstance(condition, _STRICT + _LOOSE) and condition.lhs == condition.rhs:
        return sympy.false if isinstance(condition, _STRICT) else sympy.true
    return condition


def choose(condition: sympy.Basic, chosen: sympy.Expr, otherwise: sympy.Expr) -> sympy.Expr:
    """One of two expressions; a choice inside the last is joined to it, so that a chain of them is a single node.

    Raises:
        ValueError: a condition that itself contains a choice.
    """
    rest = otherwise.args if isinstance(otherwise, sympy.Piecewise) else ((otherwise, sympy.true),)
    return Choice((chosen, condition), *rest)
