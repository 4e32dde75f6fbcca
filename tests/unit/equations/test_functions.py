"""The table of functions: every row computes what its name says, on NumPy and on torch."""

import math

import mpmath
import numpy as np
import pytest
import torch

from pinnkit.equations import Scope, compile_tree, parse
from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.functions import FUNCTIONS
from pinnkit.errors import UserError

SCOPE = Scope(("x", "y"), ("u",))
POINTS = [(0.3, 0.7), (0.9, 0.2), (0.5, 0.5), (-0.4, 0.6), (0.0, -0.8)]

# How each function is called, and what it is at (x, y), from another library.
CALLS = {
    "sin": ("sin(x)", lambda x, y: math.sin(x)),
    "cos": ("cos(x)", lambda x, y: math.cos(x)),
    "tan": ("tan(x)", lambda x, y: math.tan(x)),
    "asin": ("asin(x)", lambda x, y: math.asin(x)),
    "acos": ("acos(x)", lambda x, y: math.acos(x)),
    "atan": ("atan(x)", lambda x, y: math.atan(x)),
    "atan2": ("atan2(x, y)", lambda x, y: math.atan2(x, y)),
    "sinh": ("sinh(x)", lambda x, y: math.sinh(x)),
    "cosh": ("cosh(x)", lambda x, y: math.cosh(x)),
    "tanh": ("tanh(x)", lambda x, y: math.tanh(x)),
    "exp": ("exp(x)", lambda x, y: math.exp(x)),
    "log": ("log(x + 1)", lambda x, y: math.log(x + 1)),
    "sqrt": ("sqrt(x + 1)", lambda x, y: math.sqrt(x + 1)),
    "abs": ("abs(x)", lambda x, y: abs(x)),
    "sign": ("sign(x)", lambda x, y: float((x > 0) - (x < 0))),
    "heaviside": ("heaviside(x)", lambda x, y: 0.5 * (1 + (x > 0) - (x < 0))),
    "min": ("min(x, y, 0.4)", lambda x, y: min(x, y, 0.4)),
    "max": ("max(x, y, 0.4)", lambda x, y: max(x, y, 0.4)),
    "where": ("where(x < y, x, y^2)", lambda x, y: x if x < y else y**2),
    "erf": ("erf(x)", lambda x, y: math.erf(x)),
    "erfc": ("erfc(x)", lambda x, y: math.erfc(x)),
    "gamma": ("gamma(x + 1)", lambda x, y: math.gamma(x + 1)),
    "besselj": ("besselj(1, x)", lambda x, y: mpmath.besselj(1, x)),
    "bessely": ("bessely(0, x + 1)", lambda x, y: mpmath.bessely(0, x + 1)),
    "legendre": ("legendre(5, x)", lambda x, y: mpmath.legendre(5, x)),
    "hyp2f1": ("hyp2f1(0.5, 1, 1.5, x)", lambda x, y: mpmath.hyp2f1(0.5, 1, 1.5, x)),
    "airyai": ("airyai(x)", lambda x, y: mpmath.airyai(x)),
    "airyaiprime": ("airyaiprime(x)", lambda x, y: mpmath.airyai(x, derivative=1)),
}


def test_every_function_is_tested() -> None:
    assert set(CALLS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_function_is_what_its_name_says(name: str, device: str) -> None:
    text, truth = CALLS[name]
    program = compile_tree(parse(text, SCOPE, special=True).tree, SCOPE)
    x, y = (np.array(column) for column in zip(*POINTS, strict=True))
    expected = [float(truth(*point)) for point in POINTS]
    np.testing.assert_allclose(program({"x": x, "y": y}), expected, rtol=1e-13, atol=1e-15)
    tensors = {"x": torch.as_tensor(x, device=device), "y": torch.as_tensor(y, device=device)}
    if FUNCTIONS[name].torch is None:
        with pytest.raises(UserError, match="NumPy"):
            program(tensors)
    else:
        np.testing.assert_allclose(program(tensors).cpu().numpy(), expected, rtol=1e-13, atol=1e-15)


def test_a_legendre_polynomial_of_high_degree_keeps_its_digits() -> None:
    program = compile_tree(parse("legendre(60, x)", SCOPE, special=True).tree, SCOPE)
    assert program({"x": 0.99}) == pytest.approx(float(mpmath.legendre(60, 0.99)), rel=1e-12)


@pytest.mark.parametrize("degree", ["0.5", "-1", "101", "x"])
def test_a_legendre_polynomial_has_a_whole_degree(degree: str) -> None:
    with pytest.raises(UserError, match="the degree of `legendre` is a whole number from 0 to 100"):
        parse(f"legendre({degree}, x)", SCOPE, special=True)


@pytest.mark.parametrize("degree", [0, 1, 3, 10, 60])
def test_a_legendre_polynomial_may_have_a_parameter_as_degree(degree: int) -> None:
    scope = Scope(("x",), (), ("l",))
    tree = parse("legendre(l, x)", scope, special=True).tree
    for x in (-0.99, 0.3, 0.7):
        assert compile_tree(tree, scope)({"x": x, "l": degree}) == pytest.approx(float(mpmath.legendre(degree, x)))
        slope = compile_tree(differentiate(tree, "x", scope), scope)({"x": x, "l": degree})
        assert slope == pytest.approx(float(mpmath.diff(lambda s: mpmath.legendre(degree, s), x)), rel=1e-9, abs=1e-12)
