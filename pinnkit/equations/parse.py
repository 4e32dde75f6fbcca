"""Text to a sympy tree: Python's syntax tree, walked through a list of what is allowed, and nothing is ever evaluated.

Every node is built from declared names, so that no name of sympy's own can slip in, and every number is computed in
floating point before sympy sees it, so that a tower of powers is an error and not a long wait.
"""

import ast
import math
from collections.abc import Mapping
from typing import final

import sympy

from pinnkit.equations.calls import read_call
from pinnkit.equations.complexes import complex_power, complex_tree, is_complex
from pinnkit.equations.context import Context
from pinnkit.equations.differentiate import HIGHEST_ORDER
from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.functions import CONSTANTS, NOT_NUMBERS
from pinnkit.equations.names import unknown_name
from pinnkit.equations.numbers import exact, magnitude, power, power_error
from pinnkit.equations.reductions import REDUCTIONS, names_outside
from pinnkit.equations.source import LARGEST, Source, read_syntax, read_tokens, split_sides
from pinnkit.equations.vectors import HINT, has_vector
from pinnkit.errors import Mistake, Place, UserError

_DEEPEST = 60


def parse(
    text: str, scope: Scope, place: Place | None = None, *, special: bool = False, allow_normal: bool = False
) -> Expression:
    """The expression that a text says, in declared names.

    Args:
        text: what the user wrote; line breaks are spaces.
        scope: the declared names.
        place: where the text stands, for the messages.
        special: whether the functions of exact solutions (`besselj`, `legendre`, ...) may be called.
        allow_normal: whether `dn(...)` may be used, which has a meaning on a face only.

    Raises:
        UserError: whatever is not in the language, with the text and a caret below it.

    Example:
        >>> parse("d(u^2/2, x)", Scope(("x", "t"), ("u",))).tree
        u(x, t)*Derivative(u(x, t), x)
    """
    source = Source(text, place)
    tokens = read_tokens(source)
    sign = next((token for token in tokens if token.text == "="), None)
    if sign is not None:
        raise source.error("a single expression is needed here, not an equation", sign.span)
    walk = _Walk(Context(source, read_syntax(source, tokens), scope, special, allow_normal))
    return Expression(text, walk.result(), place)


def parse_output(text: str, scope: Scope, place: Place | None = None) -> Expression:
    """The number that a text makes of fields by reductions, such as `root(u, x, t = 1)`.

    Raises:
        UserError: whatever is not in the language, and what is no number.

    Example:
        >>> parse_output("2*integral(u^2, x, t = 1)", Scope(("x", "t"), ("u",))).tree
        2*integral(u(x, t)**2, x, at(t, 1))
    """
    source = Source(text, place)
    syntax = read_syntax(source, read_tokens(source, holding=True))
    tree = _Walk(Context(source, syntax, scope, False, allow_normal=bool(scope.pieces), reductions=True)).result()
    strange = names_outside(tree, scope)
    whole = (0, len(text))
    if strange:
        hint = f"Reduce it: `integral({strange[0]})`, `maximum({strange[0]})`, `value({strange[0]}, …)`."
        raise source.error(f"`{strange[0]}` is no number, and an output is one", whole, hint)
    if not isinstance(tree, REDUCTIONS["roots"]) and tree.has(REDUCTIONS["roots"]):
        raise source.error("`roots` is a list and stands alone", whole, "`root` is the first of them.")
    return Expression(text, tree, place)


def parse_equation(
    text: str,
    scope: Scope,
    place: Place | None = None,
    *,
    special: bool = False,
    allow_normal: bool = False,
    allow_integral: bool = False,
    allow_jump: bool = False,
) -> Expression:
    """The equation that a text says, as left minus right; a text without `=` is the residual itself.

    Args:
        text: what the user wrote; line breaks are spaces.
        scope: the declared names.
        place: where the text stands, for the messages.
        special: whether the functions of exact solutions (`besselj`, `legendre`, ...) may be called.
        allow_normal: whether `dn(...)` may be used, which has a meaning on a face only.
        allow_integral: whether `integral(...)` may be used, which is one number and no field.
        allow_jump: whether `jump(...)` may be used, which has a meaning on an interface only.

    Raises:
        UserError: whatever is not in the language, with the text and a caret below it.

    Example:
        >>> parse_equation("u_t = u_xx", Scope(("x", "t"), ("u",))).sides
        (Derivative(u(x, t), t), Derivative(u(x, t), (x, 2)))
    """
    source = Source(text, place)
    sides = [
        _Walk(
            Context(
                source,
                read_syntax(source, tokens),
                scope,
                special,
                allow_normal,
                allow_integral=allow_integral,
                allow_jump=allow_jump,
            )
        ).result()
        for tokens in split_sides(source, read_tokens(source))
    ]
    if len(sides) == 1:
        return Expression(text, sides[0], place)
    return Expression(text, sides[0] - sides[1], place, (sides[0], sides[1]))


def parse_number(value: str | float, place: Place | None = None, names: Mapping[str, float] | None = None) -> float:
    """The number that a text such as "0.01/pi" says.

    Args:
        value: a text or a number.
        place: where it stands.
        names: numbers that may be used by name.

    Raises:
        UserError: what is not a finite real number.

    Example:
        >>> parse_number("2*pi")
        6.283185307179586
    """
    if isinstance(value, str):
        scope = Scope((), (), tuple(names or ()))
        result = compile_tree(parse(value, scope, place).tree, scope)(dict(names or {}))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        result = float(value) if abs(value) < 1e300 else math.inf
    else:
        raise UserError(Mistake(f"a number is needed, and `{value}` is given", place))
    if not math.isfinite(result):
        raise UserError(Mistake(f"`{value}` is not a finite number", place))
    return float(result)


@final
class _Walk:
    """The way through one syntax tree: sums, products, powers, numbers and names."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.depth = 0

    def result(self) -> sympy.Expr:
        """The tree of the whole text."""
        root = self.context.syntax.root
        tree = self.node(root)
        if has_vector(tree):
            raise self.context.error("this is a vector, and a number is needed", root, HINT)
        if tree.has(*NOT_NUMBERS) or any(magnitude(n) is None for n in tree.atoms(sympy.Rational)):
            raise self.context.error("this has no finite value", root)
        return tree

    def node(self, node: ast.expr) -> sympy.Expr:
        """The tree of a node, by its kind."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.context.error(f"this is nested more than {_DEEPEST} deep", node)
        tree = self._kind(node)
        self.depth -= 1
        value = self.context.value(tree)
        if value is not None and not abs(value) < LARGEST:
            raise self.context.error("this number is too large, or is none", node)
        return tree

    def _kind(self, node: ast.expr) -> sympy.Expr:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.node(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._product(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            return self._product(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return read_call(self.context, node, node.func.id, self.node)
        if isinstance(node, ast.Compare):
            raise self.context.error("a comparison stands only at the start of `where(a < b, p, q)`", node)
        if isinstance(node, ast.Tuple):
            raise self.context.error("a comma stands only between the arguments of a function", node)
        raise self.context.error("this is not in the language of expressions", node)

    def _constant(self, node: ast.Constant) -> sympy.Expr:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise self.context.error("this is not in the language of expressions", node)
        return exact(node.value)

    def _name(self, node: ast.Name) -> sympy.Expr:
        name = node.id
        if name in self.context.scope.symbols:
            return self.context.scope.symbols[name]
        partial = self.context.scope.partial(name)
        if partial is not None:
            if partial.order > HIGHEST_ORDER:
                raise self.context.error(f"derivatives of `{partial.field}` go up to order {HIGHEST_ORDER}", node)
            return self.context.scope.tree(partial)
        whole = complex_tree(name, self.context.scope)
        if whole is not None:
            return whole
        if name in self.context.scope.named:
            return self.context.scope.named[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        message, hint = unknown_name(name, self.context.scope)
        raise self.context.error(message, node, hint)

    def _sum(self, node: ast.expr) -> sympy.Expr:
        """A whole chain of sums at once: `a + b - c` has three terms and not two levels."""
        terms: list[tuple[int, ast.expr]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            terms.append((1 if isinstance(node.op, ast.Add) else -1, node.right))
            node = node.left
        terms.append((1, node))
        trees = [self.node(n) if sign > 0 else self._product(n, -1) for sign, n in reversed(terms)]
        return sympy.Add(*trees)

    def _product(self, node: ast.expr, sign: int = 1) -> sympy.Expr:
        """A whole chain of products at once; a minus in front of it, or of its first factor, is a factor -1."""
        factors: list[sympy.Expr] = []
        while True:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
                factors.append(self.node(node.right))
                node = node.left
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                factors.append(self._reciprocal(node.right))
                node = node.left
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                sign = -sign
                node = node.operand
            else:
                break
        factors.append(self.node(node))
        if sign < 0:
            factors.append(sympy.S.NegativeOne)
        factors.reverse()
        return sympy.Mul(*factors)

    def _reciprocal(self, node: ast.expr) -> sympy.Expr:
        divisor = self.node(node)
        if self.context.value(divisor) == 0:
            raise self.context.error("division by zero", node)
        return divisor**-1

    def _power(self, node: ast.BinOp) -> sympy.Expr:
        base, exponent = self.node(node.left), self.node(node.right)
        if is_complex(base) or is_complex(exponent):
            try:
                return complex_power(base, exponent)
            except ValueError as error:
                raise self.context.error(str(error), node) from None
        numbers = self.context.value(base), self.context.value(exponent)
        complaint = power_error(*numbers)
        if complaint is not None:
            raise self.context.error(complaint, node)
        try:
            tree = power(base, exponent)
        except ValueError as error:
            raise self.context.error(str(error), node) from None
        if isinstance(tree, sympy.Pow) and not tree.is_number:
            complaint = power_error(None, self.context.value(tree.exp))
            if complaint is not None:
                raise self.context.error(complaint, node)
        return tree
