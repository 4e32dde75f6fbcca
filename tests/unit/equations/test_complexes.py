"""Complex trees: their parts are those of Python's complex numbers, and are real trees without roots."""

import cmath

import pytest
import sympy

from pinnkit.equations.adopting import from_sympy
from pinnkit.equations.complexes import complex_tree, components, is_complex, parts
from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.parse import parse, parse_equation
from pinnkit.equations.text import to_text
from pinnkit.errors import UserError

SCOPE = Scope(("x", "t"), ("h_re", "h_im", "v"), ("a",), time="t", complex=("h",))
KNOWN = {"x": 0.3, "t": 0.7, "a": 1.1, "h": 0.6 - 0.8j, "v": -0.4, "h_x": 0.2 + 1.3j, "h_xx": -0.7j, "h_t": 0.9 + 0.1j}

FORMULAS = {
    "i*h_t + 0.5*h_xx + abs(h)^2*h": lambda z: 1j * z["h_t"] + 0.5 * z["h_xx"] + abs(z["h"]) ** 2 * z["h"],
    "exp(i*a*x)/cosh(h)": lambda z: cmath.exp(1j * z["a"] * z["x"]) / cmath.cosh(z["h"]),
    "sin(h)*cos(i*h) - sinh(conj(h))": lambda z: (
        cmath.sin(z["h"]) * cmath.cos(1j * z["h"]) - cmath.sinh(z["h"].conjugate())
    ),
    "h^3 - (h + 2*i)^(-2)": lambda z: z["h"] ** 3 - (z["h"] + 2j) ** -2,
    "v*h + re(h)*im(h_x)/h": lambda z: z["v"] * z["h"] + z["h"].real * z["h_x"].imag / z["h"],
    "where(x < 0, h, i*h) + abs(h)^3": lambda z: 1j * z["h"] + abs(z["h"]) ** 3,
    "d(h^2, x)": lambda z: 2 * z["h"] * z["h_x"],
    "d(abs(h)^2, x)": lambda z: 2 * (z["h"].conjugate() * z["h_x"]).real,
    "laplace(h) + h(x, t)": lambda z: z["h_xx"] + z["h"],
    "i^7": lambda z: 1j**7,
}


def _value(tree: sympy.Expr) -> float:
    """A real tree at the known numbers."""
    values: dict[Partial | str, float] = {name: float(KNOWN[name].real) for name in ("x", "t", "a")}
    for name in ("h", "h_x", "h_xx", "h_t"):
        letters = name.partition("_")[2]
        for part, number in zip(components("h"), (KNOWN[name].real, KNOWN[name].imag), strict=True):
            values[Partial(part, (letters.count("x"), letters.count("t")))] = number
    values[Partial("v", (0, 0))] = float(KNOWN["v"].real)
    return float(compile_tree(tree, SCOPE)(values))


@pytest.mark.parametrize("text", FORMULAS)
def test_parts_are_those_of_complex_arithmetic(text: str) -> None:
    real, imaginary = parts(parse(text, SCOPE).tree)
    assert not is_complex(real)
    assert not is_complex(imaginary)
    assert _value(real) + 1j * _value(imaginary) == pytest.approx(FORMULAS[text](KNOWN), rel=1e-14)


@pytest.mark.parametrize("text", FORMULAS)
def test_parts_are_written_in_the_language_of_real_fields(text: str) -> None:
    bare = Scope(SCOPE.coordinates, SCOPE.fields, SCOPE.parameters, SCOPE.time)
    for part in parts(parse(text, SCOPE).tree):
        assert parse(to_text(part, bare), bare).tree == part


def test_the_square_of_the_modulus_is_a_polynomial() -> None:
    tree = parse("abs(h)^2", SCOPE).tree
    assert tree == SCOPE.functions["h_re"] ** 2 + SCOPE.functions["h_im"] ** 2


def test_conditions_have_normal_derivatives_and_integrals_of_complex_fields() -> None:
    tree = parse_equation("dn(h) + i*integral(h, x)", SCOPE, allow_normal=True, allow_integral=True).tree
    real, imaginary = (to_text(part, SCOPE) for part in parts(tree))
    assert real == "dn(h_re) - integral(h_im, x)"
    assert imaginary == "dn(h_im) + integral(h_re, x)"


def test_a_users_own_sympy_expression_is_the_same() -> None:
    x, t = sympy.symbols("x t")
    h = sympy.Function("h")(x, t)
    given = from_sympy(
        sympy.Eq(sympy.I * h.diff(t) + h.diff(x, 2) / 2, -(sympy.Abs(h) ** 2) * sympy.conjugate(h)), SCOPE
    )
    typed = parse_equation("i*h_t + h_xx/2 = -abs(h)^2*conj(h)", SCOPE)
    assert [sympy.expand(p) for p in parts(given.tree)] == [sympy.expand(p) for p in parts(typed.tree)]
    assert parse_equation(given.text, SCOPE).tree == given.tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sqrt(h)", "`sqrt` takes real numbers"),
        ("max(h, 1)", "`max` takes real numbers"),
        ("where(h < 0, 1, 2)", "an order is one of real numbers"),
        ("where(x < i, 1, 2)", "an order is one of real numbers"),
        ("h^0.5", "whole exponents"),
        ("2^h", "whole exponents"),
        ("conj(h, 1)", "takes 1 argument"),
        ("h(0, t)", "cannot be asked elsewhere"),
    ],
)
def test_what_complex_numbers_have_not(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        parse(text, SCOPE)
    assert caught.value.mistakes[0].span is not None


@pytest.mark.parametrize("text", ["i*u", "conj(u)", "re(u)"])
def test_without_complex_fields_the_hint_tells_of_them(text: str) -> None:
    with pytest.raises(UserError, match="problem with `complex` fields"):
        parse(text, Scope(("x",), ("u",)))


def test_names_that_are_not_complex() -> None:
    assert complex_tree("i", Scope(("x",), ("u",))) is None
    assert complex_tree("v", SCOPE) is None
    assert complex_tree("i", SCOPE) == sympy.I
