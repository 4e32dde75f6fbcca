"""Several runs of one problem: every combination is run, failures are told and end nothing, tables say what was found.

Each member is the run that `solve` makes by itself, to the last digit.
"""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pinnkit
from pinnkit import cli, sweeping
from pinnkit.config import Config
from pinnkit.errors import SolveError, UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.results.figures.sweeps import Swept, draw_sweep
from pinnkit.results.sweeps import Member, Sweep
from pinnkit.sweeping import Choice, choices_of, members_of, read_seeds, read_sweeps, sweep, sweep_to_folder

QUICK = Config(
    network=MLP(width=6, depth=2),
    points=Sobol(count=24),
    condition_points=Sobol(count=8),
    phases=(LevenbergMarquardt(steps=15),),
    device="cpu",
    threads=1,
    test_points=50,
)


def decay(rate: str = "k*m", **more: Any) -> Problem:
    """u' = -k m u from u(0) = 1."""
    keys: dict[str, Any] = {
        "name": "decay",
        "coordinates": {"t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"k": 1.0, "m": 1.0},
        "equations": {"rate": f"u_t = -({rate})*u"},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 1"}},
        "reference": {"exact": {"u": f"exp(-({rate})*t)"}},
        "tolerance": 1e-2,
    }
    return pinnkit.define(**{**keys, **more})


def members(problem: Problem, values: Any, seeds: tuple[int, ...] = ()) -> list[Choice]:
    return choices_of(problem, values, {"": QUICK}, seeds)


def test_every_combination_is_a_problem_of_its_own() -> None:
    found = members_of(decay(), {"k": [1, 2], "m": np.array([0.5, 3.0])})
    assert [list(values.values()) for values, _ in found] == [[1, 0.5], [1, 3], [2, 0.5], [2, 3]]
    assert [problem.values for _, problem in found] == [values for values, _ in found]


def test_a_member_is_the_run_that_it_would_be_alone() -> None:
    swept = sweep(decay(), {"k": [0.5, 2.0]}, QUICK)
    alone = pinnkit.solve(decay().with_parameters(k=2.0), QUICK)
    points = np.linspace(0, 1, 7)[:, None]
    assert [values for values, _ in swept] == [{"k": 0.5}, {"k": 2.0}]
    np.testing.assert_array_equal(swept[1][1](points), alone(points))
    assert all(member.errors()["u"]["relative_l2"] < 1e-3 for _, member in swept)


def test_a_sweep_leaves_runs_tables_and_a_picture(tmp_path: Path) -> None:
    found = sweep_to_folder(members(decay(), {"k": [1, 2], "m": [1, 0.5]}), tmp_path / "all", quiet=True)
    folders = ["k=1,m=1", "k=1,m=0.5", "k=2,m=1", "k=2,m=0.5"]
    assert [m.folder.name for m in found.members] == folders
    assert all((found.folder / name / "report.html").is_file() for name in folders)
    data = json.loads((found.folder / "sweep.json").read_text("utf-8"))
    assert data["values"] == {"k": [1, 2], "m": [1, 0.5]}
    with (found.folder / "sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row, member, name in zip(rows, data["members"], folders, strict=True):
        result = json.loads((found.folder / name / "result.json").read_text("utf-8"))
        assert float(row["error u"]) == member["errors"]["u"] == result["errors"]["u"]["relative_l2"]
        assert (row["verdict"], row["folder"]) == (result["verdict"], name)
        assert member["values"] == {"k": float(row["k"]), "m": float(row["m"])}
    head, _, *body = [line for line in (found.folder / "sweep.md").read_text("utf-8").splitlines() if "|" in line]
    assert head == "| k | m | verdict | error u | seconds |"
    assert [re.split(r" *\| *", line)[1:4] for line in body] == [
        [*name.replace("k=", "").split(",m="), "verified"] for name in folders
    ]
    assert (found.folder / "sweep.png").stat().st_size > 5000
    again = pinnkit.Solution.load(found.folder / "k=2,m=0.5")
    assert again.problem.values == {"k": 2.0, "m": 0.5}


def test_a_failure_is_told_and_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A root of a negative number has no value, in the second of three members."""
    problem = decay("sqrt(k)", parameters={"k": 1.0}, reference=None)
    found = sweep_to_folder(members(problem, {"k": [1.0, -1.0, 4.0]}), tmp_path / "all", quiet=True)
    assert [m.failure is None for m in found.members] == [True, False, True]
    assert found.members[1].verdict == "failed"
    assert "k = -1 failed: " in str(found)
    assert "k = -1 failed: " in (found.folder / "sweep.md").read_text("utf-8")
    assert (found.folder / "sweep.png").is_file()
    with pytest.raises(SolveError, match="1 of 3 members failed: k = -1"):
        found.require_whole()
    assert "k = 4 (3 of 3)" in capsys.readouterr().out


def test_on_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", "oscillator", "--parameter", "zeta=0.1,0.2", "--set", "phases.0.steps=2", "--set"]
    arguments += ["points.count=20", "--quiet", "--out", str(tmp_path / "all")]
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert not stopped.value.code
    out = capfd.readouterr().out
    assert re.search(r"\nzeta +verdict +error u +seconds\n0\.1 +not verified +\S+ +\d+\.\d\n0\.2 ", out)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["c"], "`--parameter c` is not of the form `name=value,value,...`"),
        (["=1,2"], "not of the form"),
        (["c="], "lacks a value(.|\n)*c=0.2"),
        (["c=1,,2"], "lacks a value(.|\n)*comma too many"),
        (["c=1,two"], "`--parameter c=1,two`: unknown name `two`"),
        (["c=1,1/0"], "c=1,1/0"),
        (["c=1:2"], "needs three numbers(.|\n)*From, to, and how many"),
        (["c=1:2:1"], "from 2 to 1000"),
        (["c=1:2:x"], "from 2 to 1000"),
        (["c=1:2:99999999999"], "from 2 to 1000"),
        (["c=1", "c=2"], "names `c` twice"),
    ],
)
def test_texts_that_say_no_values(texts: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_sweeps(texts)


def test_values_are_listed_or_evenly_spaced() -> None:
    assert read_sweeps(["c=0.2, 1e-3,pi", "nu=0.05:0.2:4"]) == {
        "c": [0.2, 1e-3, np.pi],
        "nu": [0.05, 0.1, 0.15, 0.2],
    }
    assert read_sweeps(["c=0:2*pi:3"])["c"][-1] == 2 * np.pi


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "a sweep needs a parameter, seeds or configs"),
        ({"kk": [1]}, "unknown parameter `kk`\n  Did you mean `k`"),
        ({"k": []}, "no values are given for `k`"),
        ({"k": [1, float("nan")]}, "the values of `k` must be finite numbers"),
        ({"k": [None]}, "the values of `k` must be finite numbers"),
        ({"k": [1, 2, 1.0]}, "the value 1 of `k` is given twice"),
        ({"k": range(40), "m": range(40)}, "1,600 members, and 1,000 is the most"),
    ],
)
def test_values_that_no_sweep_can_have(values: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        sweep_to_folder(members(decay(), values), tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_a_config_that_does_not_fit_is_told_before_anything_is_made(tmp_path: Path) -> None:
    wrong = Config(weights={"rats": 1.0})
    with pytest.raises(UserError, match="unknown term `rats`"):
        sweep_to_folder(choices_of(decay(), {"k": [1, 2]}, {"": wrong}), tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_what_was_found_has_columns_of_its_own() -> None:
    """Levels of a list are numbered, and a member that lacks one shows a dash."""
    first = {"parameters": {"E": [1.0, 3.0], "nu": {"value": 0.1}}, "outputs": {"root": 2.5}, "verdict": "verified"}
    members = (Member({"c": 1.0}, Path("a"), first), Member({"c": 2.0}, Path("b"), {}, "it broke"))
    found = Sweep("p", {"c": [1.0, 2.0, 3.0]}, members, Path())
    head, rows = found.table()
    assert head == ["c", "verdict", "E 1", "E 2", "nu", "root", "seconds"]
    assert rows == [
        [1.0, "verified", 1.0, 3.0, 0.1, 2.5, None],
        [2.0, "failed", None, None, None, None, None],
    ]
    assert found.remarks() == ["c = 2 failed: it broke", "1 of 3 members were not run: interrupted."]


@pytest.mark.parametrize("count", [1, 4, 30])
@pytest.mark.parametrize("curves", [True, False])
def test_pictures_of_few_and_of_many(count: int, curves: bool, tmp_path: Path) -> None:
    x = np.linspace(0, 1, 11)
    members = [
        Swept({"c": c, "m": 1.0}, {"error u": 1e-3 * c}, {"root": c}, (x, {"u": c * x}) if curves else None)
        for c in np.linspace(1, 2, count)
    ]
    picture = draw_sweep(tmp_path / "sweep.png", members, "x")
    assert picture.path.stat().st_size > 5000
    assert ("along x" in picture.caption) is curves


def test_ctrl_c_ends_the_sweep_behind_its_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def interrupted(problem: Problem, config: Config, out: Path, **options: Any) -> Path:
        out.mkdir()
        result = {"verdict": "not verified", "stopped_because": "interrupted"}
        (out / "result.json").write_text(json.dumps(result), encoding="utf-8")
        np.savez(out / "fields.npz", t=np.arange(3.0), u=np.arange(3.0))
        made.append(out)
        return out

    monkeypatch.setattr(sweeping, "solve_to_folder", interrupted)
    found = sweep_to_folder(members(decay(), {"k": [1, 2, 3]}), tmp_path / "all")
    assert [path.name for path in made] == ["k=1"]
    assert found.remarks() == ["2 of 3 members were not run: interrupted."]
    found.require_whole()


def test_seeds_and_configs_are_members_like_values() -> None:
    found = choices_of(decay(), {"k": [1.0, 2.0]}, {"a": QUICK, "b/c.yaml": Config()}, (3, 4))
    assert len(found) == 8
    assert found[1].values == {"config": "a", "k": 1.0, "seed": 4}
    assert (found[1].problem.values["k"], found[1].config) == (1.0, replace(QUICK, seed=4))
    assert found[-1].words == ("--config", "b/c.yaml", "--parameter", "k=2.0", "--seed", "4")
    assert [c.values for c in choices_of(decay(), {}, {"": QUICK}, (0, 1))] == [{"seed": 0}, {"seed": 1}]


def test_two_configs_of_one_name_have_no_folders(tmp_path: Path) -> None:
    choices = choices_of(decay(), {}, {"a/x.yaml": QUICK, "b/x.yaml": QUICK})
    with pytest.raises(UserError, match="two configs of the sweep have one name"):
        sweep_to_folder(choices, tmp_path / "all")
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(("text", "seeds"), [("0,7", [0, 7]), ("2:4:3", [2, 3, 4])])
def test_seeds_are_whole(text: str, seeds: list[int]) -> None:
    assert read_seeds(text) == seeds


@pytest.mark.parametrize("text", ["0.5", "-1", "1,1", "0:1:3"])
def test_texts_that_say_no_seeds(text: str) -> None:
    with pytest.raises(UserError, match="needs whole numbers from 0, each of them once"):
        read_seeds(text)


def test_seeds_are_summed_up() -> None:
    errors = [{"errors": {"u": {"relative_l2": e}}, "verdict": "verified"} for e in (1e-3, 4e-3, 2e-3)]
    runs = [Member({"config": "a", "seed": k}, Path(str(k)), own) for k, own in enumerate(errors)]
    found = Sweep("p", {"config": ["a"], "seed": [0, 1, 2]}, tuple(runs), Path())
    assert found.remarks() == ["config = a: error u over 3 seeds: median 2.0e-03, largest 4.0e-03"]


def test_configs_are_drawn_as_places(tmp_path: Path) -> None:
    drawn = [Swept({"config": name, "seed": s}, {"error u": 0.1}, {}) for name in ("a", "b") for s in (0, 1)]
    assert draw_sweep(tmp_path / "sweep.png", drawn, "x").path.stat().st_size > 5000


def test_side_by_side_each_member_is_the_run_that_it_would_be_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Processes of their own give the same digits; the one that fails is told, and the others stand."""
    settings = ["network.width=6", "points.count=24", "phases.0.steps=3", "test_points=50", "threads=1", "stages=[]"]
    options = ["--parameter", "zeta=0.1,0.2", "--seeds", "0,1", *(w for s in settings for w in ("--set", s))]
    for jobs in ("1", "2"):
        with pytest.raises(SystemExit):
            cli.main(["sweep", "oscillator", *options, "--jobs", jobs, "--quiet", "--out", str(tmp_path / jobs)])
    one, two = (json.loads((tmp_path / jobs / "sweep.json").read_text("utf-8")) for jobs in ("1", "2"))
    for document in (one, two):
        for member in document["members"]:
            del member["seconds"]
    assert one == two
    assert len(one["members"]) == 4
    out = capfd.readouterr().out
    assert "zeta = 0.1, seed = 0 (1 of 4)" in out
    assert "zeta = 0.1: error u over 2 seeds: median" in out
