"""Powers of coordinates divided out of a tree, where nothing of them is left below a fraction line."""

import sympy

from pinnkit.equations.expression import Scope


def without_poles(tree: sympy.Expr, scope: Scope) -> sympy.Expr:
    """The tree with powers of coordinates divided out of a polynomial, where nothing of them is left below.

    With u = 1 - x/2 + x^2 w, the terms of (...)/x^2 that have no x^2 cancel, and no number sees the 0/0 at x = 0.
    """
    below = sympy.fraction(sympy.together(tree))[1] if _has_pole(tree, scope) else sympy.S.One
    if below.is_number:
        return tree
    expanded = sympy.expand(tree)
    return expanded if not _has_pole(expanded, scope) else tree


def _has_pole(tree: sympy.Expr, scope: Scope) -> bool:
    """Whether a coordinate stands below a fraction line."""
    coordinates = {scope.symbols[name] for name in scope.coordinates}
    return any(
        power.exp.is_number and power.exp.is_negative and power.base.free_symbols & coordinates
        for power in tree.atoms(sympy.Pow)
    )
