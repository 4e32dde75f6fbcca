import json
from datetime import datetime
from pathlib import Path

import pytest

from pinnkit.errors import UserError
from pinnkit.results.folder import RunFolder, new_run_folder, open_run_folder
from pinnkit.results.history import HistoryFile, read_history

NOON = datetime(2026, 1, 2, 12, 0, 5)


def test_runs_of_the_same_second_get_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = [new_run_folder("burgers", None, NOON) for _ in range(3)]
    parent = Path("runs/burgers")
    assert made == [parent / "20260102-120005", parent / "20260102-120005-2", parent / "20260102-120005-3"]
    assert all(path.is_dir() for path in made)


@pytest.mark.parametrize(("name", "folder"), [("../../etc", "_.._etc"), ("a b/c", "a_b_c"), ("..", "problem")])
def test_a_problems_name_cannot_lead_out_of_the_runs(
    name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = new_run_folder(name, None, NOON)
    assert made.resolve().parent == tmp_path / "runs" / folder


def test_a_named_folder_may_be_new_or_empty_but_is_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    assert new_run_folder("burgers", out, NOON) == out
    assert new_run_folder("burgers", out, NOON) == out
    assert list(out.iterdir()) == []
    (out / "result.json").write_text("{}")
    with pytest.raises(UserError, match=r"is not empty(.|\n)*never overwritten"):
        new_run_folder("burgers", out, NOON)


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write `.*file`: it is a file"):
        new_run_folder("burgers", tmp_path / "file", NOON)
    with pytest.raises(UserError, match=r"cannot write `.*`: not a directory"):
        new_run_folder("burgers", tmp_path / "file" / "below", NOON)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        new_run_folder("burgers", None, NOON)


def test_a_run_is_opened_and_a_folder_that_holds_none_points_to_those_below(tmp_path: Path) -> None:
    run = new_run_folder("burgers", tmp_path / "runs" / "one", NOON)
    with pytest.raises(UserError, match="no run in"):
        open_run_folder(run)
    RunFolder(run).problem.write_text("name: burgers\n")
    assert open_run_folder(run).result == run / "result.json"
    with pytest.raises(UserError, match=r"Did you mean `.*one`"):
        open_run_folder(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        open_run_folder(tmp_path / "nowhere")


def test_no_two_files_of_a_run_share_a_name() -> None:
    paths = [path for path in vars(RunFolder(Path("run"))).values() if path != Path("run")]
    assert len(paths) > 8
    assert len(set(paths)) == len(paths)


def test_history_is_on_disk_at_once_and_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    first = {"step": 1, "phase": "adam", "loss": float("nan"), "losses": {"momentum": 0.5}}
    with HistoryFile(path) as history:
        history.append(first)
        assert list(read_history(path)) == [{**first, "loss": None}]
    with HistoryFile(path) as history:
        history.append({"step": 2})
    assert [record["step"] for record in read_history(path)] == [1, 2]


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps({"step": 1}) + '\n{"step": 2, "lo')
    with HistoryFile(path) as history:
        history.append({"step": 3})
    assert [record["step"] for record in read_history(path)] == [1, 3]
