"""Which fields and derivatives a tree uses, known before any tensor exists."""

import sympy

from pinnkit.equations.expression import Partial, Scope


def partials_in(tree: sympy.Expr, scope: Scope) -> frozenset[Partial]:
    """The fields and derivatives that a tree uses."""
    functions = {f: name for name, f in scope.functions.items()}
    found = {Partial(functions[f], (0,) * len(scope.coordinates)) for f in tree.atoms(sympy.Function) if f in functions}
    bare = tree
    for node in tree.atoms(sympy.Derivative):
        counts = {str(symbol): int(count) for symbol, count in node.variable_count}
        found.add(Partial(functions[node.expr], tuple(counts.get(c, 0) for c in scope.coordinates)))
        bare = bare.xreplace({node: sympy.Dummy()})
    alone = {name for f, name in functions.items() if bare.has(f)}
    return frozenset(p for p in found if p.order or p.field in alone)
