"""Eigenstates against exact levels: wells with walls and without, barriers, oscillators, and what is refused."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.verification.eigenstates import Eigenstates, eigenstates

LINE: list[Any] = ["-inf", "inf"]


def well(
    ends: list[Any], equation: str = "-psi_xx + V*psi = E*psi", V: str = "0", scale: float = 1.0, **keys: Any
) -> Problem:
    """A particle in a potential between zeros at both ends."""
    return define(
        **{
            "name": "well",
            "coordinates": {"x": {"range": ends, "scale": scale} if ends == LINE else ends},
            "fields": ["psi"],
            "parameters": {"E": 1},
            "functions": {"V": V} if "V" in equation else {},
            "equations": {"schroedinger": equation},
            "conditions": {"ends": {"on": [f"x = {end}" for end in ends], "equation": "psi = 0"}},
            **keys,
        }
    )


SMOOTH = {"value": "psi", "slope": "psi_x"}

FINITE = well(
    LINE,
    V="where(abs(x) < 1/2, 0, 100)",
    regions={"left": {"x": ["-inf", "-1/2"]}, "inside": {"x": ["-1/2", "1/2"]}, "right": {"x": ["1/2", "inf"]}},
    interfaces=SMOOTH,
)


def through_a_barrier(height: float) -> list[float]:
    """The three lowest levels of a box [0, 1] with a barrier on [0.4, 0.6].

    Inside the barrier even states are cosh(q (x - 1/2)) and odd ones sinh, q^2 = height - E, and psi'/psi = k cot(k x)
    joins them at x = 0.4.
    """

    def mismatch(energy: float, even: bool) -> float:
        k, q = np.sqrt(energy), np.sqrt(complex(height - energy))
        inside = -q * np.sinh(0.1 * q) * np.sin(0.4 * k) - k * np.cos(0.4 * k) * np.cosh(0.1 * q)
        if not even:
            inside = -q * np.cosh(0.1 * q) * np.sin(0.4 * k) - k * np.cos(0.4 * k) * np.sinh(0.1 * q)
            inside = inside / q
        return float(inside.real)

    found = []
    grid = np.linspace(0.5, 120, 2000)
    for even in (True, False):
        values = [mismatch(e, even) for e in grid]
        found += [
            brentq(mismatch, grid[i], grid[i + 1], (even,), xtol=1e-13, rtol=1e-14)
            for i in range(len(grid) - 1)
            if values[i] * values[i + 1] < 0
        ]
    return sorted(found)[:3]


CASES: dict[str, tuple[Problem, list[float]]] = {
    "infinite well": (well([0, 1]), [(k * np.pi) ** 2 for k in (1, 2, 3)]),
    "finite well": (FINITE, [6.8271419819, 26.951445478, 58.904615174]),
    "barrier": (
        well(
            [0, 1],
            V="where(abs(x - 1/2) < 0.1, 20, 0)",
            regions={"a": {"x": [0, 0.4]}, "b": {"x": [0.4, 0.6]}, "c": {"x": [0.6, 1]}},
            interfaces=SMOOTH,
        ),
        through_a_barrier(20.0),
    ),
    "harmonic": (well(LINE, V="x^2", scale=4), [1.0, 3.0, 5.0]),
    "harmonic, divided": (well(LINE, "(-psi_xx + (x^2 - E)*psi)/(1 + x^2) = 0", scale=4), [1.0, 3.0, 5.0]),
    "with an ansatz": (well([0, 1], ansatz={"psi": "x*(1 - x)*N"}), [(k * np.pi) ** 2 for k in (1, 2, 3)]),
    "double well": (well(LINE, "-psi_xx/2 + (x^2 - 4)^2*psi = E*psi", scale=4), [2.76240593, 2.76242182]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_lowest_levels(case: str) -> None:
    problem, exact = CASES[case]
    found = eigenstates(problem, "E", len(exact))
    assert found.levels == pytest.approx(exact, rel=3e-9 if case == "double well" else 2e-11)
    assert found.accuracy.max() < (1e-7 if case == "double well" else 2e-10)
    lobes(found, problem)


def lobes(found: Eigenstates, problem: Problem) -> None:
    """State k has k zeros inside, a positive first lobe, and the norm 1; states are orthogonal."""
    axis = problem.coordinates[0].axis
    nodes, weights = np.polynomial.legendre.leggauss(2000)
    x = axis.from_unit(0.5 * (nodes + 1))
    states = found.values(x[:, None])
    gram = (states * (0.5 * weights * axis.slope(x))[:, None]).T @ states
    assert np.abs(gram - np.eye(len(gram))).max() < 1e-6
    for k, state in enumerate(states.T):
        seen = state[np.abs(state) > 1e-3 * np.abs(state).max()]
        assert seen[0] > 0
        assert np.sum(seen[1:] * seen[:-1] < 0) == k


def test_states_are_those_of_the_well() -> None:
    x = np.linspace(0, 1, 101)
    states = eigenstates(well([0, 1]), "E", 4).values(x[:, None])
    exact = np.sqrt(2) * np.sin(np.pi * np.outer(x, [1, 2, 3, 4]))
    assert np.abs(states - exact).max() < 1e-11


def test_the_norm_is_the_one_that_is_given() -> None:
    conditions = {
        "ends": {"on": ["x = 0", "x = 1"], "equation": "psi = 0"},
        "norm": {"equation": "integral(psi_x^2) = 2*pi^2"},
    }
    states = eigenstates(well([0, 1], conditions=conditions), "E", 1).values(np.array([[0.5]]))
    assert states[0, 0] == pytest.approx(2.0, rel=1e-11)


def test_a_continuum_is_no_level() -> None:
    """The finite well has four levels below V = 100; what lies above depends on the resolution."""
    with pytest.raises(UserError, match="4 of 5 states"):
        eigenstates(FINITE, "E", 5)


@pytest.mark.parametrize(
    ("problem", "parameter", "said"),
    [
        (well([0, 1], "-psi_xx + psi^3 = E*psi"), "E", "is not linear and homogeneous"),
        (well([0, 1], "-psi_xx = E*psi + 1"), "E", "is not linear and homogeneous"),
        (well([0, 1], "-psi_xx = E^2*psi"), "E", "holds more than its first power"),
        (well([0, 1]), "F", "unknown parameter `F`"),
        (
            well([0, 1], conditions={"a": {"on": "x = 0", "equation": "psi = E*psi_x"}}),
            "E",
            "is to be an eigenvalue, and `a` holds it",
        ),
    ],
    ids=["nonlinear", "driven", "square", "name", "condition"],
)
def test_what_has_no_states_is_told(problem: Problem, parameter: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        eigenstates(problem, parameter, 1)
