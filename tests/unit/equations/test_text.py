"""Trees written in the language: readable, and read back as they were."""

from dataclasses import replace

import pytest
import sympy

from pinnkit.equations import Scope, parse, to_text
from pinnkit.equations.parse import parse_output
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t", "theta"), ("u",), ("nu",))
X, T = SCOPE.symbols["x"], SCOPE.symbols["t"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("u_t + u*u_x - nu*u_xx", "-nu*u_xx + u*u_x + u_t"),
        ("x/3", "1/3*x"),
        ("x*0.1", "0.1*x"),
        ("x/(t*u)", "x/t/u"),
        ("1/x^2", "1/x^2"),
        ("-(x + 1)^2", "-(x + 1)^2"),
        ("d(u, theta, 2)", "d(u, theta, 2)"),
        ("d(u, x, theta)", "d(u, x, theta)"),
        ("x*exp(1)", "exp(1)*x"),
        ("x^(-t)", "x^(-t)"),
        ("(x^t)^2", "x^(2*t)"),
        ("sqrt(x)^3", "x^1.5"),
        ("where(x <= 0, 1, where(x > 1, 2, 3))", "where(x <= 0, 1, where(x > 1, 2, 3))"),
        ("min(x, t, 2)", "min(2, t, x)"),
        ("u + dn(u)", "dn(u) + u"),
        ("besselj(0, x)", "besselj(0, x)"),
        ("legendre(2, x)", "legendre(2, x)"),
        ("hyp2f1(1, 2, 3, x)", "hyp2f1(1, 2, 3, x)"),
        ("x*t - x*(t + 1)", None),
        ("1e-30*x + 1e30", None),
        ("2^(1/3)*x^(1/3)", None),
    ],
)
def test_written_and_read_back(text: str, written: str | None) -> None:
    tree = parse(text, SCOPE, special=True, allow_normal=True).tree
    again = to_text(tree, SCOPE)
    assert written is None or again == written
    assert parse(again, SCOPE, special=True, allow_normal=True).tree == tree


@pytest.mark.parametrize(
    "text",
    [
        "integral(u*x, theta = 1)",
        "integral(u_x, x, t = 1/nu, theta = 0)",
        "integral(dn(u), on = hole)",
        "maximum(u)/argmax(u, x, t = 1, theta = 2)",
        "roots(u - nu, x, t = 1, theta = 2)",
        "value(u, x = root(u, x, t = 0, theta = 0), t = 1, theta = 2)",
    ],
)
def test_reductions_are_written_and_read_back(text: str) -> None:
    scope = replace(SCOPE, pieces=("hole",)) if "hole" in text else SCOPE
    scope = replace(scope, coordinates=("x", "y")) if "hole" in text else scope
    tree = parse_output(text, scope).tree
    assert parse_output(to_text(tree, scope), scope).tree == tree


def test_high_powers_are_split() -> None:
    tree = X**51 * T**20.5
    assert parse(to_text(X**51, SCOPE), SCOPE).tree == X**51
    assert parse(to_text(tree, SCOPE), SCOPE).tree == X**51 * T ** sympy.Rational(41, 2)


@pytest.mark.parametrize("condition", [sympy.Or(X < 0, X > 1), sympy.And(X > 0, T > 0)])
def test_joined_conditions_are_written_as_nested_choices(condition: sympy.Basic) -> None:
    tree = sympy.Piecewise((X, condition), (T, True))
    again = parse(to_text(tree, SCOPE), SCOPE).tree
    for point in ({X: -1, T: 2}, {X: 0.5, T: 2}, {X: 2, T: 3}, {X: 0.5, T: -1}):
        assert again.subs(point) == tree.subs(point)


@pytest.mark.parametrize(
    "tree",
    [sympy.zeta(X), sympy.Integral(X, X), sympy.I * X, sympy.oo, sympy.Piecewise((X, X > 0)), sympy.Function("w")(X)],
)
def test_what_the_language_does_not_have_is_refused(tree: sympy.Expr) -> None:
    with pytest.raises(UserError, match="not in the language|without a last branch"):
        to_text(tree, SCOPE)
