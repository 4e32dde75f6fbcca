"""Parameters found together with the fields, from the problem to the run folder.

Satisfied: the spring's constant is found from one condition more, to 1e-8 by second order and to some digits by first
order, with every kind of bound; every optimizer of the table steps on such a problem; stages keep what was found; a run
folder gives the same values again; and they stand in the result, the history, the figures and the report.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve, solve_to_folder
from pinnkit.stage import Stage
from pinnkit.training import Record, train

QUICK = Config(
    network=MLP(12, 1),
    points=Sobol(48),
    phases=(LevenbergMarquardt(steps=60),),
    device="cpu",
    threads=1,
    test_points=50,
)
TRAINED = Stage(start="trained", phases=(LevenbergMarquardt(steps=10),))
FORMS: dict[str, dict[str, Any]] = {
    "free": {"start": 1},
    "scaled": {"start": 0, "scale": 2},
    "positive": {"start": 1, "positive": True},
    "bounded": {"start": 1, "bounds": [0.5, 8]},
    "from above": {"start": 6, "bounds": ["-inf", 8]},
}


def spring(form: str = "free") -> Problem:
    """u'' = -k u with k = 4, u = sin 2 x."""
    return define(
        name="spring",
        coordinates={"x": [0, 1]},
        fields=["u"],
        parameters={"k": FORMS[form]},
        equations={"balance": "u_xx = -k*u"},
        conditions={
            "left": {"on": "x = 0", "equation": "u = 0"},
            "slope": {"on": "x = 0", "equation": "u_x = 2"},
            "right": {"on": "x = 1", "equation": "u = sin(2)"},
        },
        reference={"exact": {"u": "sin(sqrt(k)*x)"}, "parameters": {"k": 4}},
    )


@pytest.mark.parametrize("form", FORMS)
def test_second_order_finds_the_parameter(form: str) -> None:
    solution = solve(spring(form), replace(QUICK, stages=(TRAINED,)))
    assert solution.parameters["k"] == pytest.approx(4, abs=1e-8)
    assert solution.result["parameters"] == solution.parameters
    assert solution.errors()["u"]["relative_l2"] < 1e-8


@pytest.mark.parametrize("form", ["free", "bounded"])
def test_first_order_finds_the_parameter(form: str) -> None:
    found: list[float] = []
    config = replace(QUICK, phases=(Adam(steps=1500, lr=1e-2),))
    solution = solve(spring(form), config, lambda record: found.append(record["parameters"]["k"]))
    assert abs(found[0] - 1) < 0.1
    assert solution.parameters["k"] == pytest.approx(4, rel=0.02)


def test_a_value_at_the_wall_and_a_rate_in_the_domain() -> None:
    """Two parameters, one of them in a condition alone, and a symmetry: T = A + q (1 - x^2)/2 with T(0) = 5."""
    slab = define(
        name="slab",
        coordinates={"x": [-1, 1]},
        fields=["T"],
        parameters={"A": {"start": 1}, "q": {"start": 1, "positive": True}},
        equations={"heat": "T_xx = -q"},
        conditions={
            "walls": {"on": ["x = -1", "x = 1"], "equation": "T = A"},
            "loss": {"on": "x = 1", "equation": "T_x = -A"},
            "known": {"on": "x = 1", "equation": "T = 3"},
        },
        symmetry={"T": "even in x"},
    )
    config = replace(QUICK, stages=(TRAINED,))
    run = build_run(slab, config)
    theta = run.trial.layout.start(run.trial.network)
    trained = train(run.assembly, theta, [("lm", LevenbergMarquardt(steps=80))], 0, np.random.default_rng(0))
    assert run.trial.parameters(trained.theta) == pytest.approx({"A": 3.0, "q": 3.0}, abs=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_moves_the_parameter(name: str) -> None:
    phase = replace(OPTIMIZERS.build(name), steps=2)
    records: list[Record] = []
    solution = solve(spring(), replace(QUICK, phases=(phase,)), records.append)
    assert 1 <= len(records) <= 2
    assert np.isfinite(solution.parameters["k"])
    assert solution.parameters["k"] != 1.0
    assert records[-1]["parameters"] == solution.parameters


def test_a_trained_start_keeps_what_was_found() -> None:
    records: list[Record] = []
    stages = (Stage(start="trained", phases=(LevenbergMarquardt(steps=1),)), Stage(phases=(Adam(steps=1, lr=1e-14),)))
    solution = solve(spring("bounded"), replace(QUICK, stages=stages), records.append)
    before, after, last = (record["parameters"]["k"] for record in records[-3:])
    assert abs(before - 4) < 1e-3
    assert abs(after - before) < 1e-3
    assert last == pytest.approx(after, abs=1e-12)
    assert solution.parameters["k"] == last


def test_a_run_folder_holds_the_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = replace(QUICK, phases=(LevenbergMarquardt(steps=8),), stages=(TRAINED,))
    folder = solve_to_folder(spring("positive"), config, tmp_path / "run")
    told = capsys.readouterr()
    result = json.loads((folder / "result.json").read_text())
    value = result["parameters"]["k"]
    assert value == pytest.approx(4, abs=1e-3)
    assert result["reference"]["parameters"] == {"k": 4.0}
    assert f"Found: k = {value:.10g} (reference 4)." in told.out
    assert "  k " in told.err
    records = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert records[-1]["parameters"] == {"k": value}
    assert (folder / "figures" / "parameters.png").stat().st_size > 5000
    report = (folder / "report.html").read_text()
    assert "<h2>Parameters</h2>" in report
    assert "as training went on; dashed, the reference" in report
    loaded = Solution.load(folder)
    assert loaded.parameters == {"k": value}
    assert loaded.problem == spring("positive")
    points = np.linspace(0, 1, 5)[:, None]
    assert loaded(points).shape == (5, 1)


def test_a_run_goes_on_from_what_another_found() -> None:
    first = solve(spring(), replace(QUICK, phases=(LevenbergMarquardt(steps=10),)))
    records: list[Record] = []
    still = replace(QUICK, phases=(Adam(steps=1, lr=1e-14),))
    second = solve(spring(), still, records.append, start=first)
    assert second.parameters == pytest.approx(first.parameters, rel=1e-12)


def test_a_problem_without_unknown_parameters_says_nothing_of_them(tmp_path: Path) -> None:
    plain = define(
        name="plain", coordinates={"x": [0, 1]}, fields=["u"], parameters={"k": 4}, equations=["u_xx = -k*u"],
        conditions={"a": {"on": "x = 0", "equation": "u = 0"}, "b": {"on": "x = 1", "equation": "u = 1"}},
    )  # fmt: skip
    records: list[Record] = []
    solution = solve(plain, replace(QUICK, phases=(LevenbergMarquardt(steps=2),)), records.append)
    assert solution.parameters == solution.result["parameters"] == {}
    assert "parameters" not in records[0]
