"""A second run: what differs in it, and what the difference of two runs says.

Theorems: d = ||u - v|| / ||u|| of the runs of two configs. By the triangle inequality d lies between the difference and
the sum of their errors. It does not depend on the signs of eigenstates, which nothing determines.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pinnkit
from pinnkit import cli
from pinnkit.config import Config
from pinnkit.confirming import Confirmation, confirm, second_config
from pinnkit.networks import MLP, NETWORKS
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import SAMPLERS, Sobol
from pinnkit.problem.problem import Problem
from pinnkit.stage import Stage
from pinnkit.verification import test_grid as grid_of

QUICK = Config(
    network=MLP(width=8, depth=2),
    points=Sobol(count=32),
    condition_points=Sobol(count=16),
    phases=(LevenbergMarquardt(steps=20),),
    device="cpu",
    threads=1,
    test_points=100,
)


def decay() -> Problem:
    """u' = -k u^2 from u(0) = 1: u = 1/(1 + k t)."""
    return pinnkit.define(
        name="decay",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"k": 2.0},
        equations={"rate": "u_t + k*u*u = 0"},
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
        outputs={"end": "value(u, t = 1)"},
        reference={"exact": {"u": "1/(1 + k*t)"}},
        tolerance=1e-4,
    )


def test_the_second_run_differs_in_seed_width_and_points() -> None:
    second, told = second_config(QUICK)
    assert (second.seed, told) == (1, "seed 1, width 9, 40 points")
    assert (second.network, second.points) == (MLP(width=9, depth=2), Sobol(count=40))
    assert second.condition_points == Sobol(count=20)
    assert replace(second, **{k: getattr(QUICK, k) for k in ("seed", "network", "points", "condition_points")}) == QUICK


def test_networks_of_further_stages_are_wider_too_and_trained_ones_have_none() -> None:
    staged = replace(QUICK, stages=(Stage(network=MLP(width=20)), Stage(start="trained")))
    second, _ = second_config(staged)
    assert second.stages == (Stage(network=MLP(width=23)), Stage(start="trained"))


@pytest.mark.parametrize("name", SAMPLERS.names())
def test_every_sampler_has_another_number_of_points_or_none_at_all(name: str) -> None:
    first = SAMPLERS.build({"name": name})
    second, _ = second_config(replace(QUICK, points=first))
    assert (second.points == first) == (not hasattr(first, "count"))


@pytest.mark.parametrize("name", NETWORKS.names())
def test_every_network_has_another_width_or_none_at_all(name: str) -> None:
    first = NETWORKS.build({"name": name})
    second, _ = second_config(replace(QUICK, network=first))
    assert (second.network == first) == (not hasattr(first, "width"))


def test_the_difference_is_that_of_the_two_runs() -> None:
    problem = decay()
    one, two = pinnkit.solve(problem, QUICK), pinnkit.solve(problem, second_config(QUICK)[0])
    found = confirm(one)
    _, points = grid_of(problem)
    by_hand = np.linalg.norm(one(points) - two(points)) / np.linalg.norm(one(points))
    np.testing.assert_allclose(found.relative_l2["u"], by_hand, rtol=1e-10)
    first, second = (solution.outputs()["end"] for solution in (one, two))
    assert isinstance(first, float)
    assert isinstance(second, float)
    np.testing.assert_allclose(found.outputs["end"], abs(first - second), rtol=1e-10)
    errors = [solution.errors()["u"]["relative_l2"] for solution in (one, two)]
    assert abs(errors[0] - errors[1]) <= 1.001 * found.relative_l2["u"] <= 1.002 * sum(errors)
    assert found.seconds > 0
    assert found.failure is None
    assert "an estimate of the error, and no proof" in str(found)


def test_eigenstates_are_compared_whatever_their_sign() -> None:
    problem = pinnkit.load_problem("infinite_well")
    config = pinnkit.load_config(problem.config, ["phases.0.steps=60", "threads=1"])
    found = confirm(pinnkit.solve(problem, config))
    assert all(value < 0.1 for value in found.relative_l2.values())
    assert set(found.parameters) >= {"E_1"}


def test_a_second_run_that_does_not_fit_says_why_and_spoils_nothing() -> None:
    solution = pinnkit.solve(decay(), QUICK)
    found = confirm(solution, replace(QUICK, hard=("nothing_of_that_name",)))
    assert isinstance(found, Confirmation)
    assert dict(found.relative_l2) == {}
    assert found.failure is not None
    assert "could not go on, so that nothing confirms this one" in str(found)


def test_the_command_writes_what_it_found_into_result_and_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    cli_run("solve", "oscillator", "--set", "phases.0.steps=15", "--confirm", "--out", str(out))
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["confirmation"]["relative_l2"]["u"] > 0
    assert result["confirmation"]["failure"] is None
    told = f"{result['confirmation']['relative_l2']['u']:.2g} in `u`"
    assert told in result["reasons"][-1]
    assert "an estimate of the error, and no proof" in (out / "report.html").read_text(encoding="utf-8")
    assert "confirming: the same problem again, with seed 1" in capsys.readouterr().err


def test_without_it_nothing_is_said(tmp_path: Path) -> None:
    out = tmp_path / "run"
    cli_run("solve", "oscillator", "--set", "phases.0.steps=3", "--quiet", "--out", str(out))
    assert "confirmation" not in json.loads((out / "result.json").read_text(encoding="utf-8"))


def cli_run(*arguments: str) -> None:
    """A command that ends well."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(arguments))
    assert stopped.value.code in (0, None)
