"""A curriculum: easier values of one parameter first.

Satisfied: which values come first, from below and from above; a run is what runs by hand are, each started from the one
before, to the last bit; without values left nothing changes; limits of phases; what is refused; a run cut meanwhile.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinnkit.config import Config, dump_config, load_config
from pinnkit.curriculum import Curriculum
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.folder import RunFolder
from pinnkit.results.history import read_history
from pinnkit.solving import solve, solve_to_folder
from pinnkit.stage import Stage
from pinnkit.training import Record
from pinnkit.windows import Windows

QUICK = Config(
    network=MLP(6, 1, "tanh"),
    points=RAD(40),
    condition_points=Sobol(8),
    phases=(Adam(steps=3), LevenbergMarquardt(steps=5)),
    renew=2,
    device="cpu",
    threads=1,
    test_points=50,
)
X = np.linspace(0, 1, 23)[:, None]


def layer(**more: Any) -> Problem:
    """A boundary layer, u = (exp(c x) - 1)/(exp(c) - 1)."""
    keys = {
        "name": "layer",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"c": 8},
        "equations": {"flow": "u_xx = c*u_x"},
        "conditions": {"low": {"on": "x = 0", "equation": "u = 0"}, "high": {"on": "x = 1", "equation": "u = 1"}},
        "reference": {"exact": {"u": "(exp(c*x) - 1)/(exp(c) - 1)"}},
    }
    return define(**{**keys, **more})


@pytest.mark.parametrize(
    ("rule", "own", "expected"),
    [
        (Curriculum(), 8.0, (2.0, 4.0)),
        (Curriculum(shares=(0.1, 0.5, 0.9)), -10.0, (-1.0, -5.0, -9.0)),
        (Curriculum(shares=(4.0, 2.0)), 8.0, (32.0, 16.0)),
        (Curriculum(values=(100, 250, 500)), 1000.0, (100.0, 250.0, 500.0)),
        (Curriculum(values=(100, 250, 500)), 400.0, (100.0, 250.0)),
        (Curriculum(values=(100, 250, 500)), 100.0, ()),
        (Curriculum(values=(100, 250, 500)), 50.0, ()),
        (Curriculum(values=(100,)), 50.0, (100.0,)),
        (Curriculum("c", values=(1, 0.1, 0.01)), 0.05, (1.0, 0.1)),
        (Curriculum(), 0.0, ()),
    ],
)
def test_which_values_come_first(rule: Curriculum, own: float, expected: tuple[float, ...]) -> None:
    assert rule.before(layer().with_parameters(c=own)) == pytest.approx(expected)


@pytest.mark.parametrize("stages", [(), (Stage(phases=(LevenbergMarquardt(steps=2),)),)])
def test_it_is_every_value_by_hand_to_the_last_bit(stages: tuple[Stage, ...]) -> None:
    config = replace(QUICK, stages=stages)
    by_rule = solve(layer(), replace(config, curriculum=Curriculum(shares=(0.25, 0.5))))
    easy = solve(layer().with_parameters(c=2), QUICK)
    middle = solve(layer().with_parameters(c=4), QUICK, start=easy)
    by_hand = solve(layer(), config, start=middle)
    np.testing.assert_array_equal(by_rule(X), by_hand(X))
    assert np.abs(by_rule(X) - solve(layer(), config)(X)).max() > 1e-8


def test_without_values_before_its_own_nothing_changes() -> None:
    found = solve(layer(), replace(QUICK, curriculum=Curriculum(values=(8, 10))))
    np.testing.assert_array_equal(found(X), solve(layer(), QUICK)(X))


def test_records_and_stops_say_which_value_and_count_on() -> None:
    heard: list[Record] = []
    rule = Curriculum(shares=(0.25, 0.5), steps=2, seconds=100.0)
    found = solve(layer(), replace(QUICK, curriculum=rule), heard.append)
    assert [record["step"] for record in heard] == list(range(1, 17))
    phases = list(dict.fromkeys(record["phase"] for record in heard))
    easier = [f"c = {c}: {name}" for c in (2, 4) for name in ("adam", "levenberg_marquardt")]
    assert phases == [*easier, "adam", "levenberg_marquardt"]
    # The error is measured for the problem's own value alone.
    assert {record["phase"] for record in heard if record["relative_l2"] is not None} <= {"adam", "levenberg_marquardt"}
    assert [stop["phase"] for stop in found.result["stops"]] == phases


def test_phases_of_easier_problems_are_cut_and_never_drawn_out() -> None:
    phases = (Adam(steps=10, seconds=5.0), LevenbergMarquardt(steps=300))
    cut = Curriculum(steps=50, seconds=20.0).shortened(phases)
    assert [(phase.steps, phase.seconds) for phase in cut] == [(10, 5.0), (50, 20.0)]
    assert Curriculum().shortened(phases) == phases


def test_a_run_that_is_cut_meanwhile_keeps_what_there_is() -> None:
    heard: list[Record] = []

    def hear(record: Record) -> None:
        heard.append(record)
        if record["step"] == 11:
            raise KeyboardInterrupt

    found = solve(layer(), replace(QUICK, curriculum=Curriculum()), hear)
    assert found.result["stopped_because"] == "interrupted"
    assert len(heard) == 11
    assert np.isfinite(found(X)).all()


def test_it_is_written_and_read_back_and_its_run_has_all_steps(tmp_path: Path) -> None:
    config = replace(QUICK, curriculum=Curriculum("c", values=(1.0, 3.0), steps=2))
    (tmp_path / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == config
    path = solve_to_folder(layer(), config, tmp_path / "run", quiet=True)
    records = list(read_history(RunFolder(path).history))
    assert [record["phase"] for record in records][:4:2] == ["c = 1: adam", "c = 1: levenberg_marquardt"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"shares": ()}, "neither `shares` nor `values`"),
        ({"values": (1.0, float("inf"))}, "`values` of `curriculum` need finite numbers, not 1.0, inf"),
        ({"values": (1.0, 3.0, 2.0)}, "`values` of `curriculum` must rise, or fall, not 1.0, 3.0, 2.0"),
        ({"shares": (0.5, 0.5)}, "`shares` of `curriculum` must rise, or fall"),
        ({"steps": 0}, "`steps` of `curriculum` is 0; it needs at least 1"),
        ({"seconds": 0.0}, "`seconds` of `curriculum` is 0; it needs a finite number above 0"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Curriculum(**options)


@pytest.mark.parametrize(
    ("rule", "more", "sentence"),
    [
        (Curriculum("d"), {}, "unknown parameter `d` in `curriculum`"),
        (Curriculum(), {"parameters": {"c": 8, "k": 1}}, "has no `parameter`, and the problem has `c`, `k`"),
        (
            Curriculum(),
            {"parameters": {}, "equations": {"flow": "u_xx = u_x"}, "reference": None},
            "no `parameter`, and the problem has none",
        ),
        (Curriculum("c"), {"parameters": {"c": {"range": [1, 8]}}}, "`c` of `curriculum` has a range"),
        (Curriculum("c"), {"parameters": {"c": {"start": 1}}, "reference": None}, "`c` of `curriculum` is to be found"),
    ],
)
def test_parameters_that_cannot_be_raised_are_refused(rule: Curriculum, more: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        solve(layer(accept=["unused_parameter"], **more), replace(QUICK, curriculum=rule))


def test_windows_beside_it_are_refused() -> None:
    with pytest.raises(UserError, match="`curriculum` and `windows` do not go together"):
        Config(curriculum=Curriculum(), windows=Windows())
