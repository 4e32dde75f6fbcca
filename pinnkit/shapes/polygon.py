"""Polygons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Flat
from pinnkit.shapes.requirements import exact, require_points
from pinnkit.shapes.shape import Shape

MOST_CORNERS = 2000
"""Every pair of edges is looked at, and every edge by every point."""

_FLAT = 1e-12
"""Relative to its size, below which a length is none."""


@final
@dataclass(frozen=True)
class Polygon(Shape):
    """A simple polygon in the plane, given by its corners in either order; its elements are its edges.

    Args:
        corners: (n, 2), n >= 3; edge k goes from corner k to the next, and is called `label.k`, counted from 1.
        label: the name that its elements begin with.

    Raises:
        UserError: fewer than three corners or too many, two that follow each other in one place, edges that cross.

    Example:
        >>> round(Polygon([[0, 0], [2, 0], [0, 2]]).measure, 9)
        2.0
    """

    corners: Sequence[Sequence[float]]
    label: str = "polygon"
    dimension = 2

    def __post_init__(self) -> None:
        require_points("polygon", self.label, (2,), *self.corners)
        if len(self.corners) < 3:
            raise UserError(f"the polygon `{self.label}` has {len(self.corners)} corners; it needs at least 3")
        if len(self.corners) > MOST_CORNERS:
            raise UserError(f"the polygon `{self.label}` has {len(self.corners)} corners; {MOST_CORNERS} is the most")
        points, following = self._points, np.roll(self._points, -1, axis=0)
        size = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
        for k in np.flatnonzero(np.linalg.norm(following - points, axis=1) <= _FLAT * size).tolist():
            raise UserError(
                f"corner {k + 1} of the polygon `{self.label}` and the next are one point, {self.corners[k]}"
            )
        crossing = _crossing(points, following)
        if crossing is not None:
            one, other = crossing
            hint = "Give the corners in the order in which they are met on the way around."
            raise UserError(Mistake(f"edges {one + 1} and {other + 1} of the polygon `{self.label}` cross", hint=hint))

    @cached_property
    def _points(self) -> np.ndarray:
        return np.array(self.corners, dtype=float).reshape(-1, 2)

    @property
    def convex(self) -> bool:
        """Whether the way around turns to one side at every corner."""
        along = np.roll(self._points, -1, axis=0) - self._points
        after = np.roll(along, -1, axis=0)
        turns = along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0]
        return bool(np.all(turns >= 0) or np.all(turns <= 0))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The extremes of the corners."""
        return self._points.min(axis=0), self._points.max(axis=0)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Even and odd: how many edges a ray to the right crosses; points on an edge are inside."""
        x, y = points[:, 0], points[:, 1]
        odd = np.zeros(len(points), dtype=bool)
        on = np.zeros(len(points), dtype=bool)
        for (ax, ay), (bx, by) in zip(self._points, np.roll(self._points, -1, axis=0), strict=True):
            side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if ay != by:
                across = (y >= min(ay, by)) & (y < max(ay, by))
                odd ^= across & ((side > 0) == (by > ay))
            flat = side == 0
            if flat.any():
                on |= flat & (x >= min(ax, bx)) & (x <= max(ax, bx)) & (y >= min(ay, by)) & (y <= max(ay, by))
        return odd | on

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest edge."""
        distance = np.min([edge.gap(points) for edge in self.elements], axis=0)
        return np.where(self.inside(points), distance, -distance)

    def factor(self, x: Sequence[Any]) -> Any:
        """Of a convex polygon the product of the distances to its edges over its size, times that; else None."""
        if not self.convex:
            return None
        size, lines = float(self.size), []
        for edge in self.elements:
            start, normal = edge.from_unit(np.zeros((1, 1)))[0], edge.normals(np.zeros((1, 2)))[0]
            line = sum(exact(-n) * (s - exact(c)) for s, c, n in zip(x, start, normal, strict=True))
            lines.append(line / size)
        return size * prod(lines)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The edges, in the order of the corners."""
        points, following = self._points, np.roll(self._points, -1, axis=0)
        turn = np.sign(np.sum(points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]))
        found = []
        for k, (start, end) in enumerate(zip(points, following, strict=True), 1):
            along = end - start
            normal = turn * np.array([along[1], -along[0]]) / np.linalg.norm(along)
            found.append(Flat(f"{self.label}.{k}", start, along[None], normal))
        return tuple(found)


def _crossing(start: np.ndarray, end: np.ndarray) -> tuple[int, int] | None:
    """Two edges that do not follow each other and meet, or None."""

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.asarray(
            np.sign(
                (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
            )
        )

    count = len(start)
    for k in range(count - 1):
        others = np.arange(k + 2, count - (k == 0))
        a, b, c, d = start[k], end[k], start[others], end[others]
        apart = (np.maximum(c, d) < np.minimum(a, b)).any(axis=1) | (np.minimum(c, d) > np.maximum(a, b)).any(axis=1)
        meets = (side(a, b, c) * side(a, b, d) <= 0) & (side(c, d, a) * side(c, d, b) <= 0) & ~apart
        if meets.any():
            return k, int(others[np.argmax(meets)])
    return None
