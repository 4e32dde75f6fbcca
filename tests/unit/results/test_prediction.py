"""Points from a CSV file, with every way in which such a file goes wrong; fields written beside them."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.results import prediction
from pinnkit.results.prediction import predict_csv, read_points


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "x,t\n0.5,1e-3\n-1,2\n",
        "\ufeffx,t\r\n0.5,1e-3\r\n-1,2\r\n",
        " t , note, x \n1e-3,\"a, b\", 0.5\n\n2,,-1\n , \n",
        "t,x,x_old\n.001,0.5,7\n2.0,-1.0",
    ],
)  # fmt: skip
def test_points_are_read_by_the_names_of_their_columns(tmp_path: Path, text: str) -> None:
    points = read_points(write(tmp_path, text), ("x", "t"))
    assert points.dtype == np.float64
    np.testing.assert_array_equal(points, [[0.5, 1e-3], [-1.0, 2.0]])


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["points.csv:1: the file is empty; its first line must name the coordinates: x,t"]),
        ("\n\n", ["the file is empty"]),
        ("x,t\n", ["there are no points below the header"]),
        ("x,T\n1,2\n", ["there is no column `t`", "Did you mean `T`? Columns: x, T."]),
        ("a\n1\n", ["there is no column `x`", "there is no column `t`", "Columns: a."]),
        ("x,t,x\n1,2,3\n", ["there are 2 columns `x`"]),
        ("x;t\n1;2\n", ["columns are separated by commas", "x;t"]),
        ("x,t\n1,two\n", ["points.csv:2: column `t`: `two` is not a number"]),
        ("x,t\n1\n", ["points.csv:2: column `t`: the cell is empty, and a number is needed"]),
        ("x,t\nnan,inf\n", ["`nan` is not a finite number", "`inf` is not a finite number"]),
        ("x,t\n1e999,0\n", ["`1e999` is not a finite number"]),
        ("x,t\n1,2\na,b\n\n1,c\n", [":3: column `x`", ":3: column `t`", ":5: column `t`: `c`"]),
        ("x,t\n" + "9" * 200_000 + ",1\n", ["not CSV: field larger than field limit"]),
        (b"x,t\n\xff,1\n", ["the file is not UTF-8 text"]),
    ],
    ids=range(14),
)
def test_every_mistake_of_a_file_is_said(tmp_path: Path, text: str | bytes, sentences: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        read_points(write(tmp_path, text), ("x", "t"))
    assert [sentence for sentence in sentences if sentence not in str(caught.value)] == []


def test_a_file_of_nonsense_gives_a_short_answer(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_points(write(tmp_path, "x,t\n" + "a,b\n" * 10_000), ("x", "t"))
    assert len(caught.value.mistakes) == 20


@pytest.mark.parametrize(("name", "sentence"), [("absent.csv", "there is no file"), (".", "is a folder")])
def test_a_path_that_is_no_file(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_points(tmp_path / name, ("x",))


class Product:
    """Stands for a trained solution: u = x t, v = x - t."""

    problem = SimpleNamespace(scope=SimpleNamespace(coordinates=("x", "t")), fields=("u", "v"))

    @staticmethod
    def load(folder: Path) -> "Product":
        return Product()

    def __call__(self, points: np.ndarray) -> np.ndarray:
        x, t = points.T
        return np.column_stack([x * t, x - t])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prediction, "Solution", Product)
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_values_stand_beside_their_points_to_the_last_digit(run: Path, tmp_path: Path) -> None:
    x, t = np.random.default_rng(0).normal(size=(2, 50))
    lines = [f"{a!r},{b!r},ignored" for a, b in zip(t.tolist(), x.tolist(), strict=True)]
    at = write(tmp_path, "t,x,note\n" + "\n".join(lines))
    target = predict_csv(run, at, tmp_path / "values.csv")
    with target.open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["x", "t", "u", "v"]
    np.testing.assert_array_equal(np.array(rows, dtype=float), np.column_stack([x, t, x * t, x - t]))


def test_values_go_into_the_run_folder_where_no_file_is_named(run: Path, tmp_path: Path) -> None:
    assert predict_csv(run, write(tmp_path, "x,t\n1,2\n"), None) == run / "values.csv"
    assert (run / "values.csv").read_text() == "x,t,u,v\n1.0,2.0,2.0,-1.0\n"


def test_the_points_are_never_overwritten(run: Path, tmp_path: Path) -> None:
    at = write(tmp_path, "x,t\n1,2\n")
    with pytest.raises(UserError, match="holds the points; name another file"):
        predict_csv(run, at, tmp_path / "run" / ".." / "points.csv")
    assert at.read_text() == "x,t\n1,2\n"


def test_a_place_that_cannot_be_written(run: Path, tmp_path: Path) -> None:
    at = write(tmp_path, "x,t\n1,2\n")
    with pytest.raises(UserError, match="cannot write"):
        predict_csv(run, at, at / "values.csv")
