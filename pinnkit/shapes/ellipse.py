"""Ellipses."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Oval
from pinnkit.shapes.requirements import exact, require_lengths, require_points
from pinnkit.shapes.shape import Shape


@final
@dataclass(frozen=True)
class Ellipse(Shape):
    """The points with x^2/a^2 + y^2/b^2 <= 1 in axes that are turned by an angle around the centre.

    Args:
        center: of two coordinates.
        semi_axes: a and b.
        angle: from the first coordinate to the axis of a, in degrees.
        label: the name of its boundary.

    Raises:
        UserError: another number of coordinates, or an axis without length.

    Example:
        >>> round(Ellipse([0, 0], (2, 1)).measure, 6)
        6.283185
    """

    center: Sequence[float]
    semi_axes: tuple[float, float]
    angle: float = 0.0
    label: str = "ellipse"
    dimension = 2

    def __post_init__(self) -> None:
        require_points("ellipse", self.label, (2,), self.center, self.semi_axes)
        require_lengths("ellipse", self.label, semi_axes=min(self.semi_axes))

    @cached_property
    def _oval(self) -> Oval:
        a, b = map(float, self.semi_axes)
        return Oval(self.label, np.array(self.center, dtype=float), (a, b), np.deg2rad(self.angle))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The extent along each coordinate is the root of (a cos)^2 + (b sin)^2, and of (a sin)^2 + (b cos)^2."""
        reach = np.sqrt(np.square(self._oval.turn.T) @ np.square(self.semi_axes))
        return self._oval.center - reach, self._oval.center + reach

    def inside(self, points: np.ndarray) -> np.ndarray:
        """By the equation."""
        return np.asarray(np.sum((self._oval.own(points) / self.semi_axes) ** 2, axis=1) <= 1.0)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest point of the ellipse, by bisection on Lagrange's multiplier (D. Eberly, 2013)."""
        own = np.abs(self._oval.own(points))
        distance = _to_ellipse(own, self.semi_axes)
        return np.where(self.inside(points), distance, -distance)

    def factor(self, x: Sequence[Any]) -> Any:
        """min(a, b)/2 times 1 - X^2/a^2 - Y^2/b^2 in the ellipse's own axes."""
        (cosine, sine), _ = self._oval.turn.tolist()
        across, up = (s - exact(c) for s, c in zip(x, self.center, strict=True))
        a, b = map(exact, self.semi_axes)
        one, other = cosine * across + sine * up, cosine * up - sine * across
        return min(a, b) / 2 * (1 - (one / a) ** 2 - (other / b) ** 2)

    @property
    def rounded(self) -> bool:
        """It is."""
        return True

    @property
    def elements(self) -> tuple[Element, ...]:
        """The ellipse."""
        return (self._oval,)


def _to_ellipse(points: np.ndarray, semi_axes: Sequence[float]) -> np.ndarray:
    """The distance (n,) of points (n, 2) of the first quadrant to an ellipse around the origin.

    The nearest point is (a^2 x/(t + a^2), b^2 y/(t + b^2)) with the t above -min(a, b)^2 at which it is on the ellipse.
    """
    squares = np.square(np.asarray(semi_axes, dtype=float))
    scaled = points * semi_axes
    low = np.max(scaled - squares, axis=1)
    high = np.linalg.norm(scaled, axis=1) - squares.min()
    high = np.maximum(high, low)
    for _ in range(100):
        t = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = np.sum(np.nan_to_num((scaled / (t[:, None] + squares)) ** 2, nan=0.0), axis=1) > 1.0
        low, high = np.where(above, t, low), np.where(above, high, t)
    shift = 0.5 * (low + high)[:, None] + squares
    tiny = np.abs(shift) <= 1e-14 * squares
    nearest = np.where(tiny, 0.0, squares * points / np.where(tiny, 1.0, shift))
    # On an axis inside the evolute the other coordinate is free: it is what the ellipse asks for.
    rest = np.clip(1.0 - np.sum(np.where(tiny, 0.0, nearest**2 / squares), axis=1, keepdims=True), 0.0, None)
    nearest = np.where(tiny, np.sqrt(rest * squares), nearest)
    return np.asarray(np.linalg.norm(points - nearest, axis=1))
