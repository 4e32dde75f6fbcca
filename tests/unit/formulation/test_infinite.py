"""Conditions at infinity, and points there.

Satisfied whatever the network: a value at infinity is taken in the limit, values and derivatives at the finite end
exactly; D lies between 0 and 1 inside, and everything stays finite however far a point is.
"""

import math
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.formulation.conditions import formulate
from pinnkit.formulation.trial import Engine
from pinnkit.geometry import box_of
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.verification import test_grid as grid_of  # not a test

HALF = {"x": {"range": [1, "inf"], "scale": 3}}
CASES: dict[str, dict[str, Any]] = {
    "a half-line": {
        "coordinates": HALF,
        "equations": ["u_xx = u"],
        "conditions": {"near": {"on": "x = 1", "equation": "u = 2"}, "far": {"on": "x = inf", "equation": "u = 0"}},
    },
    "another value at infinity": {
        "coordinates": HALF,
        "equations": ["u_xx = u"],
        "conditions": {"near": {"on": "x = 1", "equation": "u = 2"}, "far": {"on": "x = inf", "equation": "u = 5"}},
    },
    "its mirror image": {
        "coordinates": {"x": ["-inf", 2]},
        "equations": ["u_xx = u"],
        "conditions": {"near": {"on": "x = 2", "equation": "u = 2"}, "far": {"on": "x = -inf", "equation": "u = 0"}},
    },
    "the line": {
        "coordinates": {"x": {"range": ["-inf", "inf"], "scale": 0.5}},
        "equations": ["u_xx = u"],
        "conditions": {"low": {"on": "x = -inf", "equation": "u = -1"}, "high": {"on": "x = inf", "equation": "u = 1"}},
    },
    "a start of third order": {
        "coordinates": HALF,
        "equations": ["u_xxx = u"],
        "conditions": {
            "place": {"on": "x = 1", "equation": "u = 2"},
            "rate": {"on": "x = 1", "equation": "u_x = -3"},
            "bend": {"on": "x = 1", "equation": "u_xx = 4"},
        },
    },
    "one end of the line": {
        "coordinates": {"x": ["-inf", "inf"]},
        "equations": ["u_x = u"],
        "conditions": {"low": {"on": "x = -inf", "equation": "u = 0"}},
    },
    "a strip": {
        "coordinates": {"x": [0, "inf"], "y": [0, 1]},
        "equations": ["laplace(u) = 0"],
        "conditions": {
            "walls": {"on": ["y = 0", "y = 1", "x = inf"], "equation": "u = 0"},
            "left": {"on": "x = 0", "equation": "u = sin(pi*y)"},
        },
    },
    "a start on the line": {
        "coordinates": {"t": [0, 1], "x": ["-inf", "inf"]},
        "time": "t",
        "equations": ["u_t = u_xx"],
        "conditions": {
            "start": {"on": "t = 0", "equation": "u = x*exp(-x^2)"},
            "far": {"on": "boundary", "equation": "u = 0"},
        },
    },
}


def problem_of(name: str) -> Problem:
    return define(name="case", fields=["u"], **CASES[name])


@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
@pytest.mark.parametrize("name", CASES)
def test_every_condition_holds_whatever_the_network(name: str, derivatives: Engine) -> None:
    run = build_run(problem_of(name), Config(network=MLP(6, 2), derivatives=derivatives, device="cpu"))
    assert all(choice.exact for choice in run.formulation.choices), run.formulation.choices
    theta = run.trial.layout.start(run.trial.network)
    found = run.assembly.violations(np.random.default_rng(1), 20, theta)
    for condition in run.problem.conditions:
        near = all(math.isfinite(face.value) for face in condition.faces)
        # A point that stands for infinity misses it by the part s misses of its end.
        assert found[condition.name] <= (1e-12 if near else 2e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_network_is_free_inside(name: str) -> None:
    run = build_run(problem_of(name), Config(network=MLP(6, 2), device="cpu"))
    box = box_of(run.problem)
    points = torch.tensor(box.from_unit(0.01 + 0.98 * np.random.default_rng(1).random((50, box.dimension))))
    prepared = run.trial.prepare(points, IndexSet.closure([], box.dimension))
    assert prepared.distance is not None
    assert float(prepared.distance.min()) > 0.0
    assert float(prepared.distance.max()) <= 1.0 + 1e-12


@pytest.mark.parametrize(("precision", "far"), [("float32", 1e6), ("float64", 1e15)])
def test_far_points_are_finite(precision: Any, far: float) -> None:
    for name in ("a half-line", "its mirror image", "the line"):
        run = build_run(
            problem_of(name), Config(network=MLP(6, 2), device="cpu", precision=precision, phases=(Adam(),))
        )
        (axis,) = (c.axis for c in run.problem.coordinates)
        points = np.array([[x] for x in (-far, -1e4, 1.5, 1e4, far) if axis.lower <= x <= axis.upper])
        theta = run.trial.layout.start(run.trial.network)
        for order in range(5):
            found = run.trial.derivative(points, (order,), theta)
            assert np.all(np.isfinite(found))
            assert order == 0 or np.all(np.abs(found[np.abs(points[:, 0]) > 10]) < 1e-6)


@pytest.mark.parametrize("name", CASES)
def test_points_fill_the_mapped_interval(name: str) -> None:
    problem = problem_of(name)
    axes, points = grid_of(problem)
    assert axes is not None
    unit = box_of(problem).to_unit(points)
    np.testing.assert_allclose(unit.mean(axis=0), 0.5, atol=1e-9)
    steps = np.diff(np.unique(unit[:, -1].round(9)))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_checks_find_nothing(name: str) -> None:
    found = check_problem(problem_of(name))
    assert {finding.name for finding in found} <= {"open_face", "trivial_solution"}
    assert "mapped algebraically with scale" in summary(problem_of(name), found)


def test_the_exact_reference_is_checked_far_out() -> None:
    keys = {**CASES["a half-line"], "reference": {"exact": {"u": "2*exp(1 - x) + 1e-3*x/(1 + x)"}}}
    said = [f.message for f in check_problem(define(name="p", fields=["u"], **keys)) if f.name == "exact_reference"]
    assert any("`far` on `x = inf`" in sentence for sentence in said)


def test_what_stays_soft_says_why() -> None:
    keys = {**CASES["a half-line"], "conditions": {"flat": {"on": "x = inf", "equation": "u_x = 0"}}}
    (choice,) = formulate(define(name="p", fields=["u"], **keys)).choices
    assert not choice.exact
    assert "a derivative at infinity" in choice.reason
    clash = {
        "low": {"on": "y = 0", "equation": "u = 1 + exp(-x)"},
        "far": {"on": "x = inf", "equation": "u = 0"},
    }
    plane = {"coordinates": {"x": [0, "inf"], "y": [0, 1]}, "equations": ["laplace(u) = 0"], "conditions": clash}
    choices = formulate(define(name="p", fields=["u"], **plane)).choices
    assert any("contradicts another condition" in choice.reason for choice in choices)
