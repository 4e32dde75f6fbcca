"""A piece of a boundary that is made of segments, or of triangles in space."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Flat
from pinnkit.shapes.surface import Surface

_GAUSS = 4
"""Gauss-Legendre nodes along a facet: exact to degree 7 on a segment, to degree 6 on a triangle."""


_STRAIGHT = 1e-9
"""The difference of the normals of two segments that are one line."""


@final
@dataclass(frozen=True, eq=False)
class Facets(Element):
    """Segments (m, 2, 2) in the plane or triangles (m, 3, 3) in space, one after the other.

    The first coordinate of the unit cube runs through the facets by their measures. On a triangle with corners a, b and
    c, (s, t) goes to a + r ((1 - t)(b - a) + t (c - a)) with r = sqrt(s), which keeps areas.

    Args:
        name: of the piece.
        corners: of every facet, in an order in which the normal points outwards: to the right of a segment, and on the
            side from which a triangle is seen counterclockwise.
    """

    name: str
    corners: np.ndarray

    @property
    def dimension_of_unit(self) -> int:  # type: ignore[override]
        """1 or 2."""
        return self.corners.shape[1] - 1

    @cached_property
    def measure(self) -> float:
        """Of all facets."""
        return float(np.sum(self._measures))

    @cached_property
    def flux(self) -> float:
        """By the middle of every facet, exactly: x.n is constant on it."""
        return float(self._measures @ np.sum(self.corners.mean(axis=1) * self._normals, axis=1))

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Gauss-Legendre nodes on every facet, on triangles by Duffy's collapse of a square."""
        x, w = np.polynomial.legendre.leggauss(_GAUSS)
        x, w = 0.5 * (x + 1.0), 0.5 * w
        start, edges = self.corners[:, :1], self.corners[:, 1:] - self.corners[:, :1]
        if self.dimension_of_unit == 1:
            shares, weights = x[:, None], w
        else:
            r, t = (a.ravel() for a in np.meshgrid(x, x, indexing="ij"))
            shares, weights = np.stack([r * (1 - t), r * t], axis=1), 2.0 * r * np.outer(w, w).ravel()
        points = start + np.einsum("nk,mkd->mnd", shares, edges)
        return points.reshape(-1, self.corners.shape[2]), np.outer(self._measures, weights).ravel()

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points at equal shares of the measure."""
        unit = np.asarray(unit, dtype=float)
        at = unit[:, 0] * self._ends[-1]
        which = np.minimum(np.searchsorted(self._ends, at, side="right"), len(self._ends) - 1)
        share = np.clip((at - (self._ends - self._measures)[which]) / self._measures[which], 0.0, 1.0)
        start, edges = self.corners[which, 0], self.corners[which, 1:] - self.corners[which, :1]
        if self.dimension_of_unit == 1:
            return np.asarray(start + share[:, None] * edges[:, 0])
        r, t = np.sqrt(share)[:, None], unit[:, 1:2]
        return np.asarray(start + r * ((1 - t) * edges[:, 0] + t * edges[:, 1]))

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Of the nearest facet."""
        return self._normals[self._surface.nearest(points)[0]]

    def gap(self, points: np.ndarray) -> np.ndarray:
        """The distance to the nearest facet."""
        return self._surface.nearest(points)[1]

    def straight(self) -> tuple[Flat, ...]:
        """The segments of the plane as few long ones: those that go on in one line are one."""
        begins = {tuple(corner.tolist()): k for k, corner in enumerate(self.corners[:, 0])}
        after = [begins.get(tuple(corner.tolist())) for corner in self.corners[:, 1]]
        normals = self._normals
        goes_on = {
            k: n for k, n in enumerate(after) if n is not None and np.linalg.norm(normals[k] - normals[n]) < _STRAIGHT
        }
        found = []
        for first in sorted(set(range(len(after))) - set(goes_on.values())):
            last = first
            while last in goes_on:
                last = goes_on[last]
            start = self.corners[first, 0]
            found.append(Flat(self.name, start, (self.corners[last, 1] - start)[None], normals[first]))
        return tuple(found)

    @cached_property
    def _surface(self) -> Surface:
        points = self.corners.reshape(-1, self.corners.shape[2])
        return Surface(points, np.arange(len(points)).reshape(-1, self.corners.shape[1]))

    @cached_property
    def _measures(self) -> np.ndarray:
        return np.linalg.norm(self._across, axis=1) / self.dimension_of_unit

    @cached_property
    def _normals(self) -> np.ndarray:
        return self._across / np.linalg.norm(self._across, axis=1, keepdims=True)

    @cached_property
    def _across(self) -> np.ndarray:
        return across(self.corners)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self._measures)


def across(corners: np.ndarray) -> np.ndarray:
    """Vectors (m, d) along the normals of facets (m, d, d), as long as a segment, or twice the area of a triangle."""
    edges = corners[:, 1:] - corners[:, :1]
    if corners.shape[1] == 2:
        return np.stack([edges[:, 0, 1], -edges[:, 0, 0]], axis=1)
    return np.cross(edges[:, 0], edges[:, 1])
