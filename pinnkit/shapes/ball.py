"""Discs and balls."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Oval, Sphere
from pinnkit.shapes.requirements import exact, require_lengths, require_points
from pinnkit.shapes.shape import Shape


@final
@dataclass(frozen=True)
class Ball(Shape):
    """The points within a radius of a centre: a disc in the plane, a ball in space.

    Args:
        center: of two or three coordinates.
        radius: above zero.
        label: the name of its boundary.

    Raises:
        UserError: another number of coordinates, or no radius.

    Example:
        >>> round(Ball([0, 0], 1).measure, 6)
        3.141593
    """

    center: Sequence[float]
    radius: float
    label: str = "ball"

    def __post_init__(self) -> None:
        require_points("ball", self.label, (2, 3), self.center)
        require_lengths("ball", self.label, radius=self.radius)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """The number of coordinates."""
        return len(self.center)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The centre less and plus the radius."""
        center = np.array(self.center, dtype=float)
        return center - self.radius, center + self.radius

    def inside(self, points: np.ndarray) -> np.ndarray:
        """|x - c| <= r."""
        squares = (points[:, 0] - self.center[0]) ** 2
        for d in range(1, self.dimension):
            squares += (points[:, d] - self.center[d]) ** 2
        return np.asarray(squares <= self.radius**2)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """r - |x - c|."""
        return np.asarray(self.radius - np.linalg.norm(points - np.array(self.center), axis=1))

    def factor(self, x: Sequence[Any]) -> Any:
        """(r^2 - |x - c|^2)/(2 r), of slope -1 on the boundary."""
        r = exact(self.radius)
        return (r**2 - sum((a - exact(c)) ** 2 for a, c in zip(x, self.center, strict=True))) / (2 * r)

    @property
    def rounded(self) -> bool:
        """It is."""
        return True

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The circle or the sphere."""
        center = np.array(self.center, dtype=float)
        if self.dimension == 3:
            return (Sphere(self.label, center, self.radius),)
        return (Oval(self.label, center, (self.radius, self.radius)),)
