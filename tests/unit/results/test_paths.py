"""Runs in the Lagrangian frame, from the file to the folder.

Satisfied: transport is solved to rounding at a speed at which fixed positions fail, with its derivatives; saved and
loaded it is the same; conditions that labels do not see are measured where they hold; labels that meet are said;
points are drawn where they have been carried; branches share no parameter; windows are refused.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinnkit.building import build_run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.errors import UserError
from pinnkit.formulation.lagrangian import Lagrangian
from pinnkit.networks import MLP, PirateNet
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.paths import positions
from pinnkit.results.solution import Solution
from pinnkit.solving import solve, solve_to_folder

QUICK = Config(
    network=MLP(8, 1, "tanh"),
    lagrangian=Lagrangian(width=5),
    points=RAD(100),
    condition_points=Sobol(20),
    phases=(LevenbergMarquardt(steps=60),),
    device="cpu",
    threads=1,
    test_points=200,
)


def transport(**more: Any) -> Problem:
    """A sine that is carried around a ring eleven times."""
    keys: dict[str, Any] = {
        "name": "transport",
        "coordinates": {"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"c": 70},
        "equations": {"carried": "u_t + c*u_x = 0"},
        "conditions": {"initial": {"on": "t = 0", "equation": "u = sin(x)"}},
        "reference": {"exact": {"u": "sin(x - c*t)"}},
    }
    return define(**{**keys, **more})


def strip(wall: str) -> Problem:
    """The same on a strip, into which the sine comes from the left."""
    conditions = {"initial": {"on": "t = 0", "equation": "u = sin(x)"}, "left": {"on": "x = 0", "equation": wall}}
    box = {"x": [0, 1], "t": [0, 1]}
    return transport(coordinates=box, parameters={"c": 2}, conditions=conditions, reference=None)


@pytest.fixture(scope="module")
def carried() -> Solution:
    return solve(transport(), QUICK)


def test_transport_is_solved_at_a_speed_at_which_fixed_positions_fail(carried: Solution) -> None:
    assert carried.errors(carried.reference())["u"]["relative_l2"] < 1e-10
    assert carried.result["verdict"] == "verified"
    assert set(carried.result["residuals"]) == {"carried", "path_x"}


def test_derivatives_are_those_at_fixed_positions(carried: Solution) -> None:
    points = np.random.default_rng(0).random((50, 2)) * [2 * np.pi, 1.0]
    angle = points[:, 0] - 70 * points[:, 1]
    for name, truth in (("u_x", np.cos(angle)), ("u_t", -70 * np.cos(angle)), ("u_xx", -np.sin(angle))):
        np.testing.assert_allclose(carried.derivative(name, points), truth, atol=1e-8 * np.max(np.abs(truth)))


def test_a_saved_run_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    short = replace(QUICK, phases=(LevenbergMarquardt(steps=3),))
    folder = solve_to_folder(transport(), short, tmp_path / "run", quiet=True)
    loaded, solved = Solution.load(folder), solve(transport(), short)
    points = np.random.default_rng(0).random((9, 2))
    np.testing.assert_array_equal(loaded(points), solved(points))
    assert loaded.config.lagrangian == QUICK.lagrangian
    assert (folder / "figures" / "points.png").is_file()


@pytest.mark.parametrize(("wall", "violation"), [("u = sin(x - 2*t)", 0.0), ("u = 0", 1.0)])
def test_a_condition_that_labels_do_not_see_is_measured(wall: str, violation: float) -> None:
    """The sine comes in at x = 0 as sin(-2 t), whose largest size is one."""
    solution = solve(strip(wall), QUICK)
    assert solution.result["conditions"]["left"] == pytest.approx(violation, abs=1e-2 if violation else 1e-8)
    assert any("`left`" in reason for reason in solution.result["reasons"])


def test_labels_that_meet_are_said() -> None:
    """u_t + u u_x = 0 from a sine has a field with one value until t = 1."""
    problem = transport(
        equations={"carried": "u_t + u*u_x = 0"},
        coordinates={"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, 1.5]},
        reference=None,
        parameters={},
    )
    solution = solve(problem, QUICK)
    assert solution.result["verdict"] == "not verified"
    (said,) = [reason for reason in solution.result["reasons"] if "Characteristics cross" in reason]
    first = float(said.split("first at t = ")[1].split(",")[0])
    assert first == pytest.approx(1.0, abs=0.1)


def test_points_are_where_they_have_been_carried(carried: Solution) -> None:
    labels = np.array([[1.0, 0.0], [1.0, 0.1], [0.5, 1.0]])
    found = positions(carried.run, labels, carried.theta)
    carried_by = labels[:, 0] + 70 * labels[:, 1]
    np.testing.assert_allclose(found[:, 0], carried_by % (2 * np.pi), atol=1e-8)
    plain = build_run(transport(), replace(QUICK, lagrangian=None))
    assert positions(plain, labels, plain.trial.layout.start(plain.trial.network)) is labels


@pytest.mark.parametrize("network", [MLP(8, 2, "tanh"), PirateNet(width=8, blocks=1)], ids=["mlp", "pirate_net"])
def test_branches_share_no_parameter(network: Any) -> None:
    """The rows of the path equation do not depend on the state where the speed does not."""
    run = build_run(transport(), replace(QUICK, network=network, lagrangian=Lagrangian()))
    theta = run.trial.layout.start(run.trial.network)
    alone = [p for name, p in run.trial.network.named_parameters() if name.startswith("networks.0")]
    assert 0 < sum(p.numel() for p in alone) < len(theta)
    changed = theta.clone()
    changed[: sum(p.numel() for p in alone)] += 0.1
    points = np.random.default_rng(0).random((5, 2))
    before, after = (run.assembly.residuals(points, at) for at in (theta, changed))
    np.testing.assert_array_equal(before["path_x"], after["path_x"])
    assert np.max(np.abs(before["carried"] - after["carried"])) > 0


def test_windows_and_labels_are_refused_together(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("lagrangian: {width: 6}\nwindows: {count: 2}\n", encoding="utf-8")
    with pytest.raises(UserError, match="`lagrangian` and `windows` do not go together"):
        load_config(tmp_path / "config.yaml")


def test_the_option_reads_back_equal(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(dump_config(QUICK), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == QUICK
