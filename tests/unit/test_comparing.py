"""A network beside a classical method: which method is taken, what errors are measured against, what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from pinnkit import cli
from pinnkit.comparing import Comparison, compare
from pinnkit.config import load_config
from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.shipped import config_path


def decay(**changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "decay",
        "coordinates": {"t": [0, 1]},
        "time": "t",
        "fields": ["u", "v"],
        "equations": {"a": "u_t = -v", "b": "v_t = u"},
        "conditions": {"u0": {"on": "t = 0", "equation": "u = 1"}, "v0": {"on": "t = 0", "equation": "v = 0"}},
    }
    return define(**{**keys, **changes})


def compared(problem: Problem, folder: Path, method: str | None = None) -> Comparison:
    config = load_config(config_path("ode"), ["phases.0.steps=3", "points.count=30", "network.width=4", "threads=1"])
    return compare(problem, config, folder / "run", method, quiet=True)


def test_against_an_exact_solution_both_errors_are_measured(tmp_path: Path) -> None:
    found = compared(decay(reference={"exact": {"u": "cos(t)", "v": "sin(t)"}}), tmp_path)
    classical, network = found.contenders
    assert (classical.method, network.method) == ("dop853", "network")
    assert not classical.stated
    assert all(error < 1e-10 for error in classical.errors.values())
    assert all(1e-12 < error < 1.0 for error in network.errors.values())
    assert min(classical.seconds, network.seconds) > 0
    assert found.truth == "the exact solution"
    assert (tmp_path / "run" / "result.json").is_file()


def test_without_one_the_classical_method_is_the_truth_and_states_its_error(tmp_path: Path) -> None:
    found = compared(decay(reference={"method": "dop853", "accuracy": 1e-6}), tmp_path)
    classical, network = found.contenders
    assert classical.stated
    assert set(classical.errors) == {"u", "v"}
    assert 1e-14 <= classical.errors["u"] <= 1e-6
    assert all(1e-12 < error < 1.0 for error in network.errors.values())
    head, first, second, last = str(found).splitlines()
    assert head.split() == ["method", "seconds", "u", "v"]
    assert re.fullmatch(r"dop853 +\d+\.\d\d +\S+ stated +\S+ stated", first)
    assert re.fullmatch(r"network +\d+\.\d\d +\S+ +\S+", second)
    assert "`dop853`, whose own error is what it states" in last


def test_the_reason_of_every_method_is_told_where_none_can_treat_the_problem(tmp_path: Path) -> None:
    edges = {
        "name": "plate",
        "coordinates": {"x": [0, 1], "y": [0, 1]},
        "time": None,
        "fields": ["u"],
        "equations": {"a": "u_xx + u_yy = -exp(x)"},
        "conditions": {"edge": {"on": "boundary", "equation": "u = 0"}},
    }
    with pytest.raises(UserError, match="no classical method can treat `plate`") as caught:
        compared(decay(**edges), tmp_path)
    said = [str(mistake) for mistake in caught.value.mistakes]
    for name in ("cole_hopf", "etdrk4", "dop853", "method_of_lines", "collocation", "driven_cavity", "lightning"):
        assert sum(f"`{name}` cannot treat `plate`" in sentence for sentence in said) == 1
    assert not (tmp_path / "run").exists()


def test_a_method_that_is_named_is_the_only_one_that_is_tried(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`etdrk4` cannot treat `decay`: .*0 coordinates of space") as caught:
        compared(decay(), tmp_path, "etdrk4")
    assert len(caught.value.mistakes) == 1
    with pytest.raises(UserError, match="unknown reference method `dop85`\n.*Did you mean `dop853`"):
        compared(decay(), tmp_path, "dop85")


def test_the_command_prints_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = [word for text in ("phases.0.steps=3", "points.count=30", "threads=1") for word in ("--set", text)]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["compare", "oscillator", *few, "--method", "dop853", "--quiet", "--out", str(tmp_path / "run")])
    assert stopped.value.code in (0, None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("oscillator: ")
    assert [line.split()[0] for line in lines[1:]] == ["method", "dop853", "network", "Relative"]
