"""Integrals and extrema of fields over a domain that is a shape."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import final

import numpy as np

from pinnkit.results.extrema import Function, Smooth, polished, refined
from pinnkit.shapes import Outline, Shape, meshed
from pinnkit.shapes.interior import cone_nodes, mesh_nodes

_APART = 0.02
"""Of the integral of |f|: how far the cones may be from the mesh to be believed, where f is asked outside."""

_CELLS = {1: 1000, 2: 160, 3: 40}
_COARSE = {1: 200, 2: 50, 3: 20}
"""Cells along the longest side for samples; fewer where further coordinates are free."""

_OTHERS = 21
_CURVE = 4001
_SURFACE = 101


def integral_over(function: Function, shape: Shape) -> float:
    """The integral of a function over a shape.

    The cones over the boundary are taken, and the mesh where they ask what has no value outside, or strays from it.

    Args:
        function: points (n, d) to numbers (n,).
        shape: where.
    """
    points, weights = mesh_nodes(shape)
    inside = function(points)
    coarse, scale = float(weights @ inside), float(weights @ np.abs(inside))
    points, weights = cone_nodes(shape)
    with np.errstate(all="ignore"):
        fine = float(weights @ function(points))
    return fine if np.isfinite(fine) and abs(fine - coarse) <= _APART * scale else coarse


def least_in(
    function: Smooth, shape: Shape, columns: Sequence[int], lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, float] | None:
    """The place (k,) of the least value in a shape, and that value; None where no sample is a number.

    Samples lie on a mesh and on the boundary. The best one of the inside is refined within the shape, the best one of
    the boundary along it.

    Args:
        function: what is made small.
        shape: where some of the k coordinates are.
        columns: which ones, in the shape's order; the others have the ends `lower` and `upper`.
        lower: the lower ends (k,).
        upper: the upper ends (k,).
    """
    search = _Search(function, shape, tuple(columns), lower, upper)
    found = [candidate for candidate in (search.inside(), search.boundary()) if candidate is not None]
    return min(found, key=lambda candidate: candidate[1]) if found else None


@final
class _Search:
    """A search in a shape, and for every place of it along the other coordinates."""

    def __init__(
        self, function: Smooth, shape: Shape, columns: tuple[int, ...], lower: np.ndarray, upper: np.ndarray
    ) -> None:
        self.function, self.shape, self.columns = function, shape, columns
        self.lower, self.upper = lower, upper
        self.others = [k for k in range(len(lower)) if k not in columns]
        box = shape.bounds
        cells = (_COARSE if self.others else _CELLS)[shape.dimension]
        self.spacing = float(np.max(box[1] - box[0])) / cells

    def places(self, space: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Points (n, k) from those in space (n, d) and the values (n, k - d) of the other coordinates."""
        points = np.empty((len(space), len(self.lower)))
        points[:, self.columns] = space
        points[:, self.others] = others
        return points

    def best(
        self, space: np.ndarray, place: Callable[[np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Of samples (n, e), which `place` takes to points in space, the best with its other coordinates and value."""
        axes = [np.linspace(self.lower[k], self.upper[k], _OTHERS) for k in self.others]
        found: tuple[np.ndarray, np.ndarray, float] | None = None
        at = place(space)
        for others in product(*axes):
            values = self.function.value(self.places(at, np.tile(others, (len(at), 1))))
            values = np.where(np.isfinite(values), values, np.inf)
            k = int(np.argmin(values))
            if np.isfinite(values[k]) and (found is None or values[k] < found[2]):
                found = space[k], np.array(others), float(values[k])
        return found

    def around(self, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values next to those of the other coordinates."""
        step = (self.upper - self.lower)[self.others] / (_OTHERS - 1)
        return np.maximum(others - step, self.lower[self.others]), np.minimum(others + step, self.upper[self.others])

    def inside(self) -> tuple[np.ndarray, float] | None:
        """The least value of the mesh's points, refined among points of the shape."""
        mesh = meshed(self.shape, self.spacing)
        found = self.best(mesh.points, lambda points: points)
        if found is None:
            return None
        space, others, value = found

        def within(points: np.ndarray) -> np.ndarray:
            values = np.asarray(self.function.value(points))
            return np.where(self.shape.inside(points[:, self.columns]), values, np.inf)

        start = self.places(space[None], others[None])[0]
        low, high = self.around(others)
        near = (
            self.places((space - self.spacing)[None], low[None])[0],
            self.places((space + self.spacing)[None], high[None])[0],
        )
        place, value = refined(within, start, value, near)
        whole = Smooth(within, self.function.gradient, self.function.hessian)
        return polished(whole, place, value, near, (self._ends(self.lower, -1), self._ends(self.upper, 1)))

    def _ends(self, ends: np.ndarray, side: int) -> np.ndarray:
        """The ends at which a search stops: those of the other coordinates alone."""
        own = ends.copy()
        own[list(self.columns)] = side * np.inf
        return own

    def boundary(self) -> tuple[np.ndarray, float] | None:
        """The least value on the elements of the boundary, refined along the best of them."""
        best: tuple[np.ndarray, float] | None = None
        for element in self.shape.elements:
            outline = Outline([element])
            dimension = outline.dimension_of_unit
            count = (_SURFACE if dimension > 1 else _CURVE) // (8 if self.others else 1)
            axes = np.meshgrid(*[np.linspace(0.0, 1.0, count)] * dimension, indexing="ij")
            unit = np.stack([axis.ravel() for axis in axes], axis=1) if dimension else np.empty((1, 0))
            found = self.best(unit[outline.kept(unit)], outline.from_unit)
            if found is None or (best is not None and found[2] >= best[1]):
                continue
            own, others, value = found

            def along(values: np.ndarray, element: Outline = outline, d: int = dimension) -> np.ndarray:
                found = self.function.value(self.places(element.from_unit(values[:, :d]), values[:, d:]))
                return np.where(element.kept(values[:, :d]), found, np.inf)

            low, high = self.around(others)
            step = 1.0 / (count - 1)
            near = (
                np.concatenate((np.maximum(own - step, 0.0), low)),
                np.concatenate((np.minimum(own + step, 1.0), high)),
            )
            start = np.concatenate((own, others))
            place, value = refined(along, start, value, near) if len(start) else (start, value)
            best = self.places(outline.from_unit(place[None, :dimension]), place[None, dimension:])[0], value
        return best
