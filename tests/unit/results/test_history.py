"""All records are on disk whatever the number of files, and those in memory are evenly spaced and bounded."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest

from pinnkit.results.history import HistoryFile, Thinned, read_history, trim_history


def records(count: int) -> list[dict[str, int]]:
    return [{"step": k, "loss": k % 7} for k in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 12, 21, 40, 41, 1000, 12345])
@pytest.mark.parametrize("most", [9, 10])
def test_what_is_kept_is_evenly_spaced_and_ends_with_the_last(count: int, most: int) -> None:
    kept = [record["step"] for record in Thinned(records(count), most).records]
    assert len(kept) <= most + 1
    assert kept[:1] == [1][:count]
    assert kept[-1:] == [count][:count]
    gaps = {b - a for a, b in pairwise(kept[:-1])}
    assert len(gaps) <= 1
    assert count <= most or kept[1] - kept[0] <= 2 * count / most
    assert count > most or kept == list(range(1, count + 1))


def test_few_records_are_all_kept() -> None:
    given = records(500)
    assert Thinned(given).records == given


@pytest.mark.parametrize("most", [100, 10_000_000])
def test_all_records_are_on_disk(most: int, tmp_path: Path) -> None:
    path, given = tmp_path / "history.jsonl", records(60)
    for part in (given[:25], given[25:]):  # a run that is resumed goes on with the same files
        with HistoryFile(path, most) as file:
            for record in part:
                file.append(record)
    assert list(read_history(path)) == given
    assert (len(list(tmp_path.glob("history.*.jsonl.gz"))) > 9) is (most < 1e6)


@pytest.mark.parametrize("steps", [0, 3, 17, 55, 60, 99])
def test_what_is_cut_off_is_cut_off_everywhere(steps: int, tmp_path: Path) -> None:
    path, given = tmp_path / "history.jsonl", records(60)
    with HistoryFile(path, 100) as file:
        for record in given:
            file.append(record)
    assert trim_history(path, steps).records == given[:steps]
    assert list(read_history(path)) == given[:steps]
    with HistoryFile(path, 100) as file:
        for record in given[steps:]:
            file.append(record)
    assert list(read_history(path)) == given


def test_a_crash_between_putting_aside_and_beginning_anew_tells_nothing_twice(tmp_path: Path) -> None:
    path, given = tmp_path / "history.jsonl", records(10)
    with HistoryFile(path, 100) as file:
        for record in given:
            file.append(record)
    last = sorted(tmp_path.glob("history.*.gz"))[-1]
    path.write_bytes(gzip.decompress(last.read_bytes()) + path.read_bytes())
    assert list(read_history(path)) == given


def test_a_full_disk_leaves_one_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pinnkit.results.history.gzip.open", full)
    path, given = tmp_path / "history.jsonl", records(20)
    with HistoryFile(path, 100) as file:
        for record in given:
            file.append(record)
    assert list(read_history(path)) == given


def test_a_line_without_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinnkit.results.history._LONGEST", 1000)
    path = tmp_path / "history.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "x": "' + "y" * 5000 + '"}\n{"step": 3}\n', "utf-8")
    assert [record["step"] for record in read_history(path)] == [1, 3]
