"""How fast a function varies: manufactured waves are counted, whatever their size and place."""

import numpy as np
import pytest

from pinnkit.geometry.box import Box
from pinnkit.points.spectrum import waves_along

LINE = Box(("x",), np.array([-1.0]), np.array([3.0]))
PLANE = Box(("x", "t"), np.array([0.0, 2.0]), np.array([1.0, 5.0]))


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("waves", [1, 7, 100, 250])
def test_waves_around_a_circle_are_counted_exactly(waves: int) -> None:
    found = waves_along(lambda x: np.cos(2 * np.pi * waves * (x + 1) / 4 + 0.3), LINE, frozenset("x"), generator())
    assert found == {"x": pytest.approx(waves, rel=1e-9)}


@pytest.mark.parametrize("waves", [3.0, 7.3, 40.6])
@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5])
def test_waves_that_do_not_close_are_counted_too(waves: float, phase: float) -> None:
    found = waves_along(lambda x: np.sin(2 * np.pi * waves * (x + 1) / 4 + phase), LINE, frozenset(), generator())
    assert found["x"] == pytest.approx(waves, abs=0.1)


def test_every_coordinate_has_its_own() -> None:
    def function(points: np.ndarray) -> np.ndarray:
        x, t = points.T
        return np.sin(2 * np.pi * 5 * x) * np.sin(2 * np.pi * 11 * (t - 2) / 3)

    found = waves_along(function, PLANE, frozenset("x"), generator())
    assert found["x"] == pytest.approx(5, rel=1e-9)
    assert found["t"] == pytest.approx(11, abs=0.1)


def test_half_of_the_power_lies_below() -> None:
    """Two waves of the powers 1 and 1/4: half of the whole, 5/8, lies below the point at 5/8 of the stronger one."""

    def function(points: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * 6 * points) + 0.5 * np.cos(2 * np.pi * 60 * points)

    unit = Box(("x",), np.array([0.0]), np.array([1.0]))
    assert waves_along(function, unit, frozenset("x"), generator())["x"] == pytest.approx(5.5 + 5 / 8, rel=1e-9)


@pytest.mark.parametrize("size", [1e-200, 1e-12, 1e150])
def test_the_size_does_not_matter(size: float) -> None:
    def function(points: np.ndarray) -> np.ndarray:
        return np.column_stack([np.sin(9 * points[:, 0] * points[:, 1]), points[:, 0] ** 2])

    scaled = waves_along(lambda x: size * function(x), PLANE, frozenset(), generator())
    assert scaled == pytest.approx(waves_along(function, PLANE, frozenset(), generator()), rel=1e-9)


def test_what_does_not_vary_has_no_waves() -> None:
    assert waves_along(lambda x: np.zeros(len(x)), PLANE, frozenset("x"), generator()) == {"x": 0.0, "t": 0.0}
    assert waves_along(lambda x: 3 + 0 * x, LINE, frozenset("x"), generator()) == {"x": 0.0}
