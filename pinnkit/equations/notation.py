"""Expressions as mathematicians write them: on several lines in Unicode, and in LaTeX."""

# ruff: noqa: N802 (sympy finds the way to print a node by the name of its class)

from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm

from pinnkit.equations.choice import Choice
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.functions import INTEGRAL, NORMAL, Hyp2f1, Legendre, coordinate_of, is_normal_component
from pinnkit.equations.text import to_text as to_text

_WIDEST_FRACTION = 100
"""Fractions with larger denominators are shown as decimals."""


def unicode(expression: Expression, scope: Scope) -> str:
    """The expression over several lines, derivatives as fractions of ∂; an equation shows its two sides.

    Example:
        >>> from pinnkit.equations.parse import parse_equation
        >>> scope = Scope(("x", "t"), ("u",))
        >>> print(unicode(parse_equation("u_t = 2*u", scope), scope))
        ∂u
        ── = 2⋅u
        ∂t
    """
    printer = _Pretty({"use_unicode": True, "wrap_line": False})
    text = printer.doprint(_shown(expression))
    return "\n".join(line.rstrip() for line in text.splitlines())


def latex(expression: Expression, scope: Scope) -> str:
    r"""The expression in LaTeX, without dollar signs; an equation shows its two sides.

    Example:
        >>> from pinnkit.equations.parse import parse_equation
        >>> scope = Scope(("x", "t"), ("u",))
        >>> print(latex(parse_equation("u_t = 2*u", scope), scope))
        \frac{\partial u}{\partial t} = 2 u
    """
    return _Latex({"long_frac_ratio": 1}).doprint(_shown(expression))


def _shown(expression: Expression) -> sympy.Basic:
    sides = expression.sides
    shown = sympy.Eq(*sides, evaluate=False) if sides is not None else expression.tree
    long = {n: sympy.Float(n, 17) for n in shown.atoms(sympy.Rational) if n.q > _WIDEST_FRACTION}
    return shown.xreplace(long)


def _is_partial(node: sympy.Derivative) -> bool:
    """Whether a derivative is a partial one: its field has several coordinates."""
    return len(node.expr.args) > 1


def _raised(exponent: int) -> str:
    """The exponent in raised digits, nothing for one."""
    return "" if exponent == 1 else str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _bare(symbol: sympy.Symbol) -> sympy.Symbol:
    """The symbol as it is shown: `lambda_` is a Greek letter, its underscore only keeps it from Python's word.

    A component of the normal is n_x.
    """
    if is_normal_component(symbol.name):
        return sympy.Symbol(f"n_{coordinate_of(symbol.name)}")
    return sympy.Symbol(symbol.name.rstrip("_"))


class _Pretty(PrettyPrinter):
    """sympy's printer, with fields without their arguments and derivatives as fractions."""

    def _print_Symbol(self, node: sympy.Symbol) -> prettyForm:
        return super()._print_Symbol(_bare(node))

    def _print_AppliedUndef(self, node: AppliedUndef) -> prettyForm:
        if isinstance(node, NORMAL):
            slope = prettyForm("∂") / prettyForm("∂n")
            return prettyForm(
                *slope.right(" ", prettyForm(*self._print(node.args[0]).parens())), binding=prettyForm.MUL
            )
        if isinstance(node, INTEGRAL):
            return self._print(sympy.Integral(*node.args))
        return self._print(sympy.Symbol(node.func.__name__))

    def _print_Derivative(self, node: sympy.Derivative) -> prettyForm:
        d = "∂" if _is_partial(node) else "d"
        order = sum(int(count) for _, count in node.variable_count)
        above = prettyForm(*self._print(node.expr).left(d + _raised(order)))
        below = prettyForm("")
        for symbol, count in node.variable_count:
            step = prettyForm(*self._print(symbol).left(d))
            below = prettyForm(*below.right(" " if below.width() else "", step, _raised(count)))
        fraction = prettyForm(*above.below(prettyForm.LINE, below), binding=prettyForm.MUL)
        fraction.baseline = above.height()
        return fraction

    def _print_Legendre(self, node: Legendre) -> prettyForm:
        return self._print(sympy.legendre(*node.args, evaluate=False))

    def _print_Hyp2f1(self, node: Hyp2f1) -> prettyForm:
        return self._print(sympy.hyper(node.args[:2], node.args[2:3], node.args[3]))

    def _print_Choice(self, node: Choice) -> prettyForm:
        return self._print_Piecewise(node)

    def _print_Min(self, node: sympy.Min) -> prettyForm:
        return self._call("min", node.args)

    def _print_Max(self, node: sympy.Max) -> prettyForm:
        return self._call("max", node.args)

    def _call(self, name: str, given: tuple[sympy.Expr, ...]) -> prettyForm:
        return prettyForm(*self._print_seq(given, "(", ")", ", ").left(name))


class _Latex(LatexPrinter):
    """sympy's printer, with fields without their arguments and derivatives as fractions."""

    def _print_Symbol(self, node: sympy.Symbol, style: str = "plain") -> str:
        return super()._print_Symbol(_bare(node), style)

    def _print_AppliedUndef(self, node: AppliedUndef, exp: Any = None) -> str:
        if isinstance(node, NORMAL):
            text = rf"\frac{{\partial}}{{\partial n}} \left({self._print(node.args[0])}\right)"
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"
        if isinstance(node, INTEGRAL):
            text = self._print(sympy.Integral(*node.args))
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"
        text = self._print(sympy.Symbol(node.func.__name__))
        return text if exp is None else rf"{text}^{{{exp}}}"

    def _print_Derivative(self, node: sympy.Derivative) -> str:
        d = r"\partial" if _is_partial(node) else "d"
        order = sum(int(count) for _, count in node.variable_count)
        steps = [f"{d} {self._print(s)}" + ("" if n == 1 else f"^{{{n}}}") for s, n in node.variable_count]
        above = d if order == 1 else f"{d}^{{{order}}}"
        return rf"\frac{{{above} {self._print(node.expr)}}}{{{' '.join(steps)}}}"

    def _print_Choice(self, node: Choice, exp: Any = None) -> str:
        text = self._print_Piecewise(node)
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Min(self, node: sympy.Min, exp: Any = None) -> str:
        return self._call(r"\min", node.args, exp)

    def _print_Max(self, node: sympy.Max, exp: Any = None) -> str:
        return self._call(r"\max", node.args, exp)

    def _call(self, name: str, given: tuple[sympy.Expr, ...], exp: Any) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({', '.join(self._print(g) for g in given)}\right)"

    def _print_Legendre(self, node: Legendre, exp: Any = None) -> str:
        return self._print_legendre(node, exp)

    def _print_Hyp2f1(self, node: Hyp2f1, exp: Any = None) -> str:
        return self._print_hyper(sympy.hyper(node.args[:2], node.args[2:3], node.args[3]), exp)
