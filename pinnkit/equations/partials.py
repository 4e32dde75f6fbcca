"""Which fields and derivatives a tree uses, known before any tensor exists."""

import sympy

from pinnkit.equations.expression import Partial, Scope


def partials_in(tree: sympy.Expr, scope: Scope) -> frozenset[Partial]:
    """The fields and derivatives that a tree uses."""
    functions = {f: name for name, f in scope.functions.items()}
    found: set[Partial] = set()
    pending, seen = [tree], {tree}
    while pending:  # one walk, which does not go into a derivative, since the field alone is there
        node = pending.pop()
        if isinstance(node, sympy.Derivative):
            counts = {str(symbol): int(count) for symbol, count in node.variable_count}
            found.add(Partial(functions[node.expr], tuple(counts.get(c, 0) for c in scope.coordinates)))
        elif node in functions:
            found.add(Partial(functions[node], (0,) * len(scope.coordinates)))
        else:
            fresh = [argument for argument in node.args if argument not in seen]
            seen.update(fresh)
            pending += fresh
    return frozenset(found)
