"""What the equations conserve, and how well fields keep it.

Theorems: the integral vanishes for the solution. Where a field is u + e, that of a linear law of multiplier 1 is the
integral of the law at e; so that a loss of mass at a rate c is found as c times the length in space and time.
"""

from typing import Any

import numpy as np
import pytest
import sympy

import pinnkit
from pinnkit.config import Config
from pinnkit.geometry import GaussLegendre
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.results.conservation import conserved


def made(fields: list[str], equations: dict[str, str], **keys: Any) -> Problem:
    return pinnkit.define(
        **{"name": "law", "coordinates": {"x": [0, 2], "t": [0, 3]}, "time": "t", "accept": ["W-conditions"], **keys},
        fields=fields,
        equations=equations,
    )


def of(problem: Problem, **fields: str) -> dict[str, tuple[float, float]]:
    """Integral and share of what is conserved, at fields that are given."""
    scope = problem.scope
    x, t = scope.symbols["x"], scope.symbols["t"]
    values = {scope.functions[n]: sympy.sympify(text, locals={"x": x, "t": t}) for n, text in fields.items()}

    def evaluate(tree: sympy.Expr, points: np.ndarray) -> np.ndarray:
        plain = sympy.lambdify((x, t), tree.xreplace(values).doit(), "numpy")
        return np.broadcast_to(plain(*points.T), len(points)).astype(float)

    return {k.name: (k.integral, k.relative) for k in conserved(problem, evaluate, GaussLegendre(40))}


def test_a_solution_keeps_all_of_it() -> None:
    wave = of(made(["u"], {"wave": "u_tt - u_xx = 0"}), u="sin(x)*cos(t)")
    assert set(wave) == {"wave", "u_t * wave"}
    assert all(relative < 1e-13 for _, relative in wave.values())
    free = of(
        made(["u", "v"], {"real": "u_t + v_xx/2 = 0", "imag": "v_t - u_xx/2 = 0"}), u="cos(x - t/2)", v="sin(x - t/2)"
    )
    assert set(free) == {"real", "imag", "u * real + v * imag"}
    assert all(relative < 1e-13 for _, relative in free.values())


def test_what_is_lost_is_found() -> None:
    """Mass is lost at a rate of 0.01 everywhere."""
    found = of(made(["u"], {"transport": "u_t + u_x = 0"}), u="sin(x - t) - 0.01*t")
    integral, share = found["transport"]
    assert integral == pytest.approx(-0.01 * 2 * 3, rel=1e-9)
    assert 0 < share < 0.01
    assert set(found) == {"transport", "u * transport"}


def test_what_is_not_conserved_is_not_told() -> None:
    assert of(made(["u"], {"decay": "u_t + u = 0"}), u="exp(-t)") == {}


def test_parts_and_many_coordinates_are_left_out() -> None:
    names = "pqrsw"
    wide = made(["u"], {"e": "u_pp + u_qq = 0"}, coordinates={n: [0, 1] for n in names}, time=None)
    assert conserved(wide, lambda tree, points: np.zeros(len(points)), GaussLegendre(4)) == ()


def test_it_is_part_of_the_result_and_of_the_reasons() -> None:
    config = Config(
        network=MLP(10, 2), points=Sobol(100), phases=(LevenbergMarquardt(steps=15),), device="cpu", threads=1
    )
    problem = pinnkit.define(
        name="heat",
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = 0.1*u_xx"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
    )
    solution = pinnkit.solve(problem, config)
    (kept,) = solution.conserved()
    assert kept.relative < 1e-3
    assert solution.result["conservation"] == {"heat": {"integral": kept.integral, "relative": kept.relative}}
    assert any("what the equations conserve is out of balance by a share of" in r for r in solution.result["reasons"])
