"""What a run is watched with: the line of a notebook, plain lines, and TensorBoard's files."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import pinnkit
from pinnkit.errors import UserError
from pinnkit.monitors import ShowProgress, TensorBoard, scalars

RECORD: dict[str, Any] = {
    "step": 4,
    "phase": "adam",
    "window": None,
    "loss": 0.5,
    "losses": {"heat": 0.25, "walls": 0.75},
    "weights": {"heat": {"least": 1.0}},
    "parameters": {"k": 2.0},
    "relative_l2": 0.1,
    "seconds": 3.0,
    "eta": 5.0,
}


def test_numbers_have_the_names_of_their_keys() -> None:
    assert dict(scalars(RECORD)) == {
        "loss": 0.5,
        "losses/heat": 0.25,
        "losses/walls": 0.75,
        "weights/heat/least": 1.0,
        "parameters/k": 2.0,
        "relative_l2": 0.1,
    }


def test_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 11.0])
    show = ShowProgress(lambda: next(times))
    for step, error in ((1, 0.3), (2, None), (3, None)):
        show({**RECORD, "step": step, "relative_l2": error})
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "step 1  adam  loss 5.00e-01  relative L2 3.00e-01  time 3.0 s  ETA 5.0 s",
        "step 3  adam  loss 5.00e-01  relative L2 3.00e-01  time 3.0 s  ETA 5.0 s",
    ]


def test_in_a_notebook_one_line_is_kept_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            shown.append(data["text/plain"])

    core, getter, display = (ModuleType(f"IPython{name}") for name in (".core", ".core.getipython", ".display"))
    getter.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    display.display = lambda *_, **__: Handle()  # type: ignore[attr-defined]
    for name, module in {
        "IPython": ModuleType("IPython"),
        "IPython.core": core,
        "IPython.core.getipython": getter,
        "IPython.display": display,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    times = iter([0.0, 0.1, 0.7])
    show = ShowProgress(lambda: next(times))
    for step in (1, 2, 3):
        show({**RECORD, "step": step})
    assert [line.split("  ")[0] for line in shown] == ["step 1", "step 3"]


def test_a_run_becomes_files_for_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra `track` is not installed")
    problem = pinnkit.define(
        name="decay",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        equations=["u_t = -u"],
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
    )
    config = pinnkit.load_config("ode", ["phases.0.steps=3", "points.count=20"])
    with TensorBoard(tmp_path / "board") as board:
        pinnkit.solve(problem, config, monitor=board)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "board"))
    found.Reload()
    assert {"loss", "losses/equation"} <= set(found.Tags()["scalars"])
    assert [event.step for event in found.Scalars("loss")] == [1, 2, 3]


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError, match=r"pinnkit\[track\]"):
        TensorBoard(tmp_path)
