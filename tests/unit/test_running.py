"""Runs over windows of time: cut, resumed, started from another, and what is said of them.

Satisfied: a run that is cut and resumed is the uncut run to the last bit; many windows leave two lines each.
"""

import errno
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pytest
from torch import Tensor

from pinnkit import solving
from pinnkit.config import Config, dump_config
from pinnkit.errors import SolveError, UserError
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer, Step
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.folder import RunFolder
from pinnkit.results.history import HistoryFile
from pinnkit.results.solution import Solution
from pinnkit.solving import resume_folder, solve, solve_to_folder
from pinnkit.stage import Stage
from pinnkit.training import Record
from pinnkit.windows import Windows

QUICK = Config(
    network=MLP(6, 1, "tanh"),
    points=RAD(32),
    condition_points=Sobol(8),
    phases=(Adam(steps=3), LevenbergMarquardt(steps=4)),
    renew=2,
    windows=Windows(count=3),
    device="cpu",
    threads=1,
    test_points=50,
)
STAGED = replace(QUICK, stages=(Stage(phases=(LevenbergMarquardt(steps=2),)),))


def growth(**more: Any) -> Problem:
    """The logistic equation, u = 1/(1 + exp(-4 (t - 1)))."""
    keys = {
        "name": "growth",
        "coordinates": {"t": [0, 2]},
        "time": "t",
        "fields": ["u"],
        "equations": {"rate": "u_t = 4*u*(1 - u)"},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 1/(1 + exp(4))"}},
        "reference": {"exact": {"u": "1/(1 + exp(-4*(t - 1)))"}},
    }
    return define(**{**keys, **more})


T = np.linspace(0, 2, 37)[:, None]
TIMES = ("seconds", "step_seconds", "eta", "relative_l2")


class Cut(Exception):  # noqa: N818 (it stands for the end of a process)
    """A process that is gone."""


def cut_after(monkeypatch: pytest.MonkeyPatch, step: int, kind: type[BaseException]) -> None:
    """End a run at a record."""
    append = HistoryFile.append

    def told(self: HistoryFile, record: Record) -> None:
        append(self, record)
        if record["step"] == step:
            raise kind

    monkeypatch.setattr(HistoryFile, "append", told)


def timeless(records: list[Record]) -> list[Record]:
    return [{key: value for key, value in record.items() if key not in TIMES} for record in records]


@pytest.mark.parametrize("kind", [Cut, KeyboardInterrupt])
@pytest.mark.parametrize("config", [QUICK, STAGED, replace(QUICK, causal=Causal())], ids=["plain", "staged", "causal"])
def test_a_run_that_is_cut_and_resumed_is_the_uncut_run(
    config: Config, kind: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Solution.load(solve_to_folder(growth(), config, tmp_path / "whole", quiet=True))
    each = 9 if config.stages else 7
    with monkeypatch.context() as patch:
        cut_after(patch, each + 3, kind)
        if kind is Cut:
            with pytest.raises(Cut):
                solve_to_folder(growth(), config, tmp_path / "cut", quiet=True)
        else:
            solve_to_folder(growth(), config, tmp_path / "cut", quiet=True)
    halfway = Solution.load(tmp_path / "cut")
    assert [window.finished for window in halfway.windows] == ([True] if kind is Cut else [True, False])
    if kind is KeyboardInterrupt:
        assert halfway.result["verdict"] == "not verified"
        assert halfway.result["reasons"][0] == "The run ended in window 2 of 3; it is trained up to t = 0.666667."
        assert halfway.result["stopped_because"] == "interrupted"
        assert [found["finished"] for found in halfway.result["windows"]] == [True, False]
    resume_folder(tmp_path / "cut", quiet=True)
    again = Solution.load(tmp_path / "cut")
    np.testing.assert_array_equal(again(T), whole(T))
    for one, other in zip(again.windows, whole.windows, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
    assert timeless(again.history) == timeless(whole.history)
    assert [record["step"] for record in again.history] == list(range(1, 3 * each + 1))
    for key in ("verdict", "errors", "residuals", "conditions", "steps", "windows", "stages"):
        assert again.result[key] == whole.result[key], key
    assert [(s["phase"], s["steps"]) for s in again.result["stops"]] == [
        (s["phase"], s["steps"]) for s in whole.result["stops"]
    ]
    assert dump_config(again.config) == dump_config(whole.config)


def test_a_finished_run_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = solve_to_folder(growth(), QUICK, tmp_path / "run", quiet=True)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert resume_folder(folder) == folder
    assert capsys.readouterr().out == f"growth: the run in {folder} has come to its end.\n"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_run_that_was_cut_before_its_results_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(solving, "outcome", lambda *given: (_ for _ in ()).throw(Cut))
        with pytest.raises(Cut):
            solve_to_folder(growth(), QUICK, tmp_path / "run", quiet=True)
    files = RunFolder(tmp_path / "run")
    trained = files.parameters.read_bytes()
    assert not files.result.exists()
    resume_folder(files.path, quiet=True)
    assert json.loads(files.result.read_text())["steps"] == 21
    assert len(files.history.read_text().splitlines()) == 21
    assert Solution.load(files.path).result["windows"][2]["finished"]
    assert len(files.parameters.read_bytes()) == len(trained)


def test_a_run_without_windows_is_resumed_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(QUICK, windows=None)
    whole = solve(growth(), config)
    with monkeypatch.context() as patch:
        cut_after(patch, 4, KeyboardInterrupt)
        solve_to_folder(growth(), config, tmp_path / "cut", quiet=True)
    again = Solution.load(resume_folder(tmp_path / "cut", quiet=True))
    np.testing.assert_array_equal(again(T), whole(T))
    assert [record["step"] for record in again.history] == list(range(1, 8))
    assert "windows" in again.result
    assert again.result["windows"] == []


def test_a_loss_that_breaks_in_a_later_window_leaves_those_before(tmp_path: Path) -> None:
    problem = growth(equations={"rate": "u_t = 4*u*(1 - u) + sqrt(1.5 - t)"}, reference=None)
    with pytest.raises(SolveError, match="no longer finite"):
        solve_to_folder(
            problem, replace(QUICK, windows=Windows(count=2), points=Sobol(32)), tmp_path / "run", quiet=True
        )
    kept = Solution.load(tmp_path / "run")
    assert [window.finished for window in kept.windows] == [True, False]
    assert "trained up to t = 1." in kept.result["reasons"][0]


def test_the_result_says_what_every_window_reached() -> None:
    solution = solve(growth(), QUICK)
    found = solution.result["windows"]
    assert [(w["lower"], w["upper"], w["finished"]) for w in found] == [
        (pytest.approx(2 * k / 3), pytest.approx(2 * (k + 1) / 3), True) for k in range(3)
    ]
    for window in found:
        t = np.linspace(window["lower"], window["upper"], 2001)[1:, None]
        error = solution(t)[:, 0] - 1 / (1 + np.exp(-4 * (t[:, 0] - 1)))
        truth = 1 / (1 + np.exp(-4 * (t[:, 0] - 1)))
        assert window["relative_l2"]["u"] == pytest.approx(np.linalg.norm(error) / np.linalg.norm(truth), rel=1e-2)
        assert window["relative_l2_at_end"]["u"] == pytest.approx(abs(error[-1]) / truth[-1], rel=1e-9)
    assert [set(w) - {"lower", "upper", "relative_l2", "relative_l2_at_end", "finished"} for w in found] == [
        set(),
        {"jump"},
        {"jump"},
    ]
    assert solution.result["conditions"].keys() == {"start", "hand-over of u"}
    assert solution.result["network_parameters"] == 3 * solution.run.trial.layout.size
    assert [stop["phase"] for stop in solution.result["stops"]][2:4] == [
        "window 2/3: adam",
        "window 2/3: levenberg_marquardt",
    ]
    assert [(r["window"], r["phase"]) for r in solution.history][6:8] == [(1, "levenberg_marquardt"), (2, "adam")]
    assert solution.history[-1]["eta"] == 0.0


def test_what_is_said_of_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solve_to_folder(growth(), QUICK, tmp_path / "run")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("window")]
    assert len(lines) == 6
    assert lines[0] == "window 1/3: t from 0 to 0.666667"
    assert lines[2] == "window 2/3: t from 0.666667 to 1.33333; hand-over exact"
    assert lines[3].startswith("window 2/3 ended after 7 steps and ")
    assert " s: relative L2 " in lines[3]
    assert " in `u`, at its end " in lines[3]
    assert "; jump from the window before 0.0e+00 in `u`; all 4 steps made" in lines[3]
    solve_to_folder(growth(), replace(QUICK, hard="none"), tmp_path / "soft")
    assert "; hand-over soft" in capsys.readouterr().err


def test_many_windows_leave_two_lines_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = replace(QUICK, network=MLP(2, 1), windows=Windows(count=30), phases=(Adam(steps=1), Adam(steps=2)))
    solve_to_folder(growth(), config, tmp_path / "run")
    lines = capsys.readouterr().err.splitlines()
    marching = [line for line in lines if line.startswith("window ")]
    steps = [line for line in lines if line.startswith("step ")]
    assert len(marching) == 60
    # Steps 1, 2, 5, 10, 20, 50 and 90; and one every ten seconds.
    assert len(steps) <= 10
    assert steps[0].split()[:5] == ["step", "1/90", "window", "1,", "adam"]
    assert len(lines) <= 80


def test_a_run_from_another_begins_there(tmp_path: Path) -> None:
    known = solve_to_folder(growth(), QUICK, tmp_path / "known", quiet=True)
    more = replace(QUICK, seed=4)
    again = Solution.load(solve_to_folder(growth(), more, tmp_path / "again", quiet=True, start=known))
    np.testing.assert_array_equal(again(T), solve(growth(), more, start=Solution.load(known))(T))
    with pytest.raises(UserError, match="mean nothing in another network"):
        solve_to_folder(growth(), replace(QUICK, network=MLP(7, 1)), tmp_path / "other", quiet=True, start=known)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("problem", "config", "sentence"),
    [
        (growth(), replace(QUICK, windows=Windows(edges=(0.0, 1.0))), "the windows must tile it"),
        (growth(time=None), QUICK, "has no `time`, and `windows` divide it"),
        (growth(time=None), replace(QUICK, windows=None, causal=Causal()), "has no `time`, and `causal` weights"),
        (growth(), replace(QUICK, weights={"strat": 1.0}), "unknown term `strat` in `weights`"),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_folder_is_made(
    problem: Problem, config: Config, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=sentence):
        solve_to_folder(problem, config, tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_told_once_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The states on the way cannot be written, and there is room again for the results."""

    def full(files: RunFolder, entry: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(solving, "save_entry", full)
        folder = solve_to_folder(growth(), STAGED, tmp_path / "run")
    assert Solution.load(folder).result["steps"] == 27
    told = capsys.readouterr().err
    assert told.count("where the run stands could not be written, and training goes on without") == 1
    assert "No space left on device" in told


@final
@dataclass(frozen=True)
class Counting(Optimizer):
    """An optimizer of one's own, whose state is of a class that pinnkit does not know."""

    def start(self, theta: Tensor) -> complex:
        return 0j

    def step(self, objective: Objective, theta: Tensor, state: complex) -> Step:
        found = objective.evaluate(theta)
        return Step(theta - 1e-3 * found.gradient, state + 1j, found.loss, found.losses)


def test_a_state_that_cannot_be_written_ends_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = replace(QUICK, windows=None, phases=(Counting(steps=4),))
    folder = solve_to_folder(growth(), config, tmp_path / "run")
    assert json.loads((folder / "result.json").read_text("utf-8"))["steps"] == 4
    assert "builtins:complex cannot be stored" in capsys.readouterr().err


def test_results_that_find_no_room_are_the_users_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pinnkit.results.writing.os.fsync", full)
    with pytest.raises(UserError, match="cannot write .* no space left on device"):
        solve_to_folder(growth(), QUICK, tmp_path / "run", quiet=True)
    assert not list(tmp_path.rglob(".*.*.??????"))  # nothing half-written is left
