"""Problems with known answers, one of every kind: each is solved to a stated error by a small network in seconds."""

from typing import Any

import numpy as np
import pytest
import sympy
import torch

from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.solving import solve

X, Y, T = sympy.symbols("x y t")


def config(steps: int = 60, width: int = 12, depth: int = 2, count: int = 200, **more: Any) -> Config:
    return Config(
        network=MLP(width=width, depth=depth),
        points=Sobol(count=count),
        condition_points=Sobol(count=32),
        phases=(LevenbergMarquardt(steps=steps),),
        device="cpu",
        threads=1,
        test_points=100,
        **more,
    )


# Conditions that fix one field on one face, several orders, normal derivatives, relations between fields, periodicity.
CASES: dict[str, tuple[dict[str, Any], Config, float]] = {
    "ode of first order, nonlinear": (
        {
            "coordinates": {"t": [0, 2]}, "time": "t", "fields": ["u"],
            "equations": ["u_t = u*(1 - u)"],
            "conditions": {"start": {"on": "t = 0", "equation": "u = 0.1"}},
            "reference": {"exact": {"u": "1/(1 + 9*exp(-t))"}},
        },
        config(count=64), 1e-8,
    ),
    "ode system": (
        {
            "coordinates": {"t": [0, 3]}, "time": "t", "fields": ["u", "v"],
            "equations": ["u_t = v", "v_t = -u"],
            "conditions": {"u0": {"on": "t = 0", "equation": "u = 0"}, "v0": {"on": "t = 0", "equation": "v = 1"}},
            "reference": {"exact": {"u": "sin(t)", "v": "cos(t)"}},
        },
        config(count=64), 1e-6,
    ),
    "boundary values of fourth order": (
        {
            "coordinates": {"x": [0, 1]}, "fields": ["u"],
            "equations": ["d(u, x, 4) = pi**4*sin(pi*x)"],
            "conditions": {
                "held": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
                "free": {"on": ["x = 0", "x = 1"], "equation": "u_xx = 0"},
            },
            "reference": {"exact": {"u": "sin(pi*x)"}},
        },
        config(count=64), 1e-8,
    ),
    "a flux given": (
        {
            "coordinates": {"x": [0, 1], "y": [0, 1]}, "fields": ["u"],
            "equations": ["laplace(u) = -2*sin(x)*cos(y)"],
            "conditions": {
                "left": {"on": "x = 0", "equation": "u = 0"},
                "flux": {"on": "x = 1", "equation": "dn(u) = cos(1)*cos(y)"},
                "robin": {"on": "y = 0", "equation": "dn(u) + u = sin(x)"},
                "top": {"on": "y = 1", "equation": "u = sin(x)*cos(1)"},
            },
            "reference": {"exact": {"u": "sin(x)*cos(y)"}},
        },
        config(), 2e-6,
    ),
    "steady front": (
        {
            "coordinates": {"x": [-1, 1]}, "fields": ["u"], "parameters": {"nu": 0.1}, "symmetry": {"u": "odd in x"},
            "equations": ["u*u_x = nu*u_xx"],
            "conditions": {"ends": {"on": "x = 1", "equation": "u = -tanh(1/(2*nu))"},
                           "left": {"on": "x = -1", "equation": "u = tanh(1/(2*nu))"}},
            "reference": {"exact": {"u": "-tanh(x/(2*nu))"}},
        },
        config(count=100, steps=100), 1e-9,
    ),
    "periodic heat": (
        {
            "coordinates": {"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, 1]}, "time": "t", "fields": ["u"],
            "equations": ["u_t = u_xx"],
            "conditions": {"initial": {"on": "t = 0", "equation": "u = sin(x)"}},
            "reference": {"exact": {"u": "exp(-t)*sin(x)"}},
        },
        config(), 3e-6,
    ),
    "coupled fields": (
        {
            "coordinates": {"x": [0, 1], "t": [0, 1]}, "time": "t", "fields": ["u", "v"],
            "equations": {"momentum": "u_t + v_x = 0", "mass": "v_t + u_x = 0"},
            "conditions": {
                "u0": {"on": "t = 0", "equation": "u = sin(x)"}, "v0": {"on": "t = 0", "equation": "v = 0"},
                "left": {"on": "x = 0", "equation": "u = 0"}, "right": {"on": "x = 1", "equation": "u = sin(1)*cos(t)"},
            },
            "reference": {"exact": {"u": "sin(x)*cos(t)", "v": "-cos(x)*sin(t)"}},
        },
        config(), 1e-5,
    ),
    "decay on the half-line": (
        {
            "coordinates": {"x": {"range": [0, "inf"], "scale": 8}}, "fields": ["u"],
            "equations": ["u_xx = u"],
            "conditions": {"left": {"on": "x = 0", "equation": "u = 1"}, "far": {"on": "x = inf", "equation": "u = 0"}},
            "reference": {"exact": {"u": "exp(-x)"}},
        },
        config(count=100, steps=300, width=16), 1e-8,
    ),
    "a bell on the line": (
        {
            "coordinates": {"x": {"range": ["-inf", "inf"], "scale": 8}}, "fields": ["u"],
            "equations": ["-u_xx + u = (3 - 4*x^2)*exp(-x^2)"],
            "conditions": {"far": {"on": "boundary", "equation": "u = 0"}},
            "reference": {"exact": {"u": "exp(-x^2)"}},
        },
        config(count=100, steps=300, width=16), 1e-7,
    ),
    "heat on the line": (
        {
            "coordinates": {"x": {"range": ["-inf", "inf"], "scale": 4}, "t": [0, 1]}, "time": "t", "fields": ["u"],
            "equations": ["u_t = u_xx"],
            "conditions": {"start": {"on": "t = 0", "equation": "u = exp(-x^2)"},
                           "far": {"on": "boundary", "equation": "u = 0"}},
            "reference": {"exact": {"u": "exp(-x^2/(1 + 4*t))/sqrt(1 + 4*t)"}},
        },
        config(count=400, steps=80, width=16), 1e-4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_known_answer_is_found(case: str) -> None:
    keys, how, error = CASES[case]
    solution = solve(define(name="case", tolerance=error, **keys), how)
    assert max(found["relative_l2"] for found in solution.errors().values()) <= error
    assert solution.result["verdict"] == "verified"


def manufactured(exact: sympy.Expr) -> dict[str, Any]:
    """-div((1 + u^2) grad u) = f with f made from the exact answer, and its values on the boundary."""
    u = sympy.Function("u")(X, Y)

    def operator(field: sympy.Expr) -> sympy.Expr:
        return sum(((1 + field**2) * field.diff(s)).diff(s) for s in (X, Y))

    return {
        "coordinates": {"x": [0, 1], "y": [0, 1]},
        "fields": ["u"],
        "equations": [sympy.Eq(operator(u).doit(), operator(exact).doit())],
        "conditions": {"walls": {"on": "boundary", "equation": sympy.Eq(u, exact)}},
        "reference": {"exact": {"u": exact}},
    }


@pytest.mark.parametrize("exact", [X * Y + 1, sympy.exp(-X) * sympy.sin(2 * Y), 1 / (2 + X + Y)], ids=str)
def test_a_source_is_made_from_the_answer(exact: sympy.Expr) -> None:
    solution = solve(define(name="made", **manufactured(exact)), config(steps=40, width=10))
    assert solution.errors()["u"]["relative_l2"] < 1e-6


@pytest.mark.parametrize(
    "changes",
    [{"hard": "none"}, {"derivatives": "autograd"}, {"renew": 7}, {"chunk": 50}, {"seed": 3}, {"weights": {"rate": 4}}],
    ids=str,
)
def test_however_it_is_solved_the_answer_is_the_same(changes: dict[str, Any]) -> None:
    keys, how, _ = CASES["ode of first order, nonlinear"]
    problem = define(name="case", **{**keys, "equations": {"rate": keys["equations"][0]}})
    given = {name: getattr(how, name) for name in ("network", "points", "condition_points", "phases", "device")}
    solution = solve(problem, Config(**given, threads=1, **changes))
    assert solution.errors()["u"]["relative_l2"] < 1e-7


def test_a_wider_network_is_closer() -> None:
    """The error falls with the width as long as the steps suffice: at least thirtyfold with every doubling."""
    keys, _, _ = CASES["ode system"]
    errors = []
    for width in (2, 4, 8):
        runs = [solve(define(name="case", **keys), config(150, width, 1, 64, seed=seed)) for seed in range(3)]
        errors.append(float(np.median([run.errors()["u"]["relative_l2"] for run in runs])))
    assert errors[0] > 30 * errors[1] > 900 * errors[2]


def test_an_equation_of_two_kinds() -> None:
    """One equation as text and one as a function over tensors, for fields that need each other."""

    def growth(v_t: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return v_t - torch.exp(-u)

    problem = define(
        name="mixed",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u", "v"],
        equations={"clock": "u_t = 1", "growth": growth},
        conditions={"u0": {"on": "t = 0", "equation": "u = 0"}, "v0": {"on": "t = 0", "equation": "v = 0"}},
        reference={"exact": {"u": "t", "v": "1 - exp(-t)"}},
    )
    errors = solve(problem, config(count=64)).errors()
    assert max(found["relative_l2"] for found in errors.values()) < 1e-7
