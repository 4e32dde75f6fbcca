from pathlib import Path

import numpy as np
import pytest

from pinnkit.results.fields import GridFields, at_points, on_grid, regular_axes, thinned, write_fields


def waves(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.stack([np.sin(x) + 10 * t, x * t], axis=1)


def shifted(points: np.ndarray) -> np.ndarray:
    return waves(points) + np.array([1e-3, -2e-3])


def a_grid(chunk: int = 65536) -> GridFields:
    axes = (np.linspace(-1, 1, 5), np.linspace(0, 2, 7))
    return on_grid(shifted, ["u", "v"], ["x", "t"], axes, "t", waves, chunk)


@pytest.mark.parametrize("chunk", [1, 4, 35, 1000])
def test_values_stand_where_their_coordinates_are_whatever_the_chunk(chunk: int) -> None:
    grid = a_grid(chunk)
    for i, x in enumerate(grid.axis("x")):
        for k, t in enumerate(grid.axis("t")):
            assert grid.predicted["u"][i, k] == pytest.approx(np.sin(x) + 10 * t + 1e-3, abs=1e-14)
            assert grid.reference["v"][i, k] == pytest.approx(x * t, abs=1e-14)


def test_no_call_gets_more_points_than_a_chunk() -> None:
    sizes: list[int] = []

    def counted(points: np.ndarray) -> np.ndarray:
        sizes.append(len(points))
        return points[:, 0]

    on_grid(counted, ["u"], ["x", "y"], (np.arange(5.0), np.arange(5.0)), chunk=8)
    assert sizes == [8, 8, 8, 1]


def test_arrays_hold_the_signed_error_and_never_replace_a_declared_field() -> None:
    arrays = a_grid().arrays()
    assert sorted(arrays) == ["u", "u_error", "u_reference", "v", "v_error", "v_reference"]
    np.testing.assert_allclose(arrays["u_error"], 1e-3, rtol=1e-9)
    np.testing.assert_allclose(arrays["v_error"], -2e-3, rtol=1e-9)
    one = np.ones(3)
    clash = GridFields(("x",), (np.arange(3.0),), {"u": one, "u_error": 7 * one}, {"u": one})
    np.testing.assert_array_equal(clash.arrays()["u_error"], 7 * one)


def test_a_cut_fixes_one_coordinate_and_keeps_the_others() -> None:
    grid = a_grid()
    frame = grid.cut("t", 6)
    assert (frame.names, frame.time) == (("x",), None)
    np.testing.assert_array_equal(frame.predicted["u"], grid.predicted["u"][:, 6])
    assert grid.cut("x", 0).time == "t"


@pytest.mark.parametrize(
    ("points", "most", "left"), [(201, 51, 51), (201, 60, 51), (7, 51, 7), (65, 51, 33), (8, 4, 2)]
)
def test_thinning_keeps_both_ends_and_even_spacing(points: int, most: int, left: int) -> None:
    axes = (np.linspace(0, 1, points), np.arange(3.0))
    grid = on_grid(lambda p: p[:, :1], ["u"], ["t", "x"], axes, "t", lambda p: p[:, :1])
    thin = thinned(grid, "t", most)
    times = thin.axis("t")
    assert len(times) == left
    assert (times[0], times[-1]) == (0, 1)
    np.testing.assert_allclose(np.diff(times), np.diff(times)[0])
    np.testing.assert_array_equal(thin.predicted["u"][:, 1], times)
    np.testing.assert_array_equal(thin.reference["u"][:, 1], times)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_regular_axes_span_the_domain_and_fit_into_memory(dimension: int) -> None:
    axes = regular_axes([(-1.0, 3.0)] * dimension)
    assert all((axis[0], axis[-1]) == (-1, 3) for axis in axes)
    assert 1000 <= np.prod([len(axis) for axis in axes]) < 1.5e6


def test_five_coordinates_are_too_many_for_a_grid() -> None:
    with pytest.raises(ValueError, match="scattered"):
        regular_axes([(0.0, 1.0)] * 5)


def test_the_archive_reads_back_equal(tmp_path: Path) -> None:
    grid = a_grid()
    write_fields(tmp_path / "fields.npz", grid)
    with np.load(tmp_path / "fields.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == sorted([*grid.arrays(), "x", "t"])
        for name, values in {**grid.arrays(), "x": grid.axis("x"), "t": grid.axis("t")}.items():
            np.testing.assert_array_equal(archive[name], values)


def test_the_archive_takes_names_that_numpy_uses_itself(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((9, 5))
    fields = at_points(lambda p: p[:, :2], ["file", "allow_pickle"], list("abcde"), points, chunk=4)
    write_fields(tmp_path / "fields.npz", fields)
    with np.load(tmp_path / "fields.npz") as archive:
        np.testing.assert_array_equal(archive["file"], points[:, 0])
        np.testing.assert_array_equal(archive["allow_pickle"], points[:, 1])
        np.testing.assert_array_equal(archive["e"], points[:, 4])
