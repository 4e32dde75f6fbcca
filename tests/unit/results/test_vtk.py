from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista

from pinnkit.errors import UserError
from pinnkit.results.fields import GridFields, at_points, on_grid, through_middle
from pinnkit.results.vtk import image, write_vtk

LENGTHS = {"x": 5, "y": 4, "z": 3, "w": 7, "t": 6}


def truth(points: np.ndarray) -> np.ndarray:
    return (points @ np.array([1.0, 10.0, 100.0, 1000.0])[: points.shape[1]])[:, None]


def a_grid(names: tuple[str, ...], time: str | None) -> GridFields:
    axes = [np.linspace(-1, 2, LENGTHS[name]) for name in names]
    return on_grid(lambda p: truth(p) + 0.5, ["u"], names, axes, time, truth)


def check(mesh: pyvista.DataSet, extra: tuple[float, ...] = ()) -> None:
    """Every point of the mesh carries the value that belongs to its place (behind which come fixed coordinates)."""
    used = [k for k in range(3) if np.ptp(mesh.points[:, k]) > 0]
    places = np.asarray(mesh.points, dtype=float)[:, used]
    rest = np.tile(extra, (len(places), 1))
    expected = truth(np.hstack([places, rest]))[:, 0]
    np.testing.assert_allclose(mesh.point_data["u_reference"], expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(mesh.point_data["u"], expected + 0.5, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(mesh.point_data["u_error"], 0.5, rtol=1e-9)


@pytest.mark.parametrize("names", [("x", "y"), ("x", "y", "z")], ids="".join)
def test_a_box_becomes_one_image(names: tuple[str, ...], tmp_path: Path) -> None:
    (path,) = write_vtk(tmp_path, a_grid(names, None))
    assert path == tmp_path / "solution.vti"
    mesh = pyvista.read(path)
    assert mesh.n_points == np.prod([LENGTHS[name] for name in names])
    assert list(mesh.field_data["coordinates"]) == list(names)
    check(mesh)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x", "t"])
def test_one_coordinate_becomes_a_line(name: str, tmp_path: Path) -> None:
    (path,) = write_vtk(tmp_path, a_grid((name,), name if name == "t" else None))
    mesh = pyvista.read(path)
    assert path.suffix == ".vtp"
    assert mesh.n_lines == 1
    np.testing.assert_array_equal(mesh.point_data[name], np.linspace(-1, 2, LENGTHS[name]))
    check(mesh)


@pytest.mark.parametrize("space", [("x",), ("x", "y"), ("x", "y", "z")], ids="".join)
def test_time_becomes_a_series_with_true_time_values(space: tuple[str, ...], tmp_path: Path) -> None:
    paths = write_vtk(tmp_path, a_grid((*space, "t"), "t"))
    assert paths[0] == tmp_path / "solution.pvd"
    reader = pyvista.get_reader(paths[0])
    times = np.linspace(-1, 2, LENGTHS["t"])
    np.testing.assert_array_equal(reader.time_values, times)
    for time in times:
        reader.set_active_time_value(time)
        mesh = reader.read()[0]
        assert mesh.field_data["TimeValue"][0] == time
        check(mesh, (time,))
    assert (tmp_path / "solution.vti").exists() == (len(space) == 1)


@pytest.mark.parametrize("names", [("x", "t"), ("t", "x")], ids="".join)
def test_one_space_coordinate_is_also_an_image_over_space_and_time(names: tuple[str, ...], tmp_path: Path) -> None:
    grid = a_grid(names, "t")
    write_vtk(tmp_path, grid)
    mesh = pyvista.read(tmp_path / "solution.vti")
    assert list(mesh.field_data["coordinates"]) == ["x", "t"]
    values = grid.predicted["u"] if names == ("x", "t") else grid.predicted["u"].T
    np.testing.assert_array_equal(mesh.point_data["u"].reshape(values.shape, order="F"), values)


def test_a_long_series_is_thinned(tmp_path: Path) -> None:
    axes = (np.linspace(0, 1, 3), np.linspace(0, 1, 201))
    write_vtk(tmp_path, on_grid(truth, ["u"], ["x", "t"], axes, "t"))
    frames = sorted((tmp_path / "solution").iterdir())
    assert len(frames) == 51
    assert frames[-1].name == "0050.vti"


def test_many_coordinates_become_points_that_carry_them_all(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((20, 5))
    fields = at_points(lambda p: p[:, 3:4], ["u"], list("abcde"), points, lambda p: p[:, 4:])
    (path,) = write_vtk(tmp_path, fields)
    mesh = pyvista.read(path)
    assert mesh.n_cells == 20
    np.testing.assert_array_equal(mesh.points, points[:, :3])
    for name, column in {"d": 3, "e": 4, "u": 3, "u_reference": 4}.items():
        np.testing.assert_array_equal(mesh.point_data[name], points[:, column])


def test_a_fourth_coordinate_is_held_at_its_middle_and_said(tmp_path: Path) -> None:
    (path,) = write_vtk(tmp_path, a_grid(("x", "y", "z", "w"), None))
    mesh = pyvista.read(path)
    assert list(mesh.field_data["fixed"]) == ["w = 0.5"]
    check(mesh, (0.5,))


def test_many_coordinates_also_become_an_image_through_the_middle(tmp_path: Path) -> None:
    def sums(points: np.ndarray) -> np.ndarray:
        return truth(points[:, :3]) + 7.0 * points[:, 3:4] - points[:, 4:]

    bounds = [(0.0, 1.0), (-1.0, 1.0), (2.0, 3.0), (0.0, 4.0), (1.0, 2.0)]
    middle = through_middle(sums, ["u"], list("abcde"), bounds, reference=sums)
    scattered = at_points(sums, ["u"], list("abcde"), np.random.default_rng(0).random((20, 5)))
    paths = write_vtk(tmp_path, replace(scattered, middle=middle))
    assert [path.name for path in paths] == ["solution.vtu", "solution_middle.vti"]
    mesh = pyvista.read(paths[1])
    assert list(mesh.field_data["fixed"]) == ["d = 2", "e = 1.5"]
    np.testing.assert_allclose(mesh.point_data["u"], truth(np.asarray(mesh.points))[:, 0] + 14.0 - 1.5, rtol=1e-6)
    np.testing.assert_array_equal(mesh.point_data["u_error"], 0.0)


def test_an_uneven_axis_is_refused_by_name() -> None:
    grid = on_grid(truth, ["u"], ["x", "y"], (np.array([0.0, 1.0, 3.0]), np.arange(3.0)))
    with pytest.raises(ValueError, match="`x`"):
        image(grid)


def test_a_folder_that_is_a_file_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write_vtk(tmp_path / "file", a_grid(("x", "y"), None))
