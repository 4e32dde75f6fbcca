"""Reductions: what makes numbers of expressions, such as `integral(u, x)` and `value(u, x = 1)`.

A reduction stays a node of its own until it is known where it is taken: its operand, then the coordinates that it goes
along (or `DOMAIN` for all that are not held), then a node `AT(x, value)` for every coordinate that is held.
"""

import ast
from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy

from pinnkit.equations.context import Context
from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import INTEGRAL, NORMAL, is_normal_component
from pinnkit.equations.source import as_piece
from pinnkit.errors import unknown

DOMAIN = sympy.Symbol("Omega")
"""Stands behind the operand of a reduction that names no coordinate."""

AT = sympy.Function("at", real=True)
"""Holds a coordinate at a value."""

ON = sympy.Function("on", real=True)
"""Says over which piece of a shape's boundary an integral is."""

REDUCTIONS: Mapping[str, type] = MappingProxyType(
    {
        "integral": INTEGRAL,
        **{
            name: sympy.Function(name, real=True)
            for name in ("minimum", "maximum", "argmin", "argmax", "root", "roots", "value")
        },
    }
)
"""The reductions by name; an output may have all, a condition `integral` alone."""

SINGLE = ("root", "roots", "argmin", "argmax")
"""Those that belong to one coordinate."""


def reductions_in(tree: sympy.Basic) -> tuple[sympy.Expr, ...]:
    """The outermost reductions of a tree, each once, in an order that is always the same."""
    if isinstance(tree, tuple(REDUCTIONS.values())):
        return (tree,)
    found = {node for argument in tree.args for node in reductions_in(argument)}
    return tuple(sorted(found, key=sympy.default_sort_key))


def name_of_reduction(node: sympy.Expr) -> str:
    """The name under which a reduction is written."""
    return str(node.func.__name__)


def along_of(node: sympy.Expr) -> tuple[str, ...]:
    """The coordinates that a reduction names; none where it is over all that are not held."""
    return tuple(str(a) for a in node.args[1:] if isinstance(a, sympy.Symbol) and a != DOMAIN)


def on_of(node: sympy.Expr) -> str | None:
    """The piece of a shape's boundary over which a reduction is; None where it is over the domain."""
    return next((str(a.args[0]) for a in node.args[1:] if isinstance(a, ON)), None)


def held_of(node: sympy.Expr) -> dict[str, sympy.Expr]:
    """The values at which a reduction holds coordinates."""
    return {str(a.args[0]): a.args[1] for a in node.args[1:] if isinstance(a, AT)}


def read_reduction(
    context: Context, node: ast.Call, name: str, tree_of: Callable[[ast.expr], sympy.Expr]
) -> sympy.Expr:
    """The node of `name(...)`.

    Raises:
        UserError: a reduction where none may stand, or coordinates that do not fit.
    """
    _require_allowed(context, node, name)
    if not node.args:
        raise context.error(f"`{name}` needs an expression", node)
    tree = tree_of(node.args[0])
    if not context.reductions and reductions_in(tree):
        hint = "Name all coordinates in one: `integral(u, x, y)`."
        raise context.error("an integral cannot stand inside an integral", node, hint)
    along = _along(context, node, name)
    piece = _piece(context, node, name, along)
    held = _held(context, node, name, along, tree_of)
    if piece is None and context.reductions and (tree.has(NORMAL) or _components(tree)):
        hint = "Say on which piece of a shape's boundary: `integral(dn(u), on = hole)`."
        raise context.error("a normal has a meaning on a boundary only", node, hint)
    if piece is not None:
        free = [c for c in context.scope.coordinates if c not in (*held, *context.scope.space)]
        if free:
            hint = f"Hold it: `{free[0]} = …`."
            raise context.error(f"`{free[0]}` is not held, and an output is a number", node, hint)
        symbols = [DOMAIN, ON(sympy.Symbol(piece))]
        return REDUCTIONS[name](tree, *symbols, *(AT(context.scope.symbols[c], value) for c, value in held.items()))
    if context.reductions:
        along = _fitting(context, node, name, along, list(held))
    symbols = [context.scope.symbols[coordinate] for coordinate in along] or [DOMAIN]
    return REDUCTIONS[name](tree, *symbols, *(AT(context.scope.symbols[c], value) for c, value in held.items()))


def _names_a_piece(context: Context, keyword: ast.keyword, name: str) -> bool:
    """Whether a keyword is `on = hole`."""
    whole = name == "integral" and context.reductions and bool(context.scope.pieces)
    return whole and keyword.arg == "on" and "on" not in context.scope.coordinates


def _piece(context: Context, node: ast.Call, name: str, along: list[str]) -> str | None:
    """The piece of the boundary that is named, if any."""
    for keyword in node.keywords:
        if not _names_a_piece(context, keyword, name):
            continue
        given = as_piece(keyword.value.id) if isinstance(keyword.value, ast.Name) else ""
        if given not in context.scope.pieces:
            message, hint = unknown("piece of the boundary", given, context.scope.pieces)
            raise context.error(message, keyword.value, hint)
        if along:
            raise context.error("an integral over a piece of the boundary names no coordinates", node)
        return given
    return None


def _components(tree: sympy.Expr) -> list[sympy.Symbol]:
    """The components of the normal in a tree."""
    return [s for s in tree.free_symbols if is_normal_component(s.name)]


def _require_allowed(context: Context, node: ast.Call, name: str) -> None:
    if context.reductions or (name == "integral" and context.allow_integral):
        return
    hint = "In an equation, declare a further field for it: `w_x = u` makes `w` an integral of `u` along `x`."
    raise context.error("`integral` is a number and not a field: for conditions and outputs only", node, hint)


def _along(context: Context, node: ast.Call, name: str) -> list[str]:
    """The coordinates behind the operand."""
    along: list[str] = []
    for argument in node.args[1:]:
        if not isinstance(argument, ast.Name) or argument.id not in context.scope.coordinates:
            hint = f"Coordinates: {', '.join(context.scope.coordinates)}. Example: `{_example(context.scope, name)}`."
            raise context.error(f"`{name}` goes along coordinates", argument, hint)
        if argument.id in along:
            raise context.error(f"`{argument.id}` is named twice", argument)
        along.append(argument.id)
    return along


def _held(
    context: Context, node: ast.Call, name: str, along: list[str], tree_of: Callable[[ast.expr], sympy.Expr]
) -> dict[str, sympy.Expr]:
    """The coordinates that are held, with their values: numbers, parameters and what is made of them."""
    held: dict[str, sympy.Expr] = {}
    for keyword in node.keywords:
        coordinate = str(keyword.arg)
        if _names_a_piece(context, keyword, name):
            continue
        if coordinate not in context.scope.coordinates:
            hint = f"Coordinates: {', '.join(context.scope.coordinates)}. Example: `{_example(context.scope, name)}`."
            raise context.error(f"`{coordinate}` is no coordinate, and `{name}` holds coordinates", keyword.value, hint)
        if coordinate in along:
            message = f"`{name}` goes along `{coordinate}` and holds it at the same time"
            raise context.error(message, keyword.value)
        if coordinate in held:
            raise context.error(f"`{coordinate}` is held twice", keyword.value)
        value = tree_of(keyword.value)
        strange = names_outside(value, context.scope)
        if strange:
            hint = "It is a number, or made of parameters, earlier outputs and reductions."
            raise context.error(f"the value of `{coordinate}` depends on `{strange[0]}`", keyword.value, hint)
        held[coordinate] = value
    return held


def _fitting(context: Context, node: ast.Call, name: str, along: list[str], held: list[str]) -> list[str]:
    """The coordinates that a reduction goes along in an output, which is a number: every other one is held."""
    free = [c for c in context.scope.coordinates if c not in held]
    example = f"Example: `{_example(context.scope, name)}`."
    if name == "value":
        if free or along:
            message = f"`value` holds all coordinates; `{(free or along)[0]}` has no value"
            raise context.error(message, node, example)
        return []
    if not free:
        raise context.error(f"`{name}` has no coordinate left to go along", node, example)
    if name in SINGLE:
        if not along and len(free) == 1:
            return free
        if len(along) != 1:
            raise context.error(f"`{name}` needs one coordinate behind its expression", node, example)
        if name.startswith("arg"):
            return along
    left = [c for c in free if along and c not in along]
    if left:
        message = f"`{left[0]}` is neither along nor held, and an output is a number"
        raise context.error(message, node, f"Hold it: `{left[0]} = …`. {example}")
    return along


def _example(scope: Scope, name: str) -> str:
    """How a reduction may be written in a problem."""
    first, *others = scope.coordinates or ("x",)
    field = scope.fields[0] if scope.fields else "u"
    if name == "value":
        return f"value({field}, {', '.join(f'{c} = 1' for c in (first, *others))})"
    tail = "".join(f", {c} = 1" for c in others) if name in SINGLE and not name.startswith("arg") else ""
    return f"{name}({field}, {first}{tail})"


def names_outside(tree: sympy.Expr, scope: Scope) -> tuple[str, ...]:
    """The fields and coordinates that a tree uses outside its reductions."""
    bare = tree.xreplace({node: sympy.S.One for node in reductions_in(tree)})
    fields = [name for name, f in scope.functions.items() if bare.has(f)]
    coordinates = [name for name in scope.coordinates if not fields and bare.has(scope.symbols[name])]
    return (*fields, *coordinates)
