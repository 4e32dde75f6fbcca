"""Fields in a domain that is a shape.

Satisfied: on the grid of its box they are NaN outside and the fields inside; the curves bound it; the mesh has the
shape's measure, its points are in it, its corners among them; files are read back by VTK, over time as a collection;
measured errors see the shape alone.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista

from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.fields import GridFields, on_grid
from pinnkit.results.figures.gallery import draw_fields
from pinnkit.results.shaped import edges_of, meshed_fields, only_in
from pinnkit.results.vtk import write_vtk
from pinnkit.shapes import Ball, Boolean, Box, Cylinder, Shape, meshed
from pinnkit.verification import test_grid as grid_of  # not a test

SHAPES = {
    "square": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
    "hole": {"name": "ball", "center": [0.2, 0], "radius": 0.5},
}


def problem(time: bool) -> Problem:
    keys: dict[str, Any] = {"coordinates": {"x": [-1, 1], "y": [-1, 1]}, "equations": ["laplace(u) = 0"]}
    if time:
        keys = {
            "coordinates": {"x": [-1, 1], "y": [-1, 1], "t": [0, 2]},
            "time": "t",
            "equations": ["u_t = laplace(u)"],
        }
    return define(name="p", fields=["u"], shapes=SHAPES, domain="square - hole", **keys)


def in_shape(given: Problem) -> GridFields:
    axes = [np.linspace(c.lower, c.upper, 41) for c in given.coordinates]
    own = only_in(given, field)
    grid = on_grid(own, given.fields, given.scope.coordinates, axes, given.time, own)
    return replace(grid, edges=edges_of(given))


def field(points: np.ndarray) -> np.ndarray:
    return np.sum(points**2, axis=1, keepdims=True)


@pytest.mark.parametrize("time", [False, True])
def test_outside_there_is_nothing(time: bool) -> None:
    given = problem(time)
    grid = in_shape(given)
    places = np.stack([a.ravel() for a in np.meshgrid(*grid.axes, indexing="ij")], axis=1)
    values = grid.predicted["u"].ravel()
    assert given.body is not None
    inside = given.body.shape.inside(places[:, :2])
    assert np.array_equal(np.isfinite(values), inside)
    np.testing.assert_allclose(values[inside], field(places[inside])[:, 0])
    assert len(grid.edges) >= 5
    for curve in grid.edges:
        np.testing.assert_allclose(given.body.shape.depth(curve), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "accuracy"),
    [
        (Box([0], [2]), 1e-12),
        (Box([0, 0], [2, 1]), 1e-12),
        (Boolean("difference", Box([0, 0], [2, 2]), Box([1, 1], [2, 2])), 1e-9),
        (Boolean("difference", Box([-1, -1], [1, 1]), Ball([0.2, 0], 0.5)), 2e-3),
        (Ball([0, 0, 0], 1.0), 0.05),
        (Cylinder([0, 0, 0], [0, 0, 1], 0.5), 0.05),
    ],
)
def test_a_mesh_fills_the_shape(shape: Shape, accuracy: float) -> None:
    spacing = float(np.max(shape.bounds[1] - shape.bounds[0])) / {1: 50, 2: 60, 3: 16}[shape.dimension]
    mesh = meshed(shape, spacing)
    assert mesh.measure == pytest.approx(shape.measure, rel=accuracy)
    assert np.all(shape.depth(mesh.points) > -1e-9)
    edges = np.linalg.norm(mesh.points[mesh.cells[:, 0]] - mesh.points[mesh.cells[:, 1]], axis=1)
    assert np.max(edges) < 4 * spacing


def test_corners_are_points_of_the_mesh() -> None:
    mesh = meshed(Boolean("difference", Box([0, 0], [2, 2]), Box([1, 1], [2, 2])), 0.1)
    for corner in [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]:
        assert np.min(np.linalg.norm(mesh.points - corner, axis=1)) < 1e-6


def test_files_are_read_back(tmp_path: Path) -> None:
    (path,) = write_vtk(tmp_path, meshed_fields(field, ("u",), problem(False), field))
    found = pyvista.read(path)
    np.testing.assert_allclose(found["u"], np.sum(np.asarray(found.points) ** 2, axis=1), rtol=1e-6)
    assert {"u", "u_reference", "u_error"} <= set(found.point_data.keys())
    assert found.compute_cell_sizes()["Area"].sum() == pytest.approx(4 - np.pi / 4, rel=2e-3)
    collection, *frames = write_vtk(tmp_path, meshed_fields(field, ("u",), problem(True), None), "moving")
    reader = pyvista.get_reader(collection)
    assert reader.time_values[0] == 0
    assert reader.time_values[-1] == 2
    assert len(frames) == len(reader.time_values)
    reader.set_active_time_value(2.0)
    last = reader.read()[0]
    np.testing.assert_allclose(last["u"], 4 + np.sum(np.asarray(last.points) ** 2, axis=1), rtol=1e-6)


@pytest.mark.parametrize("time", [False, True])
def test_pictures_are_drawn(time: bool, tmp_path: Path) -> None:
    pictures = draw_fields(tmp_path, in_shape(problem(time)))
    assert all(p.path.stat().st_size > 10_000 for p in pictures)


def test_errors_are_measured_in_the_shape() -> None:
    given = problem(False)
    axes, points = grid_of(given)
    assert axes is None
    assert given.body is not None
    assert given.body.shape.inside(points).all()
    assert len(points) == pytest.approx(201**2 * given.body.shape.measure / 4, rel=0.01)
