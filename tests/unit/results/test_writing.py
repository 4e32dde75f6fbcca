import json
from pathlib import Path

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.results.writing import plain, whole, write_json, write_text


def test_a_write_that_fails_midway_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_text(path, "old")

    def fail_midway() -> None:
        with whole(path) as file:
            file.write(b"half of the n")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail_midway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_replaces_the_old_content_and_makes_missing_folders(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "text.txt"
    write_text(path, "first")
    write_text(path, "zweite Fassung, größer: ∂u/∂t")
    assert path.read_text(encoding="utf-8") == "zweite Fassung, größer: ∂u/∂t"
    assert [p.name for p in path.parent.iterdir()] == ["text.txt"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([[1.0, np.inf]]), [[1.0, None]]),
        (float("nan"), None),
        ({"a": (1, {"b": -float("inf")})}, {"a": [1, {"b": None}]}),
        (Path("runs") / "x", str(Path("runs") / "x")),
        (np.bool_(True), True),
        (None, None),
    ],
)
def test_everything_a_result_holds_becomes_standard_json(given: object, expected: object, tmp_path: Path) -> None:
    assert plain(given) == expected
    write_json(tmp_path / "x.json", {"value": given})

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not standard JSON")

    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=refuse) == {"value": expected}


def test_a_folder_that_is_a_file_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write_text(tmp_path / "file" / "result.json", "x")
