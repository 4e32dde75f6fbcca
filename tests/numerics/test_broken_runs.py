"""Runs that went wrong are never called verified, however small their loss is.

1. Too few steps.
2. A wrong sign in a condition: an exact answer refuses the problem before training, a known output refuses the result.
3. A spurious minimum: a field that satisfies the equation almost everywhere and is another one.
"""

import numpy as np
import pytest

import pinnkit
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Sobol

QUICK = pinnkit.Config(
    network=MLP(width=10, depth=2),
    points=Sobol(count=100),
    phases=(LevenbergMarquardt(steps=40),),
    device="cpu",
    threads=1,
    test_points=500,
)


def test_too_few_steps() -> None:
    problem = pinnkit.load_problem("burgers")
    solution = pinnkit.solve(problem, pinnkit.load_config(problem.config, ["phases.0.steps=3", "threads=1"]))
    assert solution.result["verdict"] == "not verified"
    assert "above the tolerance" in solution.result["reasons"][0]


def rod(slope: str, **reference: object) -> pinnkit.Problem:
    """u'' = -2 with u(0) = 0 and u'(1) = -1: u = x - x^2, whose middle is 1/4."""
    return pinnkit.define(
        name="rod",
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations={"heat": "u_xx = -2"},
        conditions={"left": {"on": "x = 0", "equation": "u = 0"}, "right": {"on": "x = 1", "equation": slope}},
        outputs={"middle": "value(u, x = 1/2)"},
        reference=reference,
        tolerance=1e-4,
    )


def test_a_wrong_sign_in_a_condition() -> None:
    known = {"outputs": {"middle": 0.25}}
    assert pinnkit.solve(rod("u_x = -1", **known), QUICK).result["verdict"] == "verified"
    wrong = pinnkit.solve(rod("u_x = 1", **known), QUICK)
    assert max(wrong.result["residuals"].values()) < 1e-3  # solved well, and another problem
    assert wrong.result["verdict"] == "not verified"
    assert "and known to be 0.25: off by 4" in wrong.result["reasons"][0]
    with pytest.raises(UserError, match="the exact reference does not satisfy `right`"):
        pinnkit.solve(rod("u_x = 1", exact={"u": "x - x^2"}), QUICK)


def test_a_spurious_minimum() -> None:
    """u' = u - u^3 from u = 0.01 leaves zero for one; a field that stays at zero has a tiny loss (arXiv 2203.13648)."""
    problem = pinnkit.define(
        name="leaving",
        coordinates={"t": [0, 12]},
        time="t",
        fields=["u"],
        equations={"rate": "u_t = u - u^3"},
        conditions={"start": {"on": "t = 0", "equation": "u = 0.01"}},
        reference={"exact": {"u": "0.01*exp(t)/sqrt(1 + 0.0001*(exp(2*t) - 1))"}},
        tolerance=1e-2,
    )
    config = pinnkit.Config(
        network=MLP(width=10, depth=2),
        points=Sobol(count=100),
        phases=(Adam(steps=600, lr=3e-3),),
        hard="none",
        device="cpu",
        threads=1,
        test_points=500,
    )
    solution = pinnkit.solve(problem, config)
    assert solution.history[-1]["loss"] < 1e-3
    assert np.abs(solution(np.array([[12.0]]))[0, 0]) < 0.5
    assert solution.result["verdict"] == "not verified"
