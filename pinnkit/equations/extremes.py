"""The smaller and the larger of several values, without the comparison of every pair that sympy's own begin with.

Two hundred arguments keep sympy busy for half a minute; here equal and nested arguments are joined, numbers are
compared, and nothing else is decided.
"""

from typing import Any

import sympy


def _joined(kind: Any, given: tuple[sympy.Expr, ...]) -> list[sympy.Expr]:
    """The arguments in order: each once, nested ones of the same kind with the others, one number at most."""
    flat = {a for g in given for a in (g.args if isinstance(g, kind) else (g,))}
    numbers = [a for a in flat if a.is_Number]
    kept = [a for a in flat if not a.is_Number]
    if numbers:
        kept.append(min(numbers) if issubclass(kind, sympy.Min) else max(numbers))
    return sorted(kept, key=sympy.default_sort_key)


class Minimum(sympy.Min):
    """The smallest of its arguments."""

    def __new__(cls, *given: sympy.Expr, **options: Any) -> sympy.Expr:
        """The node, or its argument where only one is left."""
        options.pop("evaluate", None)  # with which sympy's `doit` makes a node anew
        kept = _joined(sympy.Min, given)
        node = kept[0] if len(kept) == 1 else sympy.Expr.__new__(cls, *kept, **options)
        if len(kept) > 1:
            node._argset = frozenset(kept)
        return node

    def _eval_evalf(self, prec: int) -> sympy.Expr | None:
        decided = self.func(*(a._evalf(prec) for a in self.args))
        return decided if decided.is_Number else None


class Maximum(sympy.Max):
    """The largest of its arguments."""

    def __new__(cls, *given: sympy.Expr, **options: Any) -> sympy.Expr:
        """The node, or its argument where only one is left."""
        options.pop("evaluate", None)  # with which sympy's `doit` makes a node anew
        kept = _joined(sympy.Max, given)
        node = kept[0] if len(kept) == 1 else sympy.Expr.__new__(cls, *kept, **options)
        if len(kept) > 1:
            node._argset = frozenset(kept)
        return node

    def _eval_evalf(self, prec: int) -> sympy.Expr | None:
        decided = self.func(*(a._evalf(prec) for a in self.args))
        return decided if decided.is_Number else None
