"""Domains given by meshes."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.cells import Cells, from_text
from pinnkit.shapes.element import Element
from pinnkit.shapes.facets import Facets
from pinnkit.shapes.requirements import require_lengths
from pinnkit.shapes.shape import Shape
from pinnkit.shapes.surface import Surface

_BINS = 512
"""Strips across the plane, so that a point is compared with the segments of its own alone."""

_CHUNK = 4_000_000
"""Pairs of points and segments that are compared at once."""


@final
@dataclass(frozen=True)
class MeshShape(Shape):
    """What the cells of a mesh fill, or what a closed surface bounds; its elements are the named groups of facets.

    Args:
        file: a `.msh`, `.vtu`, `.stl` or `.ply` file beneath the problem's own folder.
        scale: what its lengths are multiplied by.
        data: the mesh itself, as pinnkit writes it into a run folder in place of `file`.
        label: the name that its elements begin with: `label.<group>`, or numbers where the file has no groups.

    Raises:
        UserError: no data, or none that pinnkit wrote.
    """

    file: str = ""
    scale: float = 1.0
    data: str = ""
    label: str = "mesh"

    def __post_init__(self) -> None:
        require_lengths("mesh", self.label, scale=self.scale)
        if not self.data:
            hint = "A problem file names a `file` beneath its own folder; in Python, `pinnkit.from_mesh` reads one."
            raise UserError(Mistake(f"the mesh `{self.label}` holds nothing", hint=hint))
        self._cells  # noqa: B018 (what is wrong with the data is told now)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """2 or 3."""
        return self._cells.dimension

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the facets."""
        points = self._corners.reshape(-1, self.dimension)
        return points.min(axis=0), points.max(axis=0)

    @property
    def cells(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The points and cells of the file; none of a surface."""
        return (self._points, self._cells.cells) if len(self._cells.cells) else None

    def inside(self, points: np.ndarray) -> np.ndarray:
        """In the plane even and odd: how many segments a ray to the right crosses; in space VTK's signed distance."""
        if self.dimension == 3:
            return self._surface.signed_distance(points) <= 0
        odd = np.zeros(len(points), dtype=bool)
        strips, (lower, upper) = self._strips, self.bounds
        own = np.floor((points[:, 1] - lower[1]) / (upper[1] - lower[1]) * _BINS).astype(int)
        for strip in np.unique(own[(own >= 0) & (own < _BINS)]).tolist():
            mine = np.flatnonzero(own == strip)
            a, b = self._corners[strips[strip], 0], self._corners[strips[strip], 1]
            for some in np.array_split(mine, 1 + len(mine) * len(a) // _CHUNK):
                odd[some] = _crossings(points[some], a, b) % 2 == 1
        return odd

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest facet."""
        if self.dimension == 3:
            return -self._surface.signed_distance(points)
        distance = self._boundary.gap(points)
        return np.where(self.inside(points), distance, -distance)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """One a group, in the order of the file."""
        groups = self._cells.groups
        return tuple(
            Facets(f"{self.label}.{name}", self._corners[groups == k])
            for k, name in enumerate(self._cells.names)
            if np.any(groups == k)
        )

    @cached_property
    def _cells(self) -> Cells:
        return from_text(self.data)

    @cached_property
    def _points(self) -> np.ndarray:
        return self.scale * self._cells.points

    @cached_property
    def _corners(self) -> np.ndarray:
        return self.scale * self._cells.corners

    @cached_property
    def _boundary(self) -> Facets:
        return Facets(self.label, self._corners)

    @cached_property
    def _strips(self) -> list[np.ndarray]:
        """The segments that reach into each strip of the plane."""
        lower, upper = self.bounds
        ends = np.floor((self._corners[:, :, 1] - lower[1]) / (upper[1] - lower[1]) * _BINS).astype(int)
        low, high = ends.min(axis=1), ends.max(axis=1)
        return [np.flatnonzero((low <= strip) & (high >= strip)) for strip in range(_BINS)]

    @cached_property
    def _surface(self) -> Surface:
        """The facets of space, which share their corners."""
        return Surface(self._points, self._cells.facets)


def _crossings(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many segments from a to b, (m, 2), a ray to the right of each point (n, 2) crosses."""
    x, y = points[:, :1], points[:, 1:]
    across = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(a[:, 1] == b[:, 1], 1.0, b[:, 1] - a[:, 1])
    at = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    return np.asarray(np.sum(across & (x < at), axis=1))
