"""Some elements of a boundary as one piece, whose points are spread evenly over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.shapes.element import Element


@final
@dataclass(frozen=True, eq=False)
class Outline:
    """Elements one after the other, each with its share of the measure.

    The first coordinate of the unit cube runs through the elements by their measures and then along each of them, so
    that even points of the cube are even on the whole: no element gets more than its share, however they were made.

    Args:
        elements: of one dimension.
    """

    elements: Sequence[Element]

    @property
    def dimension_of_unit(self) -> int:
        """That of the elements; 1 for several ends of intervals, among which one coordinate chooses."""
        own = self.elements[0].dimension_of_unit
        return own if own or len(self.elements) == 1 else 1

    @property
    def measure(self) -> float:
        """Of all elements."""
        return sum(element.measure for element in self.elements)

    @property
    def share(self) -> float:
        """How much of the unit cube is kept."""
        whole = all(element.share == 1.0 for element in self.elements)
        return 1.0 if whole else self.measure / float(self._wholes[-1])

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points (n, d) that belong to points (n, dimension_of_unit) of the unit cube."""
        which, own = self._placed(unit)
        dimension = self.elements[0].from_unit(np.full((1, self.elements[0].dimension_of_unit), 0.5)).shape[1]
        points = np.empty((len(unit), dimension))
        for number, element in enumerate(self.elements):
            mine = which == number
            if mine.any():
                points[mine] = element.from_unit(own[mine])
        return points

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which points of the unit cube belong to the piece: all of them, but for trimmed surfaces."""
        which, own = self._placed(unit)
        found = np.ones(len(unit), dtype=bool)
        for number, element in enumerate(self.elements):
            mine = which == number
            if mine.any() and element.share < 1.0:
                found[mine] = element.kept(own[mine])
        return found

    def nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (n, d), weights (n,) and outward normals (n, d) of a rule for integrals over the piece."""
        found = [(*element.nodes, element.normals(element.nodes[0])) for element in self.elements]
        points, weights, normals = (np.concatenate(own) for own in zip(*found, strict=True))
        return points, weights, normals

    def normals(self, points: np.ndarray) -> np.ndarray:
        """The outward normals (n, d) at points (n, d) of the piece, each that of the nearest element."""
        if len(self.elements) == 1:
            return self.elements[0].normals(points)
        nearest = np.argmin([element.gap(points) for element in self.elements], axis=0)
        found = np.empty_like(points)
        for number, element in enumerate(self.elements):
            mine = nearest == number
            if mine.any():
                found[mine] = element.normals(points[mine])
        return found

    @cached_property
    def _wholes(self) -> np.ndarray:
        """The measures of the elements' unit cubes, summed up."""
        return np.cumsum([element.measure / element.share for element in self.elements])

    def _placed(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The element of every point, and its place in the unit cube of that."""
        unit, ends = np.asarray(unit, dtype=float), self._wholes
        if len(self.elements) == 1:
            return np.zeros(len(unit), dtype=int), unit
        at = unit[:, 0] * ends[-1]
        which = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
        if self.elements[0].dimension_of_unit == 0:
            return which, np.empty((len(unit), 0))
        before = np.concatenate(([0.0], ends[:-1]))
        own = unit.copy()
        own[:, 0] = np.clip((at - before[which]) / (ends - before)[which], 0.0, 1.0)
        return which, own
