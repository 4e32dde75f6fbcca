"""Errors of known size, and the grids on which errors are measured."""

import numpy as np
import pytest

from pinnkit.geometry import box_of
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.verification import grids, max_abs, relative_l2


def test_error_of_a_scaled_field_is_the_scale() -> None:
    truth = np.random.default_rng(0).normal(size=(100, 3))
    scales = np.array([1e-8, 1e-3, 2.0])
    assert np.allclose(relative_l2(truth * (1 + scales), truth), scales, rtol=1e-6)
    assert np.allclose(max_abs(truth * (1 + scales), truth), scales * np.abs(truth).max(axis=0), rtol=1e-6)


def test_error_against_a_field_of_zeros_is_the_root_mean_square() -> None:
    assert relative_l2(np.full((50, 1), 1e-3), np.zeros((50, 1)))[0] == pytest.approx(1e-3)


@pytest.mark.parametrize(("dimension", "count"), [(1, 1001), (2, 201**2), (3, 41**3), (4, 20_000), (6, 20_000)])
def test_grid_is_inside_and_means_are_integrals(dimension: int, count: int) -> None:
    coordinates = tuple(Coordinate(f"x{i}", -1.0 - i, 1.0) for i in range(dimension))
    problem = Problem("p", coordinates, ("u",), ())
    axes, points = grids.test_grid(problem)
    box = box_of(problem)
    assert points.shape == (count, dimension)
    assert np.all((points > box.lower) & (points < box.upper))
    expected = [(c.upper**3 - c.lower**3) / (3 * c.length) for c in coordinates]
    assert np.allclose(np.mean(points**2, axis=0), expected, rtol=1e-3)
    assert (axes is None) == (dimension > 3)
    if axes is not None:
        shape = [len(axis) for axis in axes]
        for i, axis in enumerate(axes):
            along = np.moveaxis(points[:, i].reshape(shape), i, -1)
            assert np.array_equal(along, np.broadcast_to(axis, along.shape))


def test_scattered_test_points_are_always_the_same() -> None:
    problem = Problem("p", tuple(Coordinate(c, 0.0, 1.0) for c in "abcd"), ("u",), ())
    assert np.array_equal(grids.test_grid(problem)[1], grids.test_grid(problem)[1])
