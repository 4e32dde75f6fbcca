"""The axes of a domain: what a map from coordinates to features, and points, need to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.problem.maps import Axis
from pinnkit.problem.problem import Coordinate, Problem


@final
@dataclass(frozen=True)
class Axes:
    """One axis a coordinate, in declared order, and which of them is time.

    Example:
        >>> Axes((Axis("x", -1.0, 1.0), Axis("t", 0.0, 2.0)), time="t").names
        ('x', 't')
    """

    axes: tuple[Axis, ...]
    time: str | None = None

    @staticmethod
    def of(problem: Problem) -> "Axes":
        """The axes of a problem's coordinates."""
        return Axes.along(problem.coordinates, problem.time)

    @staticmethod
    def along(coordinates: Sequence[Coordinate], time: str | None) -> "Axes":
        """The axes of some coordinates, such as those of a part of a domain."""
        return Axes(tuple(c.axis for c in coordinates), time)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the coordinates."""
        return tuple(axis.name for axis in self.axes)

    @property
    def periodic(self) -> frozenset[str]:
        """The coordinates whose ends are joined."""
        return frozenset(axis.name for axis in self.axes if axis.periodic)

    def __getitem__(self, name: str) -> Axis:
        """The axis of one coordinate."""
        return self.axes[self.names.index(name)]

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points (n, d) at points of the unit cube (n, d)."""
        columns = np.asarray(unit, dtype=np.float64).T
        return np.stack([a.from_unit(u) for a, u in zip(self.axes, columns, strict=True)], axis=1)
