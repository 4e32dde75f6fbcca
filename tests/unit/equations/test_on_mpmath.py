"""Trees in any precision: they agree with NumPy on every function, and keep numbers as exact as they were written."""

from typing import Any

import pytest
from mpmath import MPContext

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Scope
from pinnkit.equations.functions import FUNCTIONS
from pinnkit.equations.on_mpmath import PreciseProgram
from pinnkit.equations.parse import parse

SCOPE = Scope(("x", "y"), ())
CALLS = {
    "atan2": "atan2(x, y)",
    "min": "min(x, y, 0.3)",
    "max": "max(x, y, 0.3)",
    "where": "where(x < y, x/y, 1/(x - y))",
    "besselj": "besselj(2, x)",
    "bessely": "bessely(2, x)",
    "legendre": "legendre(3, x)",
    "hyp2f1": "hyp2f1(0.5, 0.25, 1.5, x)",
}


def precise(text: str, x: float, y: float, digits: int = 30) -> Any:
    context = MPContext()
    context.dps = digits
    symbols = [SCOPE.symbols[name] for name in ("x", "y")]
    program = PreciseProgram([parse(text, SCOPE, special=True).tree], symbols, context)
    return program([context.mpf(x), context.mpf(y)])[0]


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_function_agrees_with_numpy(name: str) -> None:
    text = CALLS.get(name, f"{name}(x)")
    program = compile_tree(parse(text, SCOPE, special=True).tree, SCOPE)
    for x, y in ((0.37, 0.61), (0.61, 0.37)):
        assert float(precise(text, x, y)) == pytest.approx(float(program({"x": x, "y": y})), rel=1e-13)


@pytest.mark.parametrize(
    "text", ["x**2*y - 3*x/y + 0.1", "(x + y)**(-3)", "sqrt(x)*y**1.5", "where(x < y, where(x > 0.2, x, y), 2)"]
)
def test_arithmetic_agrees_with_numpy(text: str) -> None:
    program = compile_tree(parse(text, SCOPE).tree, SCOPE)
    assert float(precise(text, 0.3, 0.7)) == pytest.approx(float(program({"x": 0.3, "y": 0.7})), rel=1e-14)


def test_numbers_are_exact_to_the_last_digit() -> None:
    assert str(precise("8/3 + 0.1 + 0*x", 1.0, 1.0, 40)).startswith("2.7666666666666666666666666666666666666")
    assert str(precise("pi*x", 1.0, 1.0, 40)).startswith("3.14159265358979323846264338327950288419")


def test_the_branch_that_is_not_taken_is_not_computed() -> None:
    assert float(precise("where(x > 0, 1/x, 0)", 0.0, 1.0)) == 0.0
