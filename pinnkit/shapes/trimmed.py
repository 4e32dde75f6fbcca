"""What is left of an element once its shape is combined with another."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.shapes.element import Element

Keeps = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Points (n, d) of an element, and its own outward normals there, to booleans (n,)."""

_CELLS = 2048
"""Into how many cells a curve is cut to find where it is kept; what is shorter than a cell is not seen."""

_HALVINGS = 48

_LATTICE = 65_536
"""Points at which it is counted how much of a surface is kept."""

_NODES = 200
"""Gauss-Legendre nodes on every part of a curve."""


def trimmed(element: Element, keeps: Keeps, side: int) -> Element | None:
    """The kept part of an element, its normals turned around where `side` is -1; None where nothing is kept.

    Of a curve the ends of the kept parts are found by bisection, to rounding. Of a surface it is known point by point
    what is kept, and how much of it by counting.
    """
    if element.dimension_of_unit == 1:
        parts = _kept_parts(element, keeps)
        if side == 1 and np.array_equal(parts, [[0.0, 1.0]]):
            return element
        return TrimmedCurve(element, side, parts) if len(parts) else None
    found = TrimmedSurface(element, side, keeps)
    return found if found.share > 0 else None


def _kept_parts(element: Element, keeps: Keeps) -> np.ndarray:
    """The intervals (m, 2) of the unit interval that are kept."""

    def kept(unit: np.ndarray) -> np.ndarray:
        points = element.from_unit(unit[:, None])
        return element.kept(unit[:, None]) & keeps(points, element.normals(points))

    middles = (np.arange(_CELLS) + 0.5) / _CELLS
    there = kept(middles)
    changes = np.flatnonzero(there[1:] != there[:-1])
    low, high = middles[changes], middles[changes + 1]
    for _ in range(_HALVINGS if len(changes) else 0):
        middle = 0.5 * (low + high)
        same = kept(middle) == there[changes]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    edges = np.concatenate(([0.0] if there[0] else [], 0.5 * (low + high), [1.0] if there[-1] else []))
    return edges.reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Trimmed(Element):
    """A part of an element, with its name, its normals or their opposites.

    Args:
        base: the whole element.
        side: 1, or -1 where the normals point the other way.
    """

    base: Element
    side: int

    @property
    def name(self) -> str:  # type: ignore[override]
        """That of the whole element."""
        return self.base.name

    @property
    def dimension_of_unit(self) -> int:  # type: ignore[override]
        """That of the whole element."""
        return self.base.dimension_of_unit

    @final
    def normals(self, points: np.ndarray) -> np.ndarray:
        """Those of the whole element, or their opposites."""
        return self.side * self.base.normals(points)

    @final
    def gap(self, points: np.ndarray) -> np.ndarray:
        """To the whole element."""
        return self.base.gap(points)


@final
@dataclass(frozen=True, eq=False)
class TrimmedCurve(Trimmed):
    """Some parts of a curve: the kept intervals (m, 2) of its unit interval, through which that of the rest runs."""

    parts: np.ndarray

    @property
    def measure(self) -> float:
        """The length that is left."""
        return self.base.measure * float(np.sum(self._lengths))

    @property
    def _lengths(self) -> np.ndarray:
        return np.asarray(self.parts[:, 1] - self.parts[:, 0])

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points at equal shares of the length that is left."""
        ends = np.cumsum(self._lengths)
        at = np.asarray(unit)[:, 0] * ends[-1]
        part = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
        before = np.concatenate(([0.0], ends[:-1]))[part]
        return self.base.from_unit((self.parts[part, 0] + at - before)[:, None])

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Gauss-Legendre nodes on every part."""
        x, w = np.polynomial.legendre.leggauss(_NODES)
        unit = (self.parts[:, :1] + self._lengths[:, None] * 0.5 * (x + 1.0)).reshape(-1, 1)
        return self.base.from_unit(unit), self.base.measure * (self._lengths[:, None] * 0.5 * w).ravel()


@final
@dataclass(frozen=True, eq=False)
class TrimmedSurface(Trimmed):
    """Some points of a surface, or an end of an interval: its unit cube is that of the whole, not all of it kept."""

    keeps: Keeps

    @property
    def measure(self) -> float:
        """The area that is left, by counting."""
        return self.base.measure / self.base.share * self.share if self.share else 0.0

    @cached_property
    def share(self) -> float:
        """How much of the unit cube is kept, counted on a lattice."""
        return float(np.mean(self._counted[1]))

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """What is kept of the lattice, with equal weights."""
        unit, kept = self._counted
        points = self.from_unit(unit[kept])
        return points, np.full(len(points), self.base.measure / self.base.share / len(unit))

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points of the whole surface."""
        return self.base.from_unit(unit)

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which of them are left."""
        points = self.base.from_unit(unit)
        return self.base.kept(unit) & self.keeps(points, self.base.normals(points))

    @cached_property
    def _counted(self) -> tuple[np.ndarray, np.ndarray]:
        """Points of the unit cube, and which of them are kept.

        Multiples of the powers of 1/g, g^3 = g + 1, fill the square evenly (M. Roberts, 2018).
        """
        if self.dimension_of_unit == 0:
            unit = np.empty((1, 0))
        else:
            g = 1.32471795724474602596
            unit = (np.arange(1, _LATTICE + 1)[:, None] * np.array([1 / g, 1 / g**2])) % 1.0
        return unit, self.kept(unit)
