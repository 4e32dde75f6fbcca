"""Theorems: the nearest of many facets is the nearest of all; distances to a cube are those of its formula."""

import subprocess
import sys

import numpy as np
import pytest

from pinnkit.shapes.surface import Surface, in_space

CORNERS = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
SIDES = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
CUBE = np.array([triangle for a, b, c, d in SIDES for triangle in ((a, b, c), (a, c, d))])


def cube_distance(points: np.ndarray) -> np.ndarray:
    beyond = np.abs(points - 0.5) - 0.5
    outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=1)
    return np.asarray(outside + np.minimum(beyond.max(axis=1), 0.0))


def test_distances_to_a_cube() -> None:
    points = np.random.default_rng(0).uniform(-1.0, 2.0, (2000, 3))
    surface = Surface(CORNERS, CUBE)
    signed, (_, gaps) = surface.signed_distance(points), surface.nearest(points)
    np.testing.assert_allclose(signed, cube_distance(points), atol=1e-12)
    np.testing.assert_allclose(gaps, np.abs(signed), atol=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_nearest_segment_is_the_nearest_of_all(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    corners = rng.uniform(size=(60, dimension))
    segments, points = np.arange(60).reshape(-1, 2), rng.uniform(-0.5, 1.5, (300, dimension))
    a, along = corners[segments[:, 0]], corners[segments[:, 1]] - corners[segments[:, 0]]
    share = np.einsum("nmd,md->nm", points[:, None] - a, along) / np.sum(along**2, axis=1)
    foot = a + np.clip(share, 0.0, 1.0)[..., None] * along
    apart = np.linalg.norm(points[:, None] - foot, axis=2)
    facets, gaps = Surface(corners, segments).nearest(points)
    np.testing.assert_allclose(gaps, apart.min(axis=1), atol=1e-12)
    np.testing.assert_allclose(apart[np.arange(300), facets], gaps, atol=1e-12)


def test_no_points_have_no_distances() -> None:
    surface = Surface(CORNERS, CUBE)
    assert surface.signed_distance(np.empty((0, 3))).shape == (0,)
    assert [found.shape for found in surface.nearest(np.empty((0, 3)))] == [(0,), (0,)]


def test_the_plane_lies_at_height_zero() -> None:
    np.testing.assert_array_equal(in_space(np.array([[1, 2]])), [[1.0, 2.0, 0.0]])


def test_what_draws_is_not_loaded() -> None:
    code = (
        "import sys, numpy\nfrom pinnkit.shapes.surface import Surface\n"
        "Surface(numpy.eye(3), numpy.arange(3)[None]).nearest(numpy.zeros((1, 3)))\nprint('pyvista' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
