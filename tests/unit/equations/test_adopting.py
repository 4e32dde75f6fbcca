"""A user's own sympy expressions, taken over by name."""

import math

import pytest
import sympy

from pinnkit.equations import Scope, from_sympy, parse, parse_equation
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t"), ("u",), ("nu",), time="t")
x, t, nu = sympy.symbols("x t nu")
u = sympy.Function("u")(x, t)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (u.diff(t) + u * u.diff(x) - nu * u.diff(x, 2), "u_t + u*u_x - nu*u_xx"),
        (sympy.Derivative(u**2 / 2, x), "d(u^2/2, x)"),
        (sympy.Symbol("u_x") * sympy.Symbol("u"), "u_x*u"),
        (sympy.sin(x) * 0.1, "sin(x)*0.1"),
        (sympy.sqrt(x) + sympy.exp(-x) + sympy.pi + sympy.E, "sqrt(x) + exp(-x) + pi + exp(1)"),
        (sympy.Max(x, t, 0) + sympy.Min(x, 1), "max(x, t, 0) + min(x, 1)"),
        (sympy.Heaviside(x) + sympy.sign(t) + sympy.Abs(u), "heaviside(x) + sign(t) + abs(u)"),
        (sympy.Piecewise((x, x < 0), (t, x <= 1), (nu, True)), "where(x < 0, x, where(x <= 1, t, nu))"),
        (sympy.hyper((1, 2), (3,), x), "hyp2f1(1, 2, 3, x)"),
        (sympy.besselj(0, x) + sympy.erf(t), "besselj(0, x) + erf(t)"),
        (sympy.Function("dn")(u) + u, "dn(u) + u"),
        (3, "3"),
        (0.1, "0.1"),
        (sympy.Float(0.25) * x, "x/4"),
    ],
)
def test_taken_over_as_if_it_had_been_written(tree: sympy.Expr, text: str) -> None:
    assert from_sympy(tree, SCOPE).tree == parse(text, SCOPE, special=True, allow_normal=True).tree


def test_an_equality_is_an_equation() -> None:
    equation = from_sympy(sympy.Eq(u.diff(t), nu * u.diff(x, 2)), SCOPE)
    assert equation.text == "u_t = nu*u_xx"
    assert equation == parse_equation(equation.text, SCOPE)


def test_its_text_can_be_read() -> None:
    expression = from_sympy(sympy.sin(x) * u.diff(x, t) / 3, SCOPE)
    assert parse(expression.text, SCOPE).tree == expression.tree


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        (sympy.Symbol("w"), "unknown name `w`"),
        (sympy.Symbol("u_y"), "differentiates along `y`"),
        (sympy.Function("w")(x, t), "unknown name `w`"),
        (u.subs(x, 0), "asked nowhere else"),
        (sympy.Function("u")(t, x), "asked nowhere else"),
        (sympy.Derivative(u.subs(x, nu), nu), "asked nowhere else"),
        (sympy.Derivative(nu**2 * x, nu, evaluate=False), "no coordinate"),
        (sympy.Heaviside(x, 0), "not in the language"),
        (sympy.I * x, "not in the language"),
        (sympy.oo, "not in the language"),
        (sympy.zeta(x), "not in the language"),
        (sympy.Integral(u, x), "not in the language"),
        (sympy.Piecewise((x, x < 0)), "has no value where"),
        (sympy.Piecewise((x, sympy.Ne(x, 0)), (1, True)), "is not a comparison"),
        (sympy.Pow(-2, x), "no finite real value"),
        (sympy.Derivative(sympy.sign(x), x), "`sign` jumps"),
        ("u_t", "a sympy expression is needed, and a `str` is given"),
        (None, "a sympy expression is needed"),
        (math.nan, "is not a finite number"),
    ],
)
def test_refused(given: sympy.Basic, fragment: str) -> None:
    with pytest.raises(UserError) as caught:
        from_sympy(given, SCOPE)
    assert fragment in str(caught.value)


def test_a_very_deep_tree_is_an_error_and_no_crash() -> None:
    tree = x
    for _ in range(3000):
        tree = sympy.sin(tree, evaluate=False)
    with pytest.raises(UserError, match="too deep"):
        from_sympy(tree, SCOPE)
