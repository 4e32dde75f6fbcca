"""Calls: the functions of the table, the differential operators, and fields written with their arguments."""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import sympy

from pinnkit.equations.choice import choose
from pinnkit.equations.complexes import OF_PARTS, complex_function, complex_tree, is_complex
from pinnkit.equations.context import Context
from pinnkit.equations.differentiate import HIGHEST_ORDER, differentiate, laplacian
from pinnkit.equations.functions import (
    FUNCTIONS,
    INTEGRAL,
    JUMP,
    NORMAL,
    NOT_NUMBERS,
    OPERATORS,
    listed,
    normal_component,
)
from pinnkit.equations.names import unknown_function
from pinnkit.equations.on_numpy import apply
from pinnkit.equations.reductions import REDUCTIONS, read_reduction
from pinnkit.equations.vectors import HINT, VECTORS, Components, Gradient, divergence, has_vector, product
from pinnkit.errors import UserError

TreeOf = Callable[[ast.expr], sympy.Expr]

_COMPARISONS: Mapping[type, Callable[..., sympy.Basic]] = {
    ast.Lt: sympy.StrictLessThan,
    ast.LtE: sympy.LessThan,
    ast.Gt: sympy.StrictGreaterThan,
    ast.GtE: sympy.GreaterThan,
}


def read_call(context: Context, node: ast.Call, name: str, tree_of: TreeOf) -> sympy.Expr:
    """The tree of `name(...)`.

    Args:
        context: what is being read.
        node: the call.
        name: what is called.
        tree_of: reads an argument.
    """
    strange = next((a for a in node.args if isinstance(a, ast.Starred)), None)
    reduces = name == "integral" or (context.reductions and name in REDUCTIONS and name not in context.scope.symbols)
    if (node.keywords and not reduces) or strange is not None:
        raise context.error("arguments are given by their position", node)
    if name in (*context.scope.fields, *(context.scope.complex or ())):
        return _field(context, node, name)
    if name in context.scope.symbols:
        kind = "coordinate" if name in context.scope.coordinates else "parameter"
        hint = f"A product is written `{name}*(…)`."
        raise context.error(f"`{name}` is a {kind} and cannot be called", node.func, hint)
    if name in context.scope.named:
        hint = f"Write `{name}`, or `{name}*(…)` for a product."
        raise context.error(f"`{name}` stands for an expression and cannot be called", node.func, hint)
    if reduces:
        return read_reduction(context, node, name, tree_of)
    if name in VECTORS:
        return _vector(context, node, name, tree_of)
    if name in OPERATORS:
        return _operator(context, node, name, tree_of)
    if name == "normal":
        return _normal(context, node)
    if name in OF_PARTS and context.scope.complex is not None:
        _check_count(context, node, name, 1, 1)
        return complex_function(name, [tree_of(node.args[0])])
    if name not in listed(context.special):
        more = REDUCTIONS if context.reductions else ()
        message, hint = unknown_function(name, context.scope, context.special, more)
        raise context.error(message, node.func, hint)
    row = FUNCTIONS[name]
    _check_count(context, node, name, row.fewest, row.most)
    if name == "where":
        return _where(context, node, tree_of)
    return _function(context, node, name, [tree_of(argument) for argument in node.args])


def _function(context: Context, node: ast.Call, name: str, given: Sequence[sympy.Expr]) -> sympy.Expr:
    if any(map(is_complex, given)):
        try:
            return complex_function(name, given)
        except ValueError as error:
            raise context.error(str(error), node) from None
    numbers = [number for number in map(context.value, given) if number is not None]
    if len(numbers) == len(given) and not math.isfinite(apply(name, numbers)):
        raise context.error(f"`{name}` has no finite real value here", node)
    try:
        tree = FUNCTIONS[name].build(*given)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise context.error(str(error)[:200], node) from None
    if tree in NOT_NUMBERS or tree.has(sympy.I):
        raise context.error(f"`{name}` has no finite real value here", node)
    return tree


def _where(context: Context, node: ast.Call, tree_of: TreeOf) -> sympy.Expr:
    test = node.args[0]
    if not isinstance(test, ast.Compare):
        raise context.error("`where` begins with a comparison, such as `x < 0`", test)
    if len(test.ops) > 1:
        hint = "Nest two choices: `where(a < x, where(x < b, p, q), q)`."
        raise context.error("`where` takes one comparison, not a chain of them", test, hint)
    compare = _COMPARISONS.get(type(test.ops[0]))
    if compare is None:
        raise context.error("`where` compares by `<`, `<=`, `>` or `>=`", test)
    left, right, yes, no = map(tree_of, (test.left, test.comparators[0], *node.args[1:]))
    if is_complex(left) or is_complex(right):
        hint = "Compare `abs(…)`, `re(…)` or `im(…)`."
        raise context.error("an order is one of real numbers, and this is complex", test, hint)
    numbers = context.value(left), context.value(right)
    if None not in numbers:
        return yes if compare(*map(sympy.Float, numbers)) else no
    try:
        return choose(compare(left, right, evaluate=False), yes, no)
    except ValueError as error:
        raise context.error(str(error), test) from None


def _field(context: Context, node: ast.Call, name: str) -> sympy.Expr:
    given = [a.id if isinstance(a, ast.Name) else None for a in node.args]
    plain = [c for c in context.scope.coordinates if c not in context.scope.family]
    if given in (list(context.scope.coordinates), plain):
        whole = complex_tree(name, context.scope) if name not in context.scope.fields else None
        return context.scope.functions[name] if whole is None else whole
    usual = f"{name}({', '.join(context.scope.coordinates)})"
    hint = f"Write `{name}`, which is `{usual}`; a value at a boundary is a condition."
    raise context.error(f"`{name}` stands for `{usual}` and cannot be asked elsewhere", node, hint)


def _operator(context: Context, node: ast.Call, name: str, tree_of: TreeOf) -> sympy.Expr:
    _check_count(context, node, name, 2 if name == "d" else 1, None if name == "d" else 1)
    tree = tree_of(node.args[0])
    if has_vector(tree):
        raise context.error(f"`{name}` takes a number, and this is a vector", node, HINT)
    if name == "dn":
        if not context.allow_normal:
            hint = "In an equation, write `d(u, x)`."
            raise context.error("`dn` is the derivative along the normal of a face: for conditions only", node, hint)
        if tree.has(INTEGRAL):
            raise context.error("an integral has no normal derivative", node, "Write `integral(dn(u))`.")
        return NORMAL(tree)
    if name == "jump":
        if not context.allow_jump:
            raise context.error("`jump` is what changes across an interface: for `interfaces` only", node)
        return JUMP(tree)
    try:
        if name == "laplace":
            return laplacian(tree, context.scope)
        for coordinate, times in _steps(context, node):
            tree = differentiate(tree, coordinate, context.scope, times)
        return tree
    except UserError as error:
        raise _pointing(context, node, error) from None


def _vector(context: Context, node: ast.Call, name: str, tree_of: TreeOf) -> sympy.Expr:
    """A gradient, a vector by its components, a divergence or a product; time is no coordinate of space."""
    space = context.scope.space
    if not space:
        raise context.error(f"`{name}` needs a coordinate of space, and there is none", node)
    count = {"vec": len(space), "dot": 2}.get(name, 1)
    _check_count(context, node, name, count, count)
    trees = [tree_of(argument) for argument in node.args]
    if any(map(is_complex, trees)):
        raise context.error(f"`{name}` is of real fields; write its derivatives", node)
    if name in ("grad", "vec"):
        if any(map(has_vector, trees)):
            raise context.error(f"`{name}` takes numbers, and this is a vector", node)
        return Gradient(trees[0]) if name == "grad" else Components(*trees)
    try:
        scope = context.scope
        return divergence(trees[0], scope) if name == "div" else product(trees[0], trees[1], scope)
    except ValueError as error:
        raise context.error(str(error), node) from None
    except UserError as error:
        raise _pointing(context, node, error) from None


def _pointing(context: Context, node: ast.Call, error: UserError) -> UserError:
    """The first mistake of what was called, at the characters of the call where it has none of its own."""
    first = error.mistakes[0]
    if first.text is not None:
        return error
    return UserError(
        replace(first, place=context.source.place, text=context.source.text, span=context.syntax.span(node))
    )


def _normal(context: Context, node: ast.Call) -> sympy.Expr:
    """A component of the outward normal, `normal(x)`."""
    _check_count(context, node, "normal", 1, 1)
    if not context.allow_normal:
        raise context.error("`normal` is a component of the normal of a face: for conditions only", node)
    (argument,) = node.args
    if not isinstance(argument, ast.Name) or argument.id not in context.scope.space:
        hint = f"Coordinates in space: {', '.join(context.scope.space) or 'none'}. Example: `u*normal(x)`."
        raise context.error("`normal` takes a coordinate in space", argument, hint)
    return normal_component(argument.id)


def _steps(context: Context, node: ast.Call) -> list[tuple[str, int]]:
    """Along which coordinates `d` differentiates, and how often: `d(u, x, 2, t)` is u_xxt."""
    steps: list[tuple[str, int]] = []
    counted = True
    for argument in node.args[1:]:
        if isinstance(argument, ast.Constant) and not counted and type(argument.value) is int:
            if not 1 <= argument.value <= HIGHEST_ORDER:
                raise context.error(f"the order of a derivative is between 1 and {HIGHEST_ORDER}", argument)
            steps[-1] = steps[-1][0], argument.value
            counted = True
            continue
        if not isinstance(argument, ast.Name) or argument.id not in context.scope.coordinates:
            hint = f"Coordinates: {', '.join(context.scope.coordinates) or 'none'}. Examples: `d(u, x)`, `d(u, x, 2)`."
            raise context.error("`d` differentiates along coordinates", argument, hint)
        steps.append((argument.id, 1))
        counted = False
    if sum(times for _, times in steps) > HIGHEST_ORDER:
        raise context.error(f"derivatives go up to order {HIGHEST_ORDER}", node)
    return steps


def _check_count(context: Context, node: ast.Call, name: str, fewest: int, most: int | None) -> None:
    count = len(node.args)
    if count < fewest or (most is not None and count > most):
        needed = f"{fewest} or more arguments" if most is None else f"{fewest} argument{'s' * (fewest > 1)}"
        raise context.error(f"`{name}` takes {needed}, not {count}", node)
