"""The picture of weights: when it is drawn, that curves are where the numbers are, and gaps where there are none."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from pinnkit.results.figures.gallery import draw_history
from pinnkit.results.figures.style import COLOURS, DPI
from pinnkit.results.figures.weights import draw_weights


def weighed(weights: dict[str, list[float | None]], every: int = 5, windows: int = 0) -> list[dict[str, object]]:
    """Records with weights every so many steps, whose number is that of the values."""
    records: list[dict[str, object]] = []
    count = every * len(next(iter(weights.values())))
    for k in range(count):
        record: dict[str, object] = {"step": k + 1, "phase": "adam", "loss": 0.5, "losses": {"a": 1.0}}
        if windows:
            record["window"] = k * windows // count + 1
        if k % every == 0:
            record["weights"] = {name: values[k // every] for name, values in weights.items()}
        records.append(record)
    return records


def of_groups(count: int, groups: str) -> dict[str, list[float | None]]:
    return {g: [10.0 ** (2 * i + k / count) for k in range(count)] for i, g in enumerate(groups)}


def of_rows(count: int) -> dict[str, list[float | None]]:
    return {
        "least": [0.1 / (k + 1) for k in range(count)],
        "mean": [1.0] * count,
        "most": [2.0 + k for k in range(count)],
    }


def heights(path: Path, colour: str) -> np.ndarray:
    """The rows of the left half of a picture, counted from its top, in which some pixel has a colour."""
    pixels = np.rint(imread(path)[:, : int(4.3 * DPI), :3] * 255)
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return np.nonzero((np.abs(pixels - wanted).max(axis=2) < 8).any(axis=1))[0]


def test_the_weight_that_is_larger_is_higher_and_decades_are_as_high_as_each_other(tmp_path: Path) -> None:
    picture = draw_weights(
        tmp_path / "w.png", weighed({name: [v] * 9 for name, v in zip("abc", (1e-3, 1.0, 1e3), strict=True)})
    )
    assert "weight of every group's loss" in picture.caption
    low, middle, high = (float(np.mean(heights(picture.path, colour))) for colour in COLOURS[:3])
    assert low > middle + 50 > high + 100
    assert (low - middle) == pytest.approx(middle - high, abs=2)


def test_the_mean_of_rows_stands_between_the_least_and_the_largest(tmp_path: Path) -> None:
    picture = draw_weights(
        tmp_path / "w.png",
        weighed({name: [v] * 9 for name, v in zip(("least", "mean", "most"), (1e-2, 1.0, 1e2), strict=True)}),
    )
    assert "rows' weights" in picture.caption
    found = heights(picture.path, COLOURS[0])
    lines = [part.mean() for part in np.split(found, np.nonzero(np.diff(found) > 5)[0] + 1)]
    assert len(lines) == 3
    assert lines[1] - lines[0] == pytest.approx(lines[2] - lines[1], abs=2)


@pytest.mark.parametrize("windows", [0, 3])
@pytest.mark.parametrize("count", [1, 40])
def test_weights_of_any_kind_are_drawn(count: int, windows: int, tmp_path: Path) -> None:
    for name, weights in (
        ("few", of_groups(count, "ab")),
        ("many", of_groups(count, "abcdefghij")),
        ("rows", of_rows(count)),
    ):
        for every in (1, 5):
            picture = draw_weights(tmp_path / f"{name}.png", weighed(weights, every, windows))
            height, width = imread(picture.path).shape[:2]
            assert (round(width / DPI, 1), round(height / DPI, 1)) == (8.6, 4.2)


def test_what_a_logarithm_cannot_show_is_a_gap(tmp_path: Path) -> None:
    odd = [1.0, 0.0, None, float("nan"), float("inf"), 2.0]
    draw_weights(tmp_path / "w.png", weighed({"a": odd, "b": [0.0] * 6}))
    draw_weights(tmp_path / "w.png", weighed({"a": [0.0] * 6, "b": [None] * 6}))
    draw_weights(tmp_path / "w.png", weighed({"least": [0.0] * 6, "mean": [1.0] * 6, "most": odd}))


def test_weights_are_among_the_pictures_where_a_history_has_them(tmp_path: Path) -> None:
    names = [picture.path.name for picture in draw_history(tmp_path, weighed(of_groups(3, "ab")))]
    assert names == ["losses.png", "weights.png"]
    bare = [{key: value for key, value in record.items() if key != "weights"} for record in weighed(of_rows(3))]
    assert [picture.path.name for picture in draw_history(tmp_path, bare)] == ["losses.png"]
    with pytest.raises(ValueError, match="has none to draw"):
        draw_weights(tmp_path / "none.png", bare)
