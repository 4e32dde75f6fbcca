"""Text to trees: precedence, names, calls, the split at `=`, and numbers."""

import math

import pytest
import sympy

from pinnkit.equations import Scope, parse, parse_equation, parse_number
from pinnkit.equations.functions import NORMAL
from pinnkit.errors import Place, UserError

SCOPE = Scope(("x", "t"), ("u", "v"), ("nu", "k"), time="t")
X, T, NU, K = (SCOPE.symbols[name] for name in ("x", "t", "nu", "k"))
U, V = SCOPE.functions["u"], SCOPE.functions["v"]
THIRD = sympy.Rational(1, 3)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2*3", sympy.Integer(7)),
        ("2*3^2", sympy.Integer(18)),
        ("-x^2", -(X**2)),
        ("x^-1", 1 / X),
        ("2^3^2", sympy.Integer(512)),
        ("x**2", X**2),
        ("x^2*t", X**2 * T),
        ("x^2 + t^2", X**2 + T**2),
        ("+x - -t", X + T),
        ("--x", X),
        ("x/t/2", X / (2 * T)),
        ("x/(t*2)", X / (2 * T)),
        ("x - (t - nu)", X - T + NU),
        ("-(x + 1)*(t + 1)", sympy.Mul(-1, X + 1, T + 1)),
        ("0.1 + 0.2", sympy.Rational(3, 10)),
        ("1e-3*x", X / 1000),
        (".5*x", X / 2),
        ("007*x", 7 * X),
        ("2*pi", 2 * sympy.pi),
        ("u(x, t)*v", U * V),
        ("u_x", U.diff(X)),
        ("u_xt - u_tx", sympy.Integer(0)),
        ("u_xxtt", sympy.diff(U, (T, 2), (X, 2))),
        ("d(u, x, 2)", U.diff(X, 2)),
        ("d(u, x, t)", U.diff(X, T)),
        ("d(u, x, 2, t)", sympy.diff(U, T, (X, 2))),
        ("d(u*u_x, x)", U.diff(X) ** 2 + U * U.diff(X, 2)),
        ("d(abs(u), x)", sympy.sign(U) * U.diff(X)),
        ("d(sin(x*t), t)", X * sympy.cos(X * T)),
        ("laplace(u)", U.diff(X, 2)),
        ("sqrt(u)", sympy.sqrt(U)),
        ("exp(-x)/2", sympy.exp(-X) / 2),
        ("sign(u) + abs(-2)", sympy.sign(U) + 2),
        ("heaviside(0)", sympy.Rational(1, 2)),
        ("min(3, max(2, 1))", sympy.Integer(2)),
        ("where(1 < 2, u, v)", U),
        ("where(2 <= 1, u, v)", V),
        ("atan2(t, x)", sympy.atan2(T, X)),
        ("(x)", X),
        ("x*k*nu*u", X * K * NU * U),
    ],
)
def test_text_means_the_tree(text: str, tree: sympy.Expr) -> None:
    assert parse(text, SCOPE).tree == tree


def test_folded_lines_are_one_expression() -> None:
    assert parse("u_t\n  + u*u_x\r\n\t- nu", SCOPE).tree == U.diff(T) + U * U.diff(X) - NU


def test_the_laplacian_leaves_out_time() -> None:
    scope = Scope(("x", "t", "y"), ("p",), time="t")
    p = scope.functions["p"]
    assert parse("laplace(p)", scope).tree == p.diff(scope.symbols["x"], 2) + p.diff(scope.symbols["y"], 2)
    assert len(parse("laplace(p)", Scope(("x", "t", "y"), ("p",))).tree.args) == 3


def test_long_coordinates_are_differentiated_by_d() -> None:
    scope = Scope(("theta", "r"), ("u",))
    assert parse("d(u, theta, 2)/r^2", scope).tree == (
        scope.functions["u"].diff(scope.symbols["theta"], 2) / scope.symbols["r"] ** 2
    )


@pytest.mark.parametrize("name", ["beta", "E", "I", "S", "N", "O", "Q", "gamma", "zeta", "lambda_", "e", "i", "C", "ν"])
def test_a_declared_name_is_that_name_and_nothing_of_sympy(name: str) -> None:
    scope = Scope(("x",), ("u",), (name,))
    assert parse(f"{name}*u", scope).tree == scope.symbols[name] * scope.functions["u"]
    assert parse(f"{name}*u", scope, special=True).tree == scope.symbols[name] * scope.functions["u"]


@pytest.mark.parametrize("name", ["E", "S", "N", "Add", "Integral", "Symbol"])
def test_a_field_may_have_a_name_of_sympy(name: str) -> None:
    scope = Scope(("x",), (name,))
    assert (
        parse(f"{name}_x + {name}", scope).tree
        == scope.functions[name].diff(scope.symbols["x"]) + scope.functions[name]
    )


def test_the_longest_field_is_meant() -> None:
    scope = Scope(("x",), ("u", "u_a"))
    assert parse("u_a_x", scope).tree == scope.functions["u_a"].diff(scope.symbols["x"])


def test_an_equation_is_left_minus_right() -> None:
    equation = parse_equation("u_t + u*u_x = nu*u_xx", SCOPE, Place("f.yaml", 3))
    assert equation.tree == U.diff(T) + U * U.diff(X) - NU * U.diff(X, 2)
    assert equation.sides == (U.diff(T) + U * U.diff(X), NU * U.diff(X, 2))
    assert equation.text == "u_t + u*u_x = nu*u_xx"
    assert equation.place == Place("f.yaml", 3)


def test_a_text_without_equals_is_the_residual() -> None:
    residual = parse_equation("u_t - u_xx", SCOPE)
    assert residual.tree == U.diff(T) - U.diff(X, 2)
    assert residual.sides is None


def test_a_single_expression_has_no_equals() -> None:
    with pytest.raises(UserError, match="a single expression is needed here"):
        parse("u = 1", SCOPE)


def test_the_normal_derivative_is_for_conditions() -> None:
    assert parse_equation("dn(u) = k*u", SCOPE, allow_normal=True).tree == NORMAL(U) - K * U
    with pytest.raises(UserError, match="for conditions only"):
        parse_equation("dn(u) = k*u", SCOPE)


def test_special_functions_are_for_exact_solutions() -> None:
    assert parse("besselj(0, x)", SCOPE, special=True).tree == sympy.besselj(0, X)
    with pytest.raises(UserError, match="`besselj` is only for exact solutions"):
        parse("besselj(0, x)", SCOPE)


def test_roots_of_numbers_are_computed_and_small_square_roots_stay() -> None:
    assert parse("sqrt(2)*x", SCOPE).tree == sympy.sqrt(2) * X
    cube = parse("2^(1/3)", SCOPE).tree
    assert cube.is_Rational
    assert float(cube) == pytest.approx(2 ** (1 / 3), rel=1e-16)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("0.01/pi", 0.01 / math.pi),
        ("2*pi", 2 * math.pi),
        ("-1", -1.0),
        ("1e-3", 1e-3),
        ("sqrt(2)/2", math.sqrt(2) / 2),
        ("exp(1)", math.e),
        ("2^0.5", math.sqrt(2)),
        ("2*a + b", 4.0),
        (3, 3.0),
        (0.25, 0.25),
    ],
)
def test_parse_number(given: str | float, value: float) -> None:
    number = parse_number(given, names={"a": 1.5, "b": 1.0})
    assert type(number) is float
    assert number == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        ("x", "unknown name `x`"),
        ("1/0", "division by zero"),
        ("1/(a - 1.5)", "is not a finite number"),
        ("log(-a)", "is not a finite number"),
        ("1 = 1", "not an equation"),
        (True, "a number is needed"),
        (None, "a number is needed"),
        (math.inf, "is not a finite number"),
        (math.nan, "is not a finite number"),
        (10**400, "is not a finite number"),
    ],
)
def test_parse_number_refuses_what_is_none(given: str | float, fragment: str) -> None:
    with pytest.raises(UserError, match=r"f\.yaml:2") as caught:
        parse_number(given, Place("f.yaml", 2), {"a": 1.5})
    assert fragment in str(caught.value)
