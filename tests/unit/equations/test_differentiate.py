"""Derivatives of trees, against the chain rule by hand and against finite differences."""

import math

import numpy as np
import pytest
import sympy

from pinnkit.equations import Scope, compile_tree, differentiate, laplacian, parse
from pinnkit.equations.extremes import Maximum, Minimum
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t"), ("u",), ("nu",), time="t")
X, T = SCOPE.symbols["x"], SCOPE.symbols["t"]
U = SCOPE.functions["u"]

SMOOTH = [
    "x^3*t",
    "x^-2",
    "x^2.5",
    "2^x",
    "x^t",
    "x^x",
    "sin(x*t)",
    "cos(x)*tan(t)",
    "asin(x/2)",
    "acos(x*t/4)",
    "atan(x)",
    "atan2(t, x)",
    "sinh(x) - cosh(t*x)",
    "tanh(x/t)",
    "exp(-x^2)",
    "log(x + t)",
    "sqrt(x*t)",
    "abs(x - 3)*x",
    "min(x, t)*x",
    "max(x^2, t, 0.3)",
    "where(x < t, x^2, sin(t))",
    "where(x < 0, 1, where(x < 1, x^3, x^2))",
    "sign(x + 2)*x",
    "heaviside(t)*x",
    "erf(x*t)",
    "erfc(x*t)",
    "besselj(0, x) + bessely(1, 2*x)",
    "legendre(4, x/2)",
    "hyp2f1(1, 2, 3, x/4)",
    "airyai(-x)",
    "airyaiprime(x)",
    "gamma(t)*x",
]


# Jumps, and a function whose derivative is not in the language, along the coordinate that they depend on.
WITHOUT = {("sign(x + 2)*x", "x"), ("heaviside(t)*x", "t"), ("gamma(t)*x", "t")}


@pytest.mark.parametrize(("text", "along"), [(s, c) for s in SMOOTH for c in "xt" if (s, c) not in WITHOUT])
def test_derivative_is_the_limit_of_differences(text: str, along: str) -> None:
    tree = parse(text, SCOPE, special=True).tree
    program, slope = compile_tree(tree, SCOPE), compile_tree(differentiate(tree, along, SCOPE), SCOPE)
    x = np.array([0.31, 0.72, 1.23, 1.61])
    t = np.array([0.93, 0.41, 0.57, 1.37])
    shift = 1e-5

    def at(step: float) -> np.ndarray:
        moved = {"x": x + step * (along == "x"), "t": t + step * (along == "t")}
        return program.broadcast(moved, x)

    differences = (8 * (at(shift) - at(-shift)) - (at(2 * shift) - at(-2 * shift))) / (12 * shift)
    np.testing.assert_allclose(slope.broadcast({"x": x, "t": t}, x), differences, rtol=1e-8, atol=1e-8)


def test_chain_rule_through_a_field() -> None:
    assert differentiate(sympy.sin(U) * X, "x", SCOPE) == sympy.sin(U) + X * sympy.cos(U) * U.diff(X)
    assert differentiate(U.diff(X), "t", SCOPE) == U.diff(X, T)
    assert differentiate(U, "x", SCOPE, 3) == U.diff(X, 3)


def test_parameters_are_constants() -> None:
    assert differentiate(SCOPE.symbols["nu"] * X, "x", SCOPE) == SCOPE.symbols["nu"]


def test_branches_are_differentiated_apart() -> None:
    tree = differentiate(parse("max(u, 0)", SCOPE).tree, "x", SCOPE)
    assert not tree.has(sympy.Heaviside, sympy.DiracDelta)
    program = compile_tree(tree, SCOPE)
    values = {SCOPE.partial("u"): np.array([-1.0, 2.0]), SCOPE.partial("u_x"): np.array([5.0, 7.0])}
    np.testing.assert_array_equal(program(values), [0.0, 7.0])


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("sign(x)", "`sign` jumps, and has no derivative along `x`"),
        ("heaviside(u)", "`heaviside` jumps"),
        ("gamma(x)", "the derivative of `gamma`"),
        ("besselj(x, 1)", "the derivative of `besselj`"),
        ("hyp2f1(x, 1, 2, 0.5)", "the derivative of `hyp2f1`"),
        ("dn(u)", "`dn` cannot be differentiated along `x`"),
    ],
)
def test_what_has_no_derivative_says_so(text: str, fragment: str) -> None:
    tree = parse(text, SCOPE, special=True, allow_normal=True).tree
    with pytest.raises(UserError, match="along|derivative") as caught:
        differentiate(tree, "x", SCOPE)
    assert fragment in str(caught.value)


def test_a_jump_elsewhere_is_a_constant() -> None:
    assert differentiate(sympy.sign(T), "x", SCOPE) == 0
    assert differentiate(sympy.Heaviside(T) * X, "x", SCOPE) == sympy.Heaviside(T)


def test_the_laplacian_needs_space() -> None:
    with pytest.raises(UserError, match="needs a coordinate of space"):
        laplacian(Scope(("t",), ("q",), time="t").functions["q"], Scope(("t",), ("q",), time="t"))


def test_legendre_derivative_has_no_pole_at_the_end() -> None:
    slope = compile_tree(differentiate(parse("legendre(7, x)", SCOPE, special=True).tree, "x", SCOPE), SCOPE)
    assert slope({"x": 1.0}) == pytest.approx(7 * 8 / 2, rel=1e-14)
    assert math.isfinite(slope({"x": -1.0}))


def test_extremes_can_be_made_anew_by_sympy() -> None:
    """As `doit` does, which an ansatz and regions ask for."""
    u = SCOPE.functions["u"]
    for kind in (Minimum, Maximum):
        assert kind(u, sympy.Integer(1)).doit() == kind(u, sympy.Integer(1))
