"""Powers of coordinates divided out of a tree, where nothing of them is left below a fraction line."""

import sympy

from pinnkit.equations.expression import Scope


def without_poles(tree: sympy.Expr, scope: Scope) -> sympy.Expr:
    """The tree with powers of coordinates divided out of a polynomial, where nothing of them is left below.

    With u = 1 - x/2 + x^2 w, the terms of (...)/x^2 that have no x^2 cancel, and no number sees the 0/0 at x = 0.
    """
    if not _has_pole(tree, scope):
        return tree
    # Products of derivatives are multiplied out several times slower than those of symbols; sympy remembers equal ones.
    bare = tree
    marks: dict[sympy.Expr, sympy.Expr] = {}
    for kind in (sympy.Derivative, sympy.Function):
        found = sorted(bare.atoms(kind), key=sympy.default_sort_key)
        own = {sympy.Symbol(f"{kind.__name__} {i}", real=True): node for i, node in enumerate(found)}
        bare = bare.xreplace({node: mark for mark, node in own.items()})
        marks |= own
    expanded = _multiplied_out(bare)
    for _ in range(2):  # what stands in a function or a derivative was marked first
        expanded = expanded.xreplace(marks)
    return expanded if not _has_pole(expanded, scope) else tree


def _multiplied_out(tree: sympy.Expr) -> sympy.Expr:
    """The tree as a sum of monomials: by sympy's polynomials with fractions, which are fast, where it is one."""
    below = sympy.Mul(*(f for f in sympy.Mul.make_args(tree) if f.is_Pow and f.exp.is_negative and f.base.is_Symbol))
    above = tree / below
    generators = sorted(above.free_symbols, key=sympy.default_sort_key)
    if not generators:
        return sympy.expand(tree)
    try:
        whole = sympy.polys.rings.PolyRing(generators, sympy.QQ).from_expr(above)
    except (ValueError, TypeError, sympy.polys.polyerrors.PolynomialError, sympy.polys.polyerrors.CoercionFailed):
        return sympy.expand(tree)
    return sympy.Add(*(term * below for term in sympy.Add.make_args(whole.as_expr())))


def _has_pole(tree: sympy.Expr, scope: Scope) -> bool:
    """Whether a coordinate stands below a fraction line."""
    coordinates = {scope.symbols[name] for name in scope.coordinates}
    return any(
        power.exp.is_number and power.exp.is_negative and power.base.free_symbols & coordinates
        for power in tree.atoms(sympy.Pow)
    )
