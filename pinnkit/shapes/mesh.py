"""A shape as a mesh of segments, triangles or tetrahedra, to show fields on."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.shapes.shape import Shape

_NEAR = 0.45
"""How far, in spacings, an even point must be from the boundary to be kept beside the points on that."""

_THIN = 1e-9


@final
@dataclass(frozen=True, eq=False)
class Mesh:
    """Points (n, d) and cells (m, d + 1) of them: segments, triangles or tetrahedra."""

    points: np.ndarray
    cells: np.ndarray

    @property
    def measure(self) -> float:
        """Of all cells."""
        edges = self.points[self.cells[:, 1:]] - self.points[self.cells[:, :1]]
        return float(np.sum(np.abs(np.linalg.det(edges))) / [1, 1, 2, 6][self.points.shape[1]])


def meshed(shape: Shape, spacing: float) -> Mesh:
    """A mesh with points on the boundary, its corners among them, and an even grid inside.

    The points are joined by Delaunay's rule, and cells whose middles are outside are left out. It is good enough to
    look at, and for no more: a boundary that bends is met at its points alone. A shape that came as a mesh has its own.

    Args:
        shape: in one, two or three dimensions.
        spacing: about how far neighbours are from one another.
    """
    if (own := shape.cells) is not None:
        return Mesh(*own)
    from scipy.spatial import Delaunay

    lower, upper = shape.bounds
    counts = np.maximum(2, np.ceil((upper - lower) / spacing).astype(int) + 1)
    axes = [np.linspace(a, b, n) for a, b, n in zip(lower, upper, counts, strict=True)]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    points = np.concatenate((_boundary(shape, spacing), grid[shape.depth(grid) > _NEAR * spacing]))
    # What two elements share, as corners are, stands once.
    _, first = np.unique(np.round(points / (_THIN * shape.size)), axis=0, return_index=True)
    points = points[np.sort(first)]
    if shape.dimension == 1:
        order = np.argsort(points[:, 0])
        points, cells = points[order], np.stack([np.arange(len(points) - 1), np.arange(1, len(points))], axis=1)
    else:
        cells = Delaunay(points, qhull_options="QJ Pp" if shape.dimension == 3 else "Qbb Qc Qz Pp").simplices
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    full = np.abs(np.linalg.det(edges)) > _THIN * spacing**shape.dimension
    kept = full & shape.inside(points[cells].mean(axis=1))
    return Mesh(points, cells[kept])


def _boundary(shape: Shape, spacing: float) -> np.ndarray:
    """Points of every element, its ends and edges among them."""
    found = []
    for element in shape.elements:
        if element.dimension_of_unit == 0:
            unit = np.empty((1, 0))
        elif element.dimension_of_unit == 1:
            unit = np.linspace(0.0, 1.0, max(2, round(element.measure / spacing) + 1))[:, None]
        else:
            side = max(2, round(np.sqrt(element.measure / element.share) / spacing) + 1)
            unit = np.stack([a.ravel() for a in np.meshgrid(*[np.linspace(0.0, 1.0, side)] * 2)], axis=1)
            unit = unit[element.kept(unit)]
        found.append(element.from_unit(unit))
    return np.concatenate(found)
