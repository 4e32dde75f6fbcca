"""Whether an expression of fields is a divergence, so that its integral is a matter of the boundary alone.

    E_f(P) = sum_J (-D)_J dP/df_J = 0 for every field f,    J over the derivatives f_J in P

holds exactly where P = D_1 F_1 + ... + D_n F_n for some F, and some source without fields: the Euler operator of the
calculus of variations. P. J. Olver, Applications of Lie Groups to Differential Equations, 2nd ed., Springer (1993),
theorem 4.7. An equation P = 0 of this kind conserves what F says.
"""

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from pinnkit.equations.expression import Scope
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.equations.partials import partials_in

_MOST = 80
"""Operations in an expression that is looked at; its derivatives have many times as many."""

_DRAWS = 3
_ROUNDING = 1e-9
"""Of the sum of the terms' sizes."""

_BROKEN = (sympy.Piecewise, sympy.Abs, sympy.sign, sympy.Heaviside, Maximum, Minimum)
"""Of what has kinks or jumps, sympy's derivatives leave out what stands in them."""


def is_divergence(tree: sympy.Expr, scope: Scope) -> bool:
    """Whether an expression is a divergence and holds a derivative; False also where it is too long or has a kink.

    Example:
        >>> scope = Scope(("x", "t"), ("u",))
        >>> u, (x, t) = scope.functions["u"], (scope.symbols[c] for c in "xt")
        >>> is_divergence(u.diff(t) + u * u.diff(x) - u.diff(x, 2), scope), is_divergence(u.diff(t) + u, scope)
        (True, False)
    """
    partials = partials_in(tree, scope)
    if not any(p.order for p in partials) or tree.has(*_BROKEN) or tree.count_ops() > _MOST:
        return False
    axes = [scope.symbols[name] for name in scope.coordinates]
    places = {p: scope.tree(p) for p in partials}
    marks = {place: sympy.Dummy(real=True) for place in places.values()}
    back = {mark: place for place, mark in marks.items()}
    marked = tree.xreplace(marks)
    for field in scope.fields:
        total = sympy.S.Zero
        for partial, place in places.items():
            if partial.field != field:
                continue
            slope = sympy.diff(marked, marks[place]).xreplace(back)
            along = [(axis, count) for axis, count in zip(axes, partial.orders, strict=True) if count]
            total += (-1) ** partial.order * (sympy.diff(slope, *along) if along else slope)
        if not _vanishes(total, scope):
            return False
    return True


def _vanishes(tree: sympy.Expr, scope: Scope) -> bool:
    """Whether an expression is zero whatever its fields are: at random values of all that is in it.

    A function that is analytic and not zero vanishes on a set of measure zero only; expanding it can take minutes.
    """
    generator = np.random.default_rng(0)
    functions = set(scope.functions.values())
    names = [a for a in tree.atoms(sympy.Derivative) | (tree.atoms(AppliedUndef) & functions) | tree.free_symbols]
    names.sort(key=sympy.default_sort_key)
    terms = sympy.Add.make_args(tree)
    for _ in range(_DRAWS):
        values = {name: sympy.Float(v) for name, v in zip(names, generator.uniform(0.3, 1.7, len(names)), strict=True)}
        try:
            found = [complex(term.xreplace(values)) for term in terms]
        except (TypeError, ValueError):  # a function that has no value there
            return False
        if not abs(sum(found)) <= _ROUNDING * sum(map(abs, found)):
            return False
    return True
