"""A tree written in the language of expressions, so that reading it again gives the same tree."""

import sympy

from pinnkit.equations.complexes import IMAGINARY
from pinnkit.equations.differentiate import partial_of
from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import NORMAL, coordinate_of, is_normal_component, name_of, operands_of
from pinnkit.equations.numbers import HIGHEST_POWER, exact
from pinnkit.equations.reductions import REDUCTIONS, along_of, held_of, name_of_reduction, on_of
from pinnkit.errors import Mistake, UserError

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
"""How tightly a text holds together."""

_COMPARISONS = {
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
}


def to_text(tree: sympy.Expr, scope: Scope) -> str:
    """The tree in the language of expressions.

    Raises:
        UserError: a node that the language does not have.

    Example:
        >>> scope = Scope(("x", "t"), ("u",))
        >>> to_text(sympy.diff(scope.functions["u"], scope.symbols["x"]) / 2, scope)
        '0.5*u_x'
    """
    try:
        return _write(tree, scope)[0]
    except RecursionError:
        raise UserError(Mistake("this expression is nested too deeply to be written")) from None


def _write(node: sympy.Basic, scope: Scope) -> tuple[str, int]:
    """The text of a node and how tightly it holds together."""
    if node.is_Rational and node.is_finite:
        return _number(node)
    if isinstance(node, sympy.Float):
        return _number(exact(float(node)))
    if isinstance(node, sympy.Symbol) and is_normal_component(node.name):
        return f"normal({coordinate_of(node.name)})", _ATOM
    if node == sympy.pi or isinstance(node, sympy.Symbol):
        return str(node), _ATOM
    if node == sympy.E:
        return "exp(1)", _ATOM
    if node == sympy.I and scope.complex is not None:
        return IMAGINARY, _ATOM
    if isinstance(node, sympy.Add):
        return _sum(node, scope), _SUM
    if isinstance(node, sympy.Mul):
        return _signed(node, scope), _PRODUCT
    if isinstance(node, sympy.Pow):
        return _power(node, scope)
    if isinstance(node, sympy.Piecewise):
        return _choice(list(node.args), scope), _ATOM
    partial = partial_of(node, scope)
    if partial is not None:
        return scope.name(partial), _ATOM
    if isinstance(node, tuple(REDUCTIONS.values())):
        return _reduction(node, scope), _ATOM
    name = "dn" if isinstance(node, NORMAL) else name_of(node)
    if name is None:
        raise UserError(Mistake(f"`{str(node)[:80]}` is not in the language of expressions"))
    return f"{name}({', '.join(_write(g, scope)[0] for g in operands_of(node))})", _ATOM


def _reduction(node: sympy.Expr, scope: Scope) -> str:
    """Behind the operand the coordinates that it goes along, the piece that it is on, and the values that are held."""
    parts = [_write(node.args[0], scope)[0], *along_of(node)]
    parts += [f"on = {piece}"] if (piece := on_of(node)) is not None else []
    parts += [f"{name} = {_write(value, scope)[0]}" for name, value in held_of(node).items()]
    return f"{name_of_reduction(node)}({', '.join(parts)})"


def _held(node: sympy.Basic, scope: Scope, tightness: int) -> str:
    """The text of a node, in parentheses where it holds together less tightly than needed."""
    text, own = _write(node, scope)
    return text if own >= tightness else f"({text})"


def _number(value: sympy.Rational) -> tuple[str, int]:
    """Decimals where they say the number exactly, a quotient elsewhere."""
    nearest = value.p / value.q
    if value.is_Integer or exact(nearest) == value:
        text = str(value.p) if value.is_Integer else repr(nearest)
        return text, _ATOM if value >= 0 else _PRODUCT
    if max(abs(value.p), value.q) >= 10**300:
        return repr(nearest), _ATOM if value >= 0 else _PRODUCT
    return f"{value.p}/{value.q}", _PRODUCT


def _sum(node: sympy.Add, scope: Scope) -> str:
    text = ""
    for term in node.as_ordered_terms():
        coefficient, factors = term.as_coeff_mul()
        if coefficient.is_negative:
            text += (" - " if text else "-") + _product(-coefficient, factors, scope)
        else:
            text += (" + " if text else "") + _held(term, scope, _PRODUCT)
    return text


def _signed(node: sympy.Mul, scope: Scope) -> str:
    coefficient, factors = node.as_coeff_mul()
    return _product(coefficient, factors, scope)


def _product(coefficient: sympy.Expr, factors: tuple[sympy.Expr, ...], scope: Scope) -> str:
    """Factors with negative powers stand below the line."""
    above, below = [], []
    for factor in sorted(factors, key=sympy.default_sort_key):
        if isinstance(factor, sympy.Pow) and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(_held(factor.base**-factor.exp, scope, _POWER))
        else:
            above.append(_held(factor, scope, _POWER))
    sign = "-" if coefficient.is_negative else ""
    size = abs(coefficient)
    if size != 1 or not above:
        above.insert(0, _held(size, scope, _PRODUCT))
    return sign + "*".join(above) + "".join(f"/{text}" for text in below)


def _power(node: sympy.Pow, scope: Scope) -> tuple[str, int]:
    base, exponent = node.args
    exponent = exact(float(exponent)) if exponent.is_Float else exponent
    if exponent.is_Rational and exponent.is_negative:
        return f"1/{_held(base**-exponent, scope, _POWER)}", _PRODUCT
    if exponent == sympy.Rational(1, 2):
        return f"sqrt({_write(base, scope)[0]})", _ATOM
    held = _held(base, scope, _ATOM)
    if exponent.is_Rational and exponent > HIGHEST_POWER and not base.is_number:
        whole, rest = divmod(exponent, HIGHEST_POWER)
        pieces = [f"{held}^{HIGHEST_POWER}"] * int(whole) + ([_held(base**rest, scope, _POWER)] if rest else [])
        return "*".join(pieces), _PRODUCT
    return f"{held}^{_held(exponent, scope, _ATOM)}", _POWER


def _choice(branches: list[tuple[sympy.Expr, sympy.Basic]], scope: Scope) -> str:
    (chosen, condition), *rest = branches
    if condition == sympy.true:
        return _write(chosen, scope)[0]
    if not rest:
        raise UserError(Mistake("a choice without a last branch has no value everywhere"))
    return _test(condition, _write(chosen, scope)[0], _choice(rest, scope), scope)


def _test(condition: sympy.Basic, chosen: str, otherwise: str, scope: Scope) -> str:
    """One choice, or one for every part of a condition that has several."""
    if isinstance(condition, sympy.Or | sympy.And):
        for part in sorted(condition.args, key=sympy.default_sort_key, reverse=True):
            if isinstance(condition, sympy.Or):
                otherwise = _test(part, chosen, otherwise, scope)
            else:
                chosen = _test(part, chosen, otherwise, scope)
        return otherwise if isinstance(condition, sympy.Or) else chosen
    sign = _COMPARISONS.get(type(condition))
    if sign is None:
        raise UserError(Mistake(f"`{condition}` is not a comparison by `<`, `<=`, `>` or `>=`"))
    left, right = (_write(side, scope)[0] for side in condition.args)
    return f"where({left} {sign} {right}, {chosen}, {otherwise})"
