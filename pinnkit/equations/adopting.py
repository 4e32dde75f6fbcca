"""A user's own sympy expression, rebuilt node by node from declared names."""

import math

import sympy
from sympy.core.function import AppliedUndef

from pinnkit.equations.choice import Choice
from pinnkit.equations.complexes import IMAGINARY, OF_COMPLEX, complex_function, complex_power, complex_tree, is_complex
from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.functions import FUNCTIONS, NORMAL, Hyp2f1, name_of, operands_of
from pinnkit.equations.names import unknown_name
from pinnkit.equations.numbers import exact, power
from pinnkit.equations.text import to_text
from pinnkit.errors import Mistake, UserError

_FOREIGN = {sympy.Min: "min", sympy.Max: "max", sympy.legendre: "legendre"}
"""Nodes of sympy that the language has its own for."""

_OF_PARTS = {sympy.re: "re", sympy.im: "im", sympy.conjugate: "conj"}
"""Nodes of sympy that have a meaning where there are complex fields."""

_RELATIONS = (sympy.StrictLessThan, sympy.LessThan, sympy.StrictGreaterThan, sympy.GreaterThan)


def from_sympy(tree: sympy.Basic | float, scope: Scope) -> Expression:
    """The expression that a sympy tree is; an `Eq` is an equation.

    Symbols and functions are matched by their names, whatever they are assumed to be: a symbol or function named as a
    field is that field, and a symbol `u_x` is its derivative.

    Args:
        tree: a sympy expression, a sympy equation or a number; never a text.
        scope: the declared names.

    Raises:
        UserError: an unknown name, a field asked elsewhere than at the coordinates, a node outside the language.

    Example:
        >>> x, t = sympy.symbols("x t")
        >>> u = sympy.Function("u")(x, t)
        >>> from_sympy(sympy.Eq(u.diff(t), u.diff(x, 2)), Scope(("x", "t"), ("u",))).text
        'u_t = u_xx'
    """
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        if not math.isfinite(tree):
            raise UserError(f"`{tree}` is not a finite number")
        tree = exact(tree)
    if not isinstance(tree, sympy.Basic):
        raise UserError(f"a sympy expression is needed, and a `{type(tree).__name__}` is given")
    try:
        if isinstance(tree, sympy.Equality):
            left, right = (_adopt(side, scope) for side in tree.args)
            text = f"{to_text(left, scope)} = {to_text(right, scope)}"
            return Expression(text, left - right, sides=(left, right))
        adopted = _adopt(tree, scope)
        return Expression(to_text(adopted, scope), adopted)
    except RecursionError:
        raise UserError("this sympy expression is nested too deeply") from None


def _adopt(node: sympy.Basic, scope: Scope) -> sympy.Expr:
    """The node rebuilt from the symbols of the scope."""
    if isinstance(node, sympy.Float):
        return exact(float(node))
    if (node.is_Rational and node.is_finite) or node in (sympy.pi, sympy.E):
        return node
    if node == sympy.I and scope.complex is not None:
        return node
    if isinstance(node, sympy.Symbol):
        return _named(node.name, scope)
    if isinstance(node, NORMAL) and "dn" not in scope.fields:
        return NORMAL(*(_adopt(argument, scope) for argument in node.args))
    if isinstance(node, AppliedUndef):
        return _field(node, scope)
    if isinstance(node, sympy.Derivative):
        return _derivative(node, scope)
    if isinstance(node, sympy.Piecewise):
        return _choice(node, scope)
    if isinstance(node, sympy.Pow):
        return _power(_adopt(node.base, scope), _adopt(node.exp, scope))
    if isinstance(node, sympy.Add | sympy.Mul):
        return node.func(*(_adopt(argument, scope) for argument in node.args))
    return _function(node, scope)


def _named(name: str, scope: Scope) -> sympy.Expr:
    partial, whole = scope.partial(name), complex_tree(name, scope)
    if name in scope.symbols:
        return scope.symbols[name]
    if partial is None and whole is not None:
        return whole
    if name in scope.named:
        return scope.named[name]
    if partial is None:
        message, hint = unknown_name(name, scope)
        raise UserError(Mistake(message, hint=hint))
    return scope.tree(partial)


def _field(node: AppliedUndef, scope: Scope) -> sympy.Expr:
    name = node.func.__name__
    whole = complex_tree(name, scope)
    if name not in scope.fields and (whole is None or name == IMAGINARY):
        message, hint = unknown_name(name, scope)
        raise UserError(Mistake(message, hint=hint))
    if tuple(str(argument) for argument in node.args) != scope.coordinates:
        usual = f"{name}({', '.join(scope.coordinates)})"
        raise UserError(f"`{node}` is not in the language: the field `{name}` is `{usual}`, asked nowhere else")
    return scope.functions[name] if whole is None else whole


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if is_complex(base) or is_complex(exponent):
        try:
            return complex_power(base, exponent)
        except ValueError as error:
            raise UserError(f"`({base})^({exponent})`: {error}") from None
    negative = base.is_number and base.is_negative and not exponent.is_Integer
    if negative or base == 0:
        raise UserError(f"`({base})^({exponent})` has no finite real value")
    try:
        return power(base, exponent)
    except ValueError:
        raise UserError(f"`({base})^({exponent})` is not a real number") from None


def _derivative(node: sympy.Derivative, scope: Scope) -> sympy.Expr:
    tree = _adopt(node.expr, scope)
    for variable, count in node.variable_count:
        if str(variable) not in scope.coordinates or not count.is_Integer:
            hint = f"Coordinates: {', '.join(scope.coordinates)}."
            raise UserError(Mistake(f"`{node}` differentiates along something that is no coordinate", hint=hint))
        tree = differentiate(tree, str(variable), scope, int(count))
    return tree


def _choice(node: sympy.Piecewise, scope: Scope) -> sympy.Expr:
    if node.args[-1][1] != sympy.true:
        raise UserError(f"`{node}` has no value where none of its conditions holds; end it with `(…, True)`")
    try:
        return Choice(*((_adopt(branch, scope), _condition(test, scope)) for branch, test in node.args))
    except ValueError as error:
        raise UserError(f"`{node}`: {error}") from None


def _condition(node: sympy.Basic, scope: Scope) -> sympy.Basic:
    if node in (sympy.true, sympy.false):
        return node
    if isinstance(node, sympy.And | sympy.Or):
        return node.func(*(_condition(part, scope) for part in node.args))
    if not isinstance(node, _RELATIONS):
        raise UserError(f"`{node}` is not a comparison by `<`, `<=`, `>` or `>=`")
    return node.func(*(_adopt(side, scope) for side in node.args), evaluate=False)


def _function(node: sympy.Basic, scope: Scope) -> sympy.Expr:
    if isinstance(node, sympy.hyper) and (len(node.ap), len(node.bq)) == (2, 1):
        return Hyp2f1(*(_adopt(a, scope) for a in (*node.ap, *node.bq, node.argument)))
    name = _FOREIGN.get(type(node)) or name_of(node)
    if scope.complex is not None and (name in OF_COMPLEX or type(node) in _OF_PARTS):
        given = [_adopt(argument, scope) for argument in node.args]
        if type(node) in _OF_PARTS or any(map(is_complex, given)):
            return complex_function(_OF_PARTS.get(type(node)) or str(name), given)
    if name is None or (isinstance(node, sympy.Heaviside) and node.args[1] != sympy.Rational(1, 2)):
        known = ", ".join(FUNCTIONS)
        raise UserError(Mistake(f"`{str(node)[:80]}` is not in the language of expressions", hint=f"Known: {known}."))
    return FUNCTIONS[name].build(*(_adopt(argument, scope) for argument in operands_of(node)))
