"""What is a divergence.

Theorems: every D_x F + D_t G is one, whatever F and G; so is every expression of coordinates alone, which is not told,
since nothing is conserved there. With a field that the Euler operator does not remove, none is: u itself, u^2, u_x^2.
The classical laws: mass of Burgers' equation and of Korteweg and de Vries', whose square is kept as well; the energy of
waves, with a potential too.
"""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from pinnkit.equations import Scope, parse
from pinnkit.equations.divergences import is_divergence

SCOPE = Scope(("x", "t"), ("u", "v"), ("c",))

LAWS = [
    "u_t + u*u_x - c*u_xx",
    "u_t + 6*u*u_x + u_xxx",
    "u*(u_t + 6*u*u_x + u_xxx)",
    "u_t*(u_tt - c^2*u_xx)",
    "u_t*(u_tt - u_xx + sin(u))",
    "u*(u_t + 0.5*v_xx) + v*(v_t - 0.5*u_xx)",
    "u_t + d(exp(x)*v*u_x, x) + x*t",
    "u_xx + v_xt",
]


@pytest.mark.parametrize("text", LAWS)
def test_the_classical_laws_are(text: str) -> None:
    assert is_divergence(parse(text, SCOPE).tree, SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        "u_t + u",
        "u_t + u^2 + u_x",
        "u_x^2",
        "u*(u_t - u_xx)",
        "u*(u_t + 0.5*v_xx) - v*(v_t - 0.5*u_xx)",
        "v*u_x",
        "x^3*u_xxx",
        "x*t",
        "u",
        "where(x < 0, 1, c)*u_xx",
        "abs(u_x)",
    ],
)
def test_others_are_not(text: str) -> None:
    assert not is_divergence(parse(text, SCOPE).tree, SCOPE)


@pytest.mark.parametrize("seed", range(8))
def test_every_divergence_of_whatever_is_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    u, v = SCOPE.functions["u"], SCOPE.functions["v"]
    x, t = SCOPE.symbols["x"], SCOPE.symbols["t"]
    atoms = [u, v, sympy.diff(u, x), sympy.diff(v, t), x, sympy.sin(u), sympy.exp(x), sympy.diff(u, x, 2)]

    def term() -> sympy.Expr:
        chosen = generator.choice(len(atoms), size=2)
        return int(generator.integers(1, 5)) * sympy.Mul(*(atoms[k] for k in chosen))

    flux, density = term(), term()
    tree = (sympy.diff(flux, x) + sympy.diff(density, t)).doit()
    assert is_divergence(tree, SCOPE)
    assert not is_divergence(tree + u**2, SCOPE)


def test_what_is_too_long_is_not_looked_at() -> None:
    long = sympy.Add(
        *(SCOPE.functions["u"].diff(SCOPE.symbols["x"]) * sympy.sin(k * SCOPE.symbols["t"]) for k in range(200))
    )
    assert not is_divergence(long, replace(SCOPE, fields=("u",)))
