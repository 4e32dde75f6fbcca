"""Where errors are measured in many dimensions.

Satisfied: in up to three dimensions, for a family and for an answer that is zero the points are those of `test_grid`;
else half of them are. Means over the density are integrals, that of a narrow bell in ten dimensions within two percent
of its closed form, wherever the bell is; points are inside and always the same; scaling the answer changes nothing.
"""

import numpy as np
import pytest
from scipy.special import erf

from pinnkit.geometry import box_of
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.verification import Field, measured_at, relative_l2
from pinnkit.verification import test_grid as grid_of  # not a test


def cube(dimension: int) -> Problem:
    return Problem("p", tuple(Coordinate(f"x{i}", -1.0, 1.0) for i in range(dimension)), ("u",), ())


def bell(middle: float) -> Field:
    def values(points: np.ndarray) -> np.ndarray:
        return np.exp(-10 * np.sum((points - middle) ** 2, axis=1, keepdims=True))

    return values


@pytest.mark.parametrize("middle", [0.0, 0.4, -0.9])
def test_the_integral_of_a_narrow_bell(middle: float) -> None:
    values = bell(middle)
    points = measured_at(cube(10), values)
    assert np.all(box_of(cube(10)).inside(points.coordinates))
    found = np.mean(values(points.coordinates)[:, 0] ** 2 / points.density)
    root = np.sqrt(20.0)
    side = np.sqrt(np.pi) / (4 * root) * (erf(root * (1 - middle)) + erf(root * (1 + middle)))
    assert found == pytest.approx(side**10, rel=0.02)


def test_even_fields_keep_their_integrals() -> None:
    problem = cube(4)

    def values(points: np.ndarray) -> np.ndarray:
        return np.cos(points).prod(axis=1, keepdims=True)

    points = measured_at(problem, values)
    assert np.mean(1 / points.density) == pytest.approx(1.0, rel=0.01)
    assert np.mean(values(points.coordinates)[:, 0] / points.density) == pytest.approx(np.sin(1.0) ** 4, rel=0.01)


def test_scale_does_not_matter_and_points_are_always_the_same() -> None:
    values = bell(0.2)
    first, second = measured_at(cube(5), values), measured_at(cube(5), lambda x: 1e-200 * values(x))
    np.testing.assert_allclose(first.coordinates, second.coordinates, atol=1e-12)
    assert np.array_equal(first.coordinates, measured_at(cube(5), values).coordinates)


@pytest.mark.parametrize("dimension", [2, 3])
def test_grids_stay(dimension: int) -> None:
    points = measured_at(cube(dimension), bell(0.0))
    assert np.array_equal(points.coordinates, grid_of(cube(dimension))[1])
    assert np.all(points.density == 1)


def test_an_answer_of_zeros_has_even_points() -> None:
    points = measured_at(cube(6), lambda x: np.zeros((len(x), 1)))
    assert np.array_equal(points.coordinates, grid_of(cube(6))[1])
    assert np.all(points.density == 1)


def test_a_field_without_the_bell_is_wholly_wrong() -> None:
    """Of even points hardly any lies on the bell; a field that is wrong there alone has the error of that region."""
    values = bell(0.0)
    points = measured_at(cube(10), values)
    truth = values(points.coordinates)
    half = np.where(truth > 0.5, 0.0, truth)
    share = relative_l2(half, truth, points.density)[0]
    # |u|^2 has chi-squared of 10 degrees in 40 r^2: r^2 < log(2)/10 is 40 r^2 < 4 log 2.
    from scipy.stats import chi2

    assert share == pytest.approx(np.sqrt(chi2.cdf(4 * np.log(2), 10)), rel=0.1)
