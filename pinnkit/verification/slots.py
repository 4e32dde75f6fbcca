"""A tree as a function of the fields and derivatives in it, each in a slot of its own."""

from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.partials import partials_in


@final
@dataclass(frozen=True)
class Slotted:
    """A tree whose fields and derivatives are symbols, by which it can be differentiated like any function."""

    scope: Scope
    tree: sympy.Expr
    slots: dict[Partial, sympy.Dummy]

    def factor(self, partial: Partial) -> sympy.Expr:
        """The derivative by a field or one of its derivatives, in which slots may still stand."""
        return sympy.diff(self.tree, self.slots[partial])

    def written(self, tree: sympy.Expr) -> sympy.Expr:
        """A tree of slots as one of fields."""
        return tree.xreplace({slot: self.scope.tree(p) for p, slot in self.slots.items()})

    @property
    def linear(self) -> dict[Partial, float]:
        """The terms with numbers as factors, by what they are factors of."""
        factors = {p: self.factor(p) for p in self.slots}
        return {p: float(factor) for p, factor in factors.items() if factor.is_number}

    @property
    def source(self) -> sympy.Expr:
        """What is left where all fields are zero."""
        return self.tree.xreplace(dict.fromkeys(self.slots.values(), sympy.S.Zero))

    @property
    def degree(self) -> int | None:
        """As a polynomial of the fields whose factors are numbers, or None where it is none."""
        try:
            polynomial = sympy.Poly(self.tree, *self.slots.values()) if self.slots else None
        except sympy.PolynomialError:
            return None
        if polynomial is None or polynomial.free_symbols_in_domain:
            return None
        return int(polynomial.total_degree())


def slotted(tree: sympy.Expr, scope: Scope) -> Slotted:
    """A tree with a slot for every field and derivative in it."""
    nodes = {p: scope.tree(p) for p in sorted(partials_in(tree, scope), key=lambda p: (-p.order, p))}
    slots = {p: sympy.Dummy(real=True) for p in nodes}
    for partial, node in nodes.items():  # derivatives first, so that the field inside them is replaced with them
        tree = tree.xreplace({node: slots[partial]})
    return Slotted(scope, tree, slots)
