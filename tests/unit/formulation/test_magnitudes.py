"""Fields of the size that their problem tells.

Theorems: a problem in other units is the same task, so that the relative error does not depend on them. The size of a
field is at least what is prescribed of it, and of linear equations no more than conditions and sources make it. A
window of time has the sizes of the whole.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pinnkit
from pinnkit.config import Config
from pinnkit.formulation.conditions import formulate
from pinnkit.formulation.handover import window_of
from pinnkit.formulation.magnitudes import magnitudes
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.shipped import shipped_problems

EQUATION = "p_t = D*p_xx - 0.5*p/T"


def film(length: float, time: float, size: float, **changes: Any) -> Problem:
    """A film whose pressure falls, from one and a half times its size."""
    keys: dict[str, Any] = {
        "name": "film",
        "coordinates": {"x": [0, length], "t": [0, time]},
        "time": "t",
        "fields": ["p"],
        "parameters": {"D": 0.05 * length**2 / time, "L": length, "T": time, "P": size},
        "equations": {"fall": EQUATION},
        "conditions": {
            "initial": {"on": "t = 0", "equation": "p = P*(1 + 0.5*sin(pi*x/L))"},
            "ends": {"on": "boundary", "equation": "p = P*exp(-0.5*t/T)"},
        },
        "reference": {"exact": {"p": "P*exp(-0.5*t/T)*(1 + 0.5*sin(pi*x/L)*exp(-D*(pi/L)^2*t))"}},
    }
    return pinnkit.define(**{**keys, **changes})


@pytest.mark.parametrize("hard", ["auto", "none"])
@pytest.mark.parametrize(
    ("length", "time", "size"),
    [(1.0, 1.0, 1.0), (1e-6, 1e-9, 1e5), (1.0, 1.0, 1e-5), (1e3, 1e6, 1e9), (1.0, 1e-9, 1.0), (1.0, 1e9, 1.0)],
)
def test_units_do_not_matter(length: float, time: float, size: float, hard: str) -> None:
    config = Config(
        network=MLP(12, 2),
        points=Sobol(300),
        phases=(LevenbergMarquardt(steps=50),),
        device="cpu",
        threads=1,
        test_points=50,
        hard=hard,
    )
    assert pinnkit.solve(film(length, time, size), config).errors()["p"]["relative_l2"] < 1e-6


@pytest.mark.parametrize(("size", "found"), [(1.0, {}), (20.0, {}), (1e5, {"p": 1e5}), (1e-5, {"p": 1e-5}), (0.05, {})])
def test_the_size_is_what_is_prescribed(size: float, found: Mapping[str, float]) -> None:
    assert magnitudes(film(1.0, 1.0, size)) == pytest.approx(found)


def test_derivatives_count_times_a_length_and_observations_as_they_are() -> None:
    slope = film(1e-3, 1.0, 1.0, conditions={"flux": {"on": "x = 0", "equation": "p_x = 1e9"}}, reference=None)
    assert magnitudes(slope) == pytest.approx({"p": 1e6})
    seen = {"seen": {"points": [[0.1, 0.1], [0.3, 0.2]], "p": [3e4, -7e4]}}
    assert magnitudes(film(1.0, 1.0, 1.0, observations=seen)) == pytest.approx({"p": 1e4})


def test_an_equation_tells_where_conditions_do_not() -> None:
    """u'' = -f is of the size f/pi^2 for one wave, and its pressure of that of its own equation."""
    keys: dict[str, Any] = {"name": "rod", "coordinates": {"x": [0, 1]}, "conditions": {}, "accept": ["W-conditions"]}
    one = pinnkit.define(**keys, fields=["u"], equations={"load": "u_xx = 1e7*sin(pi*x)"})
    assert magnitudes(one) == pytest.approx({"u": 1e6})
    rough = pinnkit.define(**keys, fields=["u"], equations={"load": "u_xx = 1e4*sin(pi*x)"})
    assert magnitudes(rough) == {}
    two = pinnkit.define(**keys, fields=["u", "q"], equations={"load": "u_xx = 1e7*sin(pi*x)", "flux": "q = 1e6*u_x"})
    assert set(magnitudes(two)) == {"u"}  # what an equation tells of one field does not go on to the next


def test_small_values_on_the_boundary_do_not_make_a_peak_small() -> None:
    for name in ("one_peak", "two_peaks", "nine_peaks", "nonlinear_10d", "michel_accretion"):
        assert magnitudes(pinnkit.load_problem(name)) == {}


@pytest.mark.parametrize("name", shipped_problems())
def test_ordinary_problems_are_left_as_they_are(name: str) -> None:
    assert magnitudes(pinnkit.load_problem(name)) == {}


def test_windows_have_the_sizes_of_the_whole() -> None:
    problem = film(1.0, 1.0, 1e5, conditions={"initial": {"on": "t = 0", "equation": "p = P"}}, reference=None)
    late = window_of(problem, 0.5, 1.0)
    assert magnitudes(late) == magnitudes(problem) == pytest.approx({"p": 1e5})
    assert magnitudes(window_of(film(1.0, 1.0, 1.0), 0.5, 1.0)) == {}


def test_a_run_keeps_the_sizes_that_it_was_trained_with(tmp_path: Path) -> None:
    """Also where another rule would find others today."""
    config = Config(network=MLP(6, 1), points=Sobol(30), phases=(LevenbergMarquardt(steps=3),), device="cpu", threads=1)
    points = np.array([[0.3, 0.2], [0.6, 0.9]])
    for sizes in (None, {}):
        problem = replace(film(1.0, 1.0, 1e5), sizes=sizes)
        solution = pinnkit.solve(problem, config)
        again = pinnkit.Solution.load(solution.save(tmp_path / str(sizes)))
        np.testing.assert_allclose(again(points), solution(points), rtol=1e-13)


def test_the_distance_has_the_size() -> None:
    plain, large = (formulate(film(1.0, 1.0, size)).lifts[0].distance for size in (1.0, 1e5))
    assert large == 100000 * plain
