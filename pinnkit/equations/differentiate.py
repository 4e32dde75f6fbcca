"""Partial derivatives of trees, by the rules of calculus and without generalised functions.

sympy's own `diff` answers a jump with a DiracDelta, which no sample of points ever sees; here it is an error.
"""

from collections.abc import Sequence

import sympy
from sympy.core.function import AppliedUndef, ArgumentIndexError

from pinnkit.equations.choice import choose
from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.equations.functions import INTEGRAL, NORMAL, name_of
from pinnkit.errors import Mistake, UserError

HIGHEST_ORDER = 8
"""The highest order of a derivative of a field."""

_LARGEST = 8_000


def partial_of(node: sympy.Expr, scope: Scope) -> Partial | None:
    """The derivative that a node u(x, t) or Derivative(u(x, t), ...) is, or None where it is neither."""
    function = node.expr if isinstance(node, sympy.Derivative) else node
    if not isinstance(function, AppliedUndef) or scope.functions.get(function.func.__name__) != function:
        return None
    counts = {str(v): int(n) for v, n in node.variable_count} if isinstance(node, sympy.Derivative) else {}
    return Partial(function.func.__name__, tuple(counts.get(c, 0) for c in scope.coordinates))


def differentiate(tree: sympy.Expr, coordinate: str, scope: Scope, times: int = 1) -> sympy.Expr:
    """The derivative of a tree along a coordinate, every field being a function of all coordinates.

    A minimum, a maximum and a choice are differentiated branch by branch, which is the derivative everywhere but
    where the branch changes.

    Args:
        tree: what is differentiated.
        coordinate: along which coordinate.
        scope: the declared names.
        times: how often.

    Raises:
        UserError: a jump (`sign`, `heaviside`) that depends on the coordinate, an order above eight, a result that is
            too long to be of use, a function whose derivative is not in the language.

    Example:
        >>> scope = Scope(("x", "t"), ("u",))
        >>> differentiate(scope.functions["u"] ** 2, "x", scope)
        2*u(x, t)*Derivative(u(x, t), x)
    """
    for _ in range(times):
        tree = _Derivative(coordinate, scope).of(tree)
    return tree


def laplacian(tree: sympy.Expr, scope: Scope) -> sympy.Expr:
    """The sum of the second derivatives along all coordinates but time.

    Raises:
        UserError: no coordinate but time is declared, or one of the errors of `differentiate`.
    """
    if not scope.space:
        raise UserError(Mistake("`laplace` needs a coordinate of space, and there is none"))
    return sympy.Add(*(differentiate(tree, c, scope, 2) for c in scope.space))


class _Derivative:
    """One differentiation, which remembers the nodes that it has met and counts what it makes."""

    def __init__(self, coordinate: str, scope: Scope) -> None:
        self.coordinate = coordinate
        self.symbol = scope.symbols[coordinate]
        self.scope = scope
        self.known: dict[sympy.Expr, sympy.Expr] = {}
        self.made = 0

    def of(self, node: sympy.Expr) -> sympy.Expr:
        """The derivative of a node."""
        if node not in self.known:
            self.known[node] = self._new(node)
        return self.known[node]

    def _new(self, node: sympy.Expr) -> sympy.Expr:
        if node.is_number:
            return sympy.S.Zero
        if isinstance(node, sympy.Symbol):
            return sympy.S.One if node == self.symbol else sympy.S.Zero
        if isinstance(node, sympy.Add):
            return self._sum([self.of(term) for term in node.args])
        if isinstance(node, sympy.Mul):
            return self._product(node.args)
        if isinstance(node, sympy.Pow):
            return self._power(*node.args)
        if isinstance(node, sympy.Piecewise):
            return self._choice(list(node.args))
        if isinstance(node, AppliedUndef | sympy.Derivative):
            return self._field(node)
        return self._function(node)

    def _sum(self, terms: Sequence[sympy.Expr]) -> sympy.Expr:
        self._count(len(terms))
        return sympy.Add(*terms)

    def _product(self, factors: Sequence[sympy.Expr]) -> sympy.Expr:
        terms = []
        for i, factor in enumerate(factors):
            slope = self.of(factor)
            if slope != 0:
                self._count(len(factors))
                terms.append(sympy.Mul(*factors[:i], slope, *factors[i + 1 :]))
        return self._sum(terms)

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        along_base, along_exponent = self.of(base), self.of(exponent)
        self._count(4)
        result = exponent * base ** (exponent - 1) * along_base
        if along_exponent != 0:
            result += base**exponent * sympy.log(base) * along_exponent
        return result

    def _field(self, node: sympy.Expr) -> sympy.Expr:
        partial = partial_of(node, self.scope)
        if partial is None:
            marks = {"dn": NORMAL, "integral": INTEGRAL}
            written = next((name for name, mark in marks.items() if isinstance(node, mark)), str(node))
            hint = f"Differentiate first: `{written}(d(u, {self.coordinate}))`." if written in marks else None
            raise UserError(Mistake(f"`{written}` cannot be differentiated along `{self.coordinate}`", hint=hint))
        if partial.order >= HIGHEST_ORDER:
            raise UserError(Mistake(f"derivatives of `{partial.field}` go up to order {HIGHEST_ORDER}"))
        at = self.scope.coordinates.index(self.coordinate)
        orders = tuple(n + (i == at) for i, n in enumerate(partial.orders))
        return self.scope.tree(Partial(partial.field, orders))

    def _function(self, node: sympy.Expr) -> sympy.Expr:
        slopes = [self.of(argument) for argument in node.args]
        self._count(len(slopes) + 1)
        if all(slope == 0 for slope in slopes):
            return sympy.S.Zero
        if isinstance(node, sympy.Abs):
            return sympy.sign(node.args[0]) * slopes[0]
        if isinstance(node, sympy.Heaviside | sympy.sign):
            name = name_of(node)
            message = f"`{name}` jumps, and has no derivative along `{self.coordinate}`"
            raise UserError(Mistake(message, hint="Use a smooth step, such as `tanh(x/0.01)`, or leave it whole."))
        if isinstance(node, Minimum | Maximum):
            return self._extreme(node, list(node.args), slopes)
        try:
            terms = [node.fdiff(i) * slope for i, slope in enumerate(slopes, 1) if slope != 0]
        except ArgumentIndexError:
            raise self._unknown(node) from None
        self._check_known(node, terms)
        return self._sum(terms)

    def _extreme(self, node: sympy.Expr, given: list[sympy.Expr], slopes: list[sympy.Expr]) -> sympy.Expr:
        """The slope of the branch that is taken."""
        if len(given) == 1:
            return slopes[0]
        rest = node.func(*given[1:])
        compare = sympy.StrictGreaterThan if isinstance(node, Maximum) else sympy.StrictLessThan
        first = compare(given[0], rest, evaluate=False)
        return self._joined(first, slopes[0], self._extreme(node, given[1:], slopes[1:]))

    def _choice(self, branches: list[tuple[sympy.Expr, sympy.Basic]]) -> sympy.Expr:
        """The choice between the slopes of the branches."""
        (chosen, condition), *rest = branches
        return self._joined(condition, self.of(chosen), self._choice(rest)) if rest else self.of(chosen)

    def _joined(self, condition: sympy.Basic, chosen: sympy.Expr, otherwise: sympy.Expr) -> sympy.Expr:
        try:
            return choose(condition, chosen, otherwise)
        except ValueError as error:
            raise UserError(Mistake(str(error))) from None

    def _check_known(self, node: sympy.Expr, terms: Sequence[sympy.Expr]) -> None:
        for term in terms:
            for f in term.atoms(sympy.Function):
                if name_of(f) is None and not isinstance(f, AppliedUndef):
                    raise self._unknown(node)

    def _unknown(self, node: sympy.Expr) -> UserError:
        return UserError(Mistake(f"the derivative of `{name_of(node)}` in this argument is not in the language"))

    def _count(self, made: int) -> None:
        self.made += made
        if self.made > _LARGEST:
            raise UserError(Mistake("this derivative is too long to be of use"))
