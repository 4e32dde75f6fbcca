"""From window to window: one field over all of them, seeds and starts of their own, saved to the last bit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.marching import window_of_times
from pinnkit.networks import MLP, Fourier, Scaled
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.stage import Stage
from pinnkit.windows import Windows

QUICK = Config(
    network=MLP(6, 2, "tanh"),
    points=Sobol(48),
    condition_points=Sobol(16),
    phases=(LevenbergMarquardt(steps=4),),
    windows=Windows(edges=(0.0, 0.25, 0.6, 1.0)),
    device="cpu",
    threads=1,
    test_points=100,
)


def heat(**more: Any) -> Problem:
    keys = {
        "name": "heat",
        "coordinates": {"x": [0, 1], "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "equations": {"heat": "u_t = 0.1*u_xx"},
        "conditions": {
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
        "reference": {"exact": {"u": "exp(-0.1*pi**2*t)*sin(pi*x)"}},
    }
    return define(**{**keys, **more})


def oscillator() -> Problem:
    """u'' + 25 u = 0: five to six waves."""
    return define(
        name="oscillator",
        coordinates={"t": [0, 7]},
        time="t",
        fields=["u"],
        equations={"swing": "u_tt + 25*u = 0"},
        conditions={"place": {"on": "t = 0", "equation": "u = 1"}, "speed": {"on": "t = 0", "equation": "u_t = 0"}},
        reference={"exact": {"u": "cos(5*t)"}},
    )


@pytest.fixture(scope="module")
def solved() -> Solution:
    return solve(heat(), replace(QUICK, hard="none", balance=True))


def test_windows_reach_what_one_window_of_the_same_network_misses() -> None:
    config = Config(
        network=MLP(10, 1, "tanh"),
        points=Sobol(80),
        phases=(LevenbergMarquardt(steps=60),),
        renew=0,
        device="cpu",
        threads=1,
        test_points=100,
    )
    one = solve(oscillator(), config)
    four = solve(oscillator(), replace(config, windows=Windows(count=4)))
    assert one.errors()["u"]["relative_l2"] > 0.5
    assert four.errors()["u"]["relative_l2"] < 1e-2
    t = np.linspace(0, 7, 300)[:, None]
    np.testing.assert_allclose(four(t)[:, 0], np.cos(5 * t[:, 0]), atol=2e-2)
    grown = [found["relative_l2_at_end"]["u"] for found in four.result["windows"]]
    assert len(grown) == 4


def test_a_time_belongs_to_the_window_that_ends_with_it(solved: Solution) -> None:
    times = np.array([-1.0, 0.0, 0.25, np.nextafter(0.25, 1), 0.6, 0.61, 1.0, 9.0])
    assert window_of_times(solved.windows, times).tolist() == [0, 0, 0, 1, 1, 2, 2, 2]


def test_one_field_over_all_windows(solved: Solution) -> None:
    """On both sides of an edge and at it, in any order, each point as its own window alone says."""
    times = np.array([0.1, 0.25 - 1e-9, 0.25, 0.25 + 1e-9, 0.4, 0.6, 0.7, 1.0])
    points = np.stack(np.meshgrid([0.2, 0.5, 0.9], times), axis=-1).reshape(-1, 2)
    points = points[np.random.default_rng(0).permutation(len(points))]
    numbers = window_of_times(solved.windows, points[:, 1])
    for name, orders in (("u", (0, 0)), ("u_t", (0, 1)), ("u_xx", (2, 0))):
        found = solved.derivative(name, points)
        for point, number, value in zip(points, numbers, found, strict=True):
            window = solved.windows[number]
            alone = window.run.trial.derivative(point[None], orders, window.theta)[0, 0]
            assert value == pytest.approx(alone, rel=1e-12, abs=1e-13)
    np.testing.assert_array_equal(solved(points)[:, 0], solved.derivative("u", points))
    np.testing.assert_allclose(solved(points[::-1]), solved(points)[::-1], rtol=1e-13)
    assert solved(np.empty((0, 2))).shape == (0, 1)


@pytest.mark.parametrize("problem", [heat(), oscillator()], ids=lambda p: p.name)
@pytest.mark.parametrize("embedding", [Scaled(), Fourier(count=5)], ids=["scaled", "fourier"])
@pytest.mark.parametrize("stages", [(), (Stage(phases=(LevenbergMarquardt(steps=2),)), Stage(start="trained"))])
def test_windows_are_saved_and_loaded_to_the_last_bit(
    problem: Problem, embedding: Any, stages: Any, tmp_path: Path
) -> None:
    windows = Windows(count=3)
    config = replace(QUICK, embedding=embedding, stages=stages, windows=windows, points=RAD(40))
    solution = solve(problem, config)
    again = Solution.load(solution.save(tmp_path / "run"))
    time = problem.coordinate("t")
    points = np.random.default_rng(2).random((60, len(problem.coordinates))) * time.upper
    points[:, :-1] /= time.upper
    np.testing.assert_array_equal(again(points), solution(points))
    np.testing.assert_array_equal(again.derivative("u_t", points), solution.derivative("u_t", points))
    assert again.config == solution.config
    assert [w.finished for w in again.windows] == [True] * 3
    assert [w.trained.steps for w in again.windows if w.trained] == [
        w.trained.steps for w in solution.windows if w.trained
    ]
    assert again.result == solution.result


def test_every_window_has_a_seed_and_weights_of_its_own(solved: Solution) -> None:
    assert len({window.run.config.seed for window in solved.windows}) == 3
    weights = [dict(window.run.config.weights) for window in solved.windows]
    assert [set(w) for w in weights] == [{"heat", "start", "walls"}] * 3
    assert weights[0] != weights[1]
    assert (solved.config.seed, dict(solved.config.weights), solved.config.balance) == (0, {}, True)


def test_weights_that_are_given_hold_in_every_window() -> None:
    solution = solve(heat(), replace(QUICK, hard="none", weights={"start": 7.0}))
    assert [window.run.config.weights["start"] for window in solution.windows] == [7.0] * 3


@pytest.mark.parametrize("embedding", [Scaled(), Fourier(count=5)], ids=["scaled", "fourier"])
def test_a_window_begins_with_the_last_one(embedding: Any) -> None:
    """theta_last + blend theta_new, with the random waves of the last window."""
    for start, blend in (("last", 0.0), ("last", 0.5), ("new", 0.01)):
        windows = replace(QUICK.windows or Windows(), start=start, blend=blend)
        solution = solve(heat(), replace(QUICK, embedding=embedding, windows=windows))
        first, second, _ = solution.windows
        began = second.run.trial.layout.start(second.run.trial.network)
        apart = float((began - first.theta).norm() / first.theta.norm())
        assert (apart == 0.0) == (blend == 0.0)
        assert (apart > 1e-3) == (blend != 0.0)
        assert not torch.equal(second.theta, began)
        kept = [w.run.trial.features.state_dict() for w in (first, second)]
        if kept[0]:
            assert torch.equal(kept[0]["waves"], kept[1]["waves"]) == (start == "last")


@pytest.mark.parametrize("embedding", [Scaled(), Fourier(count=5)], ids=["scaled", "fourier"])
def test_a_run_begins_where_another_ended(embedding: Any) -> None:
    """Windows are matched by their times, whatever their number."""
    config = replace(QUICK, embedding=embedding)
    known = solve(heat(), config)
    none = replace(config, seed=5, phases=(LevenbergMarquardt(steps=1),), windows=Windows(edges=(0.0, 0.5, 0.9, 1.0)))
    again = solve(heat(), none, start=known)
    for window, number in zip(again.windows, (0, 2, 2), strict=True):
        began = window.run.trial.layout.start(window.run.trial.network)
        assert torch.equal(began, known.windows[number].theta)
        features, others = window.run.trial.features.state_dict(), known.windows[number].run.trial.features.state_dict()
        assert all(torch.equal(features[name], others[name]) for name in others)
    alone = solve(heat(), replace(config, windows=None, seed=3), start=solve(heat(), replace(config, windows=None)))
    cold = solve(heat(), replace(config, windows=None, seed=3))
    assert alone.history[0]["loss"] < 0.1 * cold.history[0]["loss"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": MLP(7, 2, "tanh")}, "to start from has the network .*width=6.*, and this one has .*width=7"),
        ({"network": MLP(6, 2, "sin")}, "activation='tanh'.*activation='sin'.*mean nothing in another network"),
        ({"embedding": Scaled(stretch={"t": 2.0})}, "has the embedding"),
    ],
)
def test_a_start_from_another_network_is_refused(solved: Solution, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        solve(heat(), replace(QUICK, **changes), start=solved)


def test_a_start_from_other_fields_is_refused(solved: Solution) -> None:
    with pytest.raises(UserError, match="has the parameters 67, and this one has 61"):
        solve(oscillator(), replace(QUICK, windows=None), start=solved)
