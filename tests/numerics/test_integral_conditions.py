"""Problems that only an integral makes unique, solved to many digits.

A rod and a plate with insulated edges and zero mean; the ground state of a well with its norm; a flux through a face.
"""

from typing import Any

import numpy as np
import pytest

import pinnkit
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.results.solution import Solution
from pinnkit.stage import Stage


def solved(
    width: int = 12, steps: int = 150, points: int = 200, stages: tuple[Stage, ...] = (), **keys: Any
) -> Solution:
    problem = pinnkit.define(name="problem", **keys)
    config = Config(
        network=MLP(width=width, depth=2),
        points=Sobol(count=points),
        condition_points=Sobol(count=40),
        renew=0,
        phases=(LevenbergMarquardt(steps=steps, target=1e-24),),
        stages=stages,
        device="cpu",
        threads=1,
        test_points=200,
    )
    return pinnkit.solve(problem, config)


def error(solution: Solution) -> float:
    return max(found["relative_l2"] for found in solution.result["errors"].values())


def test_a_plate_with_insulated_edges_and_zero_mean() -> None:
    """-laplace u = 2 pi^2 u for u = cos(pi x) cos(pi y), known up to a constant without its mean."""
    solution = solved(
        width=24,
        steps=100,
        points=400,
        stages=(Stage(start="trained", phases=(LevenbergMarquardt(steps=20),)),),
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        equations={"poisson": "laplace(u) = -2*pi**2*cos(pi*x)*cos(pi*y)"},
        conditions={"edges": {"on": "boundary", "equation": "dn(u) = 0"}, "mean": {"equation": "integral(u) = 0"}},
        reference={"exact": {"u": "cos(pi*x)*cos(pi*y)"}},
        tolerance=1e-7,
    )
    assert error(solution) < 1e-8
    assert solution.result["conditions"]["mean"] < 1e-8
    assert solution.result["verdict"] == "verified"


def test_the_norm_of_a_state() -> None:
    solution = solved(
        coordinates={"x": [0, 1]},
        fields=["p"],
        equations={"well": "p_xx + pi**2*p = 0"},
        conditions={"walls": {"on": "boundary", "equation": "p = 0"}, "norm": {"equation": "integral(p**2) = 1"}},
    )
    x = np.linspace(0, 1, 101)[:, None]
    values = solution(x)[:, 0]
    exact = np.sqrt(2) * np.sin(np.pi * x[:, 0])
    assert np.max(np.abs(np.abs(values) - exact)) < 1e-8
    assert solution.result["conditions"]["norm"] < 1e-10


def test_a_flux_in_place_of_a_condition() -> None:
    """u = x + x y (1 - y) + x^3: the flux through x = 1 is 4 + 1/6, and replaces nothing but its mean."""
    solution = solved(
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        equations={"poisson": "laplace(u) = 6*x - 2*x"},
        conditions={
            "left": {"on": "x = 0", "equation": "u = 0"},
            "shape": {"on": "x = 1", "equation": "d(u, x, y) = 1 - 2*y"},
            "sides": {"on": ["y = 0", "y = 1"], "equation": "u_xx = 6*x"},
            "flux": {"on": "x = 1", "equation": "integral(dn(u)) = 4 + 1/6"},
        },
        reference={"exact": {"u": "x + x*y*(1 - y) + x**3"}},
        accept=["open_face"],
    )
    assert error(solution) < 1e-8
    assert solution.result["conditions"]["flux"] < 1e-8


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_the_total_of_a_growing_field(value: float) -> None:
    """u' = u with the integral from 0 to 1 given: u = value e^x/(e - 1); for 0 the zero field is the answer."""
    solution = solved(
        steps=60,
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations={"growth": "u_x = u"},
        conditions={"total": {"equation": f"integral(u) = {value}"}},
    )
    x = np.linspace(0, 1, 21)[:, None]
    np.testing.assert_allclose(solution(x)[:, 0], value * np.exp(x[:, 0]) / (np.e - 1), atol=1e-8)
