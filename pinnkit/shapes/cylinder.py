"""Straight cylinders."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Cap, Tube
from pinnkit.shapes.requirements import exact, require_lengths, require_points
from pinnkit.shapes.shape import Shape


@final
@dataclass(frozen=True)
class Cylinder(Shape):
    """A straight cylinder with flat caps in space.

    Args:
        base: the centre of the first cap.
        axis: from it to the centre of the second cap.
        radius: above zero.
        label: the name that its elements begin with: `label.side`, `label.base` and `label.top`.

    Raises:
        UserError: another number of coordinates, no axis, no radius.

    Example:
        >>> round(Cylinder([0, 0, 0], [0, 0, 2], 1).measure, 6)
        6.283185
    """

    base: Sequence[float]
    axis: Sequence[float]
    radius: float
    label: str = "cylinder"
    dimension = 3

    def __post_init__(self) -> None:
        require_points("cylinder", self.label, (3,), self.base, self.axis)
        require_lengths("cylinder", self.label, radius=self.radius, axis=float(np.linalg.norm(self.axis)))

    @cached_property
    def _frame(self) -> np.ndarray:
        """Origin, axis, and two unit vectors across it."""
        axis = np.array(self.axis, dtype=float)
        one = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
        one /= np.linalg.norm(one)
        other = np.cross(axis / np.linalg.norm(axis), one)
        return np.stack([np.array(self.base, dtype=float), axis, one, other])

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Of both caps, each of which reaches r sqrt(1 - e^2) along a coordinate with the share e of the axis."""
        origin, axis = self._frame[:2]
        reach = self.radius * np.sqrt(np.maximum(0.0, 1.0 - (axis / np.linalg.norm(axis)) ** 2))
        return np.minimum(origin, origin + axis) - reach, np.maximum(origin, origin + axis) + reach

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Between the caps and within the radius."""
        along, across = self._along_and_across(points)
        return np.asarray((along >= 0) & (along <= np.linalg.norm(self.axis)) & (across <= self.radius))

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the side or a cap inside, to the nearest point of the cylinder outside."""
        along, across = self._along_and_across(points)
        past = np.maximum(-along, along - np.linalg.norm(self.axis))
        beyond = across - self.radius
        outside = np.hypot(np.maximum(past, 0.0), np.maximum(beyond, 0.0))
        return np.where((past <= 0) & (beyond <= 0), -np.maximum(past, beyond), -outside)

    def factor(self, x: Sequence[Any]) -> Any:
        """(r^2 - q^2)/(2 r) times 4 s (h - s)/h^2, with s along the axis, of length h, and q away from it."""
        away = [s - exact(c) for s, c in zip(x, self.base, strict=True)]
        height, r = float(np.linalg.norm(self.axis)), exact(self.radius)
        along = sum(s * exact(c / height) for s, c in zip(away, self.axis, strict=True))
        across = sum(s**2 for s in away) - along**2
        return (r**2 - across) / (2 * r) * 4 * along * (exact(height) - along) / exact(height) ** 2

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The side and both caps."""
        origin, axis, *across = self._frame
        unit, flat = axis / np.linalg.norm(axis), np.stack(across)
        return (
            Tube(f"{self.label}.side", self._frame, self.radius),
            Cap(f"{self.label}.base", origin, flat, self.radius, -unit),
            Cap(f"{self.label}.top", origin + axis, flat, self.radius, unit),
        )

    def _along_and_across(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        origin, axis = self._frame[:2]
        away = points - origin
        along = away @ axis / np.linalg.norm(axis)
        return along, np.linalg.norm(away @ self._frame[2:].T, axis=1)
