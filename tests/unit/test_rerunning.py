"""A run made again from its folder: the same to the last bit, and what is told where it is not.

- Phases that time ended are made with as many steps as they had.
- Stages keep their own phases.
- A change of the environment is told.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.rerunning import repeated, rerun
from pinnkit.results.solution import Solution
from pinnkit.solving import solve_to_folder
from pinnkit.stage import Stage
from pinnkit.windows import Windows

TIMED = Config(
    network=MLP(6, 1, "tanh"),
    points=RAD(32),
    condition_points=Sobol(8),
    phases=(Adam(steps=1_000_000, seconds=0.15), LevenbergMarquardt(steps=4)),
    stages=(Stage(phases=(LevenbergMarquardt(steps=1_000_000, seconds=0.1),)),),
    renew=2,
    device="cpu",
    threads=1,
    test_points=50,
)


def growth() -> Problem:
    return define(
        name="growth",
        coordinates={"t": [0, 2]},
        time="t",
        fields=["u"],
        equations={"rate": "u_t = 4*u*(1 - u)"},
        conditions={"start": {"on": "t = 0", "equation": "u = 1/(1 + exp(4))"}},
    )


def test_a_run_that_time_ended_is_repeated_to_the_bit(tmp_path: Path) -> None:
    first = solve_to_folder(growth(), TIMED, tmp_path / "first", quiet=True)
    found = rerun(first, tmp_path / "second", quiet=True)
    assert found.equal
    assert str(found) == f"The run again, in {tmp_path / 'second'}, is the same to the last bit."
    one, other = Solution.load(first), Solution.load(tmp_path / "second")
    np.testing.assert_array_equal(one.theta.numpy(), other.theta.numpy())
    assert [record["loss"] for record in one.history] == [record["loss"] for record in other.history]


def test_what_is_different_is_told(tmp_path: Path) -> None:
    first = solve_to_folder(growth(), replace(TIMED, stages=()), tmp_path / "first", quiet=True)
    text = (first / "config.yaml").read_text("utf-8")
    (first / "config.yaml").write_text(text.replace("seed: 0", "seed: 1"), "utf-8")
    told = json.loads((first / "environment.json").read_text("utf-8"))
    told["versions"]["torch"] = "1.0"
    (first / "environment.json").write_text(json.dumps(told), "utf-8")
    found = rerun(first, tmp_path / "second", quiet=True)
    assert not found.equal
    assert found.apart["u"] > 0
    assert any(line.startswith("version of torch was 1.0 and is ") for line in found.changed)
    assert "apart by a relative L2 norm of" in str(found)


def test_steps_take_the_place_of_time_where_they_are_told() -> None:
    over, made = "its 0.1 s are over", "all 4 steps made"
    stops = [{"reason": over, "steps": 17}, {"reason": made, "steps": 4}, {"reason": f"{over}; more", "steps": 3}]
    config, timed = repeated(TIMED, stops)
    assert not timed
    assert [(p.steps, p.seconds) for p in config.phases] == [(17, None), (4, TIMED.phases[1].seconds)]
    assert [(p.steps, p.seconds) for p in config.stages[0].phases] == [(3, None)]
    assert repeated(TIMED, stops[1:2]) == (TIMED, False)
    windows = replace(TIMED, windows=Windows(count=2))
    assert repeated(windows, [*stops, *stops]) == (windows, True)
