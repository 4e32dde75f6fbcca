"""Windows as numbers: they tile the time, or are refused with what is wrong."""

from itertools import pairwise

import pytest

from pinnkit.errors import UserError
from pinnkit.windows import Windows


def test_equal_windows_tile_the_time() -> None:
    edges = Windows(count=5).over(-1.0, 1.0)
    assert edges == pytest.approx([-1, -0.6, -0.2, 0.2, 0.6, 1])
    assert (edges[0], edges[-1]) == (-1.0, 1.0)


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.3, 4.0])
def test_lengths_of_clustered_windows_are_a_geometric_series(ratio: float) -> None:
    edges = Windows(count=6, ratio=ratio).over(2.0, 5.0)
    lengths = [high - low for low, high in pairwise(edges)]
    assert (edges[0], edges[-1]) == (2.0, 5.0)
    assert [b / a for a, b in pairwise(lengths)] == pytest.approx([ratio] * 5)


def test_given_edges_begin_and_end_where_time_does_to_the_last_digit() -> None:
    third = 1.0 / 3.0
    assert Windows(edges=(0.0, third, 0.3 + 0.7 - 1e-12)).over(0.0, 1.0) == (0.0, third, 1.0)


@pytest.mark.parametrize(
    "edges", [(0.0, 0.5), (0.1, 1.0), (0.0, 0.5, 1.1), (-0.2, 0.5, 1.0)], ids=["short", "late", "long", "early"]
)
def test_edges_that_do_not_tile_the_time_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=r"and time goes from 0 to 1; the windows must tile it"):
        Windows(edges=edges).over(0.0, 1.0)


@pytest.mark.parametrize("ratio", [1e-200, 1e200, 0.01, 100.0])
def test_windows_without_length_are_refused(ratio: float) -> None:
    with pytest.raises(UserError, match="leave some without length"):
        Windows(count=30, ratio=ratio).over(0.0, 1.0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 0}, "`count` of `windows` is 0; it needs at least 1"),
        ({"ratio": 0.0}, "`ratio` of `windows` is 0; it needs a finite number above 0"),
        ({"ratio": float("inf")}, "`ratio` of `windows` is inf"),
        ({"blend": -0.1}, "`blend` of `windows` is -0.1"),
        ({"edges": (0.0,)}, "fewer than 2"),
        ({"edges": (0.0, 0.5, 0.4, 1.0)}, "must rise; 0.4 follows 0.5"),
        ({"edges": (0.0, 0.5, 0.5, 1.0)}, "must rise; 0.5 follows 0.5"),
        ({"edges": (0.0, float("nan"), 1.0)}, "must rise"),
        ({"edges": (0.0, 1.0), "ratio": 0.5}, "have both `edges` and `ratio`"),
        ({"length": 0.5, "ratio": 0.5}, "have both `length` and `ratio`"),
        ({"length": 0.5, "edges": (0.0, 1.0)}, "have both `edges` and `length`"),
        ({"length": 0.0}, "`length` of `windows` is 0; it needs a finite number above 0"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Windows(**options)  # type: ignore[arg-type]


def test_a_length_gives_the_count() -> None:
    assert Windows(length=0.1).over(0.0, 1.0) == Windows(count=10).over(0.0, 1.0)
    assert Windows(length=0.3).over(0.0, 1.0) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Windows(length=9.0).over(0.0, 1.0) == (0.0, 1.0)
