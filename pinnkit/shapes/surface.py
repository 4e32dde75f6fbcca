"""Facets as VTK knows them: which is the nearest to a point, and how far a closed surface is.

VTK's own modules are taken, not pyvista, which loads all that draws: a problem with a surface is checked at once.
"""

from functools import cached_property
from typing import Any, final

import numpy as np


@final
class Surface:
    """Segments of the plane, or triangles of space.

    Args:
        points: the corners of the facets, (n, 2) or (n, 3).
        facets: which of them a facet has, (m, 2) or (m, 3).
    """

    def __init__(self, points: np.ndarray, facets: np.ndarray) -> None:
        self._points, self._facets = in_space(points), facets.astype(np.int64)

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The facets (n,) that are nearest to points (n, d), and how far they are (n,)."""
        from vtkmodules.vtkCommonCore import mutable
        from vtkmodules.vtkCommonDataModel import vtkGenericCell

        facets, places, place = np.empty(len(points), dtype=int), np.empty((len(points), 3)), [0.0, 0.0, 0.0]
        cell, number, part, square, given = vtkGenericCell(), mutable(0), mutable(0), mutable(0.0), in_space(points)
        for k, point in enumerate(given):
            self._locator.FindClosestPoint(point, place, cell, number, part, square)
            facets[k], places[k] = int(number), place
        return facets, np.linalg.norm(given - places, axis=1)

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        """Distances (n,) of points (n, 3) to triangles that share their corners and are closed, negative inside."""
        from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkDoubleArray

        if not len(points):
            return np.empty(0)
        found = vtkDoubleArray()
        self._distance.FunctionValue(numpy_to_vtk(np.ascontiguousarray(points, dtype=np.float64), deep=True), found)
        return np.array(vtk_to_numpy(found), dtype=np.float64)

    @cached_property
    def _locator(self) -> Any:
        from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

        locator = vtkStaticCellLocator()
        locator.SetDataSet(self._data)
        locator.BuildLocator()
        return locator

    @cached_property
    def _distance(self) -> Any:
        from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

        distance = vtkImplicitPolyDataDistance()
        distance.SetInput(self._data)
        return distance

    @cached_property
    def _data(self) -> Any:
        from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

        corners, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
        corners.SetData(numpy_to_vtk(self._points, deep=True))
        count, size = self._facets.shape
        starts = size * np.arange(count + 1, dtype=np.int64)
        cells.SetData(*(numpy_to_vtkIdTypeArray(whole, deep=True) for whole in (starts, self._facets.ravel())))
        data.SetPoints(corners)
        (data.SetLines if size == 2 else data.SetPolys)(cells)
        return data


def in_space(points: np.ndarray) -> np.ndarray:
    """Points (n, 3): those of the plane get a third coordinate of zero."""
    return np.pad(points, ((0, 0), (0, 3 - points.shape[1]))).astype(float)
