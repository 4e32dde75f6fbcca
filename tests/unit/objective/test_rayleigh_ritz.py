"""The start of an eigenproblem: Ritz levels against exact ones, in order, normalised, the first lobe positive."""

from typing import Any

import numpy as np
import pytest

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import SolveError
from pinnkit.networks import MLP
from pinnkit.objective.rayleigh_ritz import first_lobe
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Chebyshev
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution

SINES = MLP(width=30, depth=1, activation="sin", frequency=10.0)
NORM = {"norm": {"equation": "integral(psi**2) = 1"}}


def _started(problem: Problem, **changes: Any) -> Solution:
    config = Config(
        **{"network": SINES, "points": Chebyshev(count=60), "phases": (LevenbergMarquardt(steps=1),), **changes}
    )
    run = build_run(problem, config)
    return Solution.of(run, run.trial.layout.start(run.trial.network))


def _box(**changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "box",
        "coordinates": {"x": [0, 1]},
        "fields": ["psi"],
        "parameters": {"E": "eigenvalue"},
        "states": 3,
        "equations": {"schroedinger": "-psi_xx = E*psi"},
        "conditions": {"walls": {"on": "boundary", "equation": "psi = 0"}, **NORM},
    }
    return define(**{**keys, **changes})


LEVELS = [(k * np.pi) ** 2 for k in (1, 2, 3)]
HALVES = {
    "regions": {"left": {"x": [0, 0.4]}, "right": {"x": [0.4, 1]}},
    "interfaces": {"value": "psi", "slope": "psi_x"},
}


@pytest.mark.parametrize(
    ("problem", "changes", "exact"),
    [
        (_box(), {}, LEVELS),
        (_box(), {"hard": "none"}, LEVELS),
        (_box(**HALVES), {}, LEVELS),
        (_box(conditions={"left": {"on": "x = 0", "equation": "psi = 0"},
                          "right": {"on": "x = 1", "equation": "psi_x = 0"}, **NORM}), {},
         [((k - 0.5) * np.pi) ** 2 for k in (1, 2, 3)]),
        (_box(equations={"e": "-psi_xx + 5*psi = E*psi"}), {}, [5 + level for level in LEVELS]),
    ],
    ids=["box", "soft walls", "two regions", "an open end", "shifted"],
)  # fmt: skip
def test_levels_are_the_lowest_ones_in_order(problem: Problem, changes: dict[str, Any], exact: list[float]) -> None:
    found = list(_started(problem, **changes).parameters.values())
    np.testing.assert_allclose(found, exact, rtol=1e-5)


def test_states_are_normalised_orthogonal_and_positive_in_their_first_lobe() -> None:
    solution = _started(_box())
    x, w = np.polynomial.legendre.leggauss(80)
    values = solution((0.5 * (1 + x))[:, None])
    np.testing.assert_allclose(values.T @ (0.5 * w[:, None] * values), np.eye(3), atol=1e-6)
    exact = np.sqrt(2) * np.sin(np.outer(0.5 * (1 + x), np.arange(1, 4)) * np.pi)
    np.testing.assert_allclose(values, exact, atol=1e-4)


def test_a_decaying_state_on_the_whole_line() -> None:
    problem = define(
        name="step", coordinates={"x": {"range": ["-inf", "inf"], "scale": 1}}, fields=["psi"],
        parameters={"E": "eigenvalue"}, functions={"V": "where(x < -1/2, 100, where(x < 1/2, 0, 100))"},
        regions={"left": {"x": ["-inf", "-1/2"]}, "well": {"x": ["-1/2", "1/2"]}, "right": {"x": ["1/2", "inf"]}},
        equations={"e": "-psi_xx + V*psi = E*psi"}, interfaces={"value": "psi", "slope": "psi_x"},
        conditions={"far": {"on": ["x = -inf", "x = inf"], "equation": "psi = 0"}, **NORM},
    )  # fmt: skip
    (level,) = _started(problem).parameters.values()
    assert level == pytest.approx(6.8271419819, rel=1e-5)


def test_two_dimensions() -> None:
    problem = _box(coordinates={"x": [0, 1], "y": [0, 1]}, equations={"e": "-laplace(psi) = E*psi"}, states=1)
    network = MLP(width=60, depth=1, activation="sin", frequency=4.0)
    (level,) = _started(problem, network=network, points=Chebyshev(count=100)).parameters.values()
    assert level == pytest.approx(2 * np.pi**2, rel=1e-2)


def test_a_network_that_spans_too_little_is_told() -> None:
    with pytest.raises(SolveError, match="a wider network"):
        _started(_box(states=6), network=MLP(width=3, depth=1, activation="sin", frequency=2.0))


def test_the_first_lobe_decides_the_sign() -> None:
    x = np.linspace(0, 1, 101)
    assert first_lobe(-np.sin(2 * np.pi * x)) == -1
    assert first_lobe(1e-3 * x - np.where(x > 0.5, 1.0, 0.0)) == -1
