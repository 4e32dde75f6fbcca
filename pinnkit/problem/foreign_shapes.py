"""Shapes of other libraries as the keys `shapes` and `domain` of a problem.

No library is imported here: DeepXDE's geometries are known by the names of their classes and attributes, those of
shapely and of all that speak GeoJSON by their `__geo_interface__`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.cells import of_surface
from pinnkit.shapes.mesh_file import of_meshio, read_mesh

Entry = dict[str, Any]


def from_deepxde(geometry: Any) -> dict[str, Any]:
    """The keys `shapes` and `domain` of a geometry of DeepXDE, for `pinnkit.define`.

    Args:
        geometry: an Interval, Rectangle, Disk, Ellipse, Triangle, Polygon, Cuboid, Hypercube, Sphere or Hypersphere, or
            what `|`, `&` and `-` make of them. Shapes are called `shape_1`, `shape_2` and so on, from left to right.

    Raises:
        UserError: another kind.
    """
    return _Named().keys(geometry, _of_deepxde)


def from_geojson(geometry: Any) -> dict[str, Any]:
    """The keys `shapes` and `domain` of a polygon with holes, or of several that do not overlap, for `pinnkit.define`.

    Args:
        geometry: anything with a `__geo_interface__`, as shapely's polygons have, or a mapping such as
            ``{"type": "Polygon", "coordinates": [outer, hole]}``. Outer rings and holes are called `shape_1`, `shape_2`
            and so on, in their order.

    Raises:
        UserError: another kind, or a mapping that is not as GeoJSON has it.

    Example:
        >>> from_geojson({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]})["domain"]
        'shape_1'
    """
    found = geometry if isinstance(geometry, Mapping) else getattr(geometry, "__geo_interface__", None)
    if not isinstance(found, Mapping):
        raise UserError(f"a `{type(geometry).__name__}` has no `__geo_interface__`")
    try:
        return _Named().keys(found, _of_geojson)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError) as error:
        hint = 'Such as {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]}.'
        raise UserError(Mistake(f"the geometry is no GeoJSON ({type(error).__name__}: {error})", hint=hint)) from None


def from_mesh(mesh: Any, label: str = "body", scale: float = 1.0) -> dict[str, Any]:
    """The keys `shapes` and `domain` of a mesh, for `pinnkit.define`; its groups of facets are pieces of the boundary.

    Args:
        mesh: the path of a `.msh`, `.vtu`, `.stl` or `.ply` file, or an object of meshio, of pyvista or of trimesh.
        label: what the shape is called.
        scale: what its lengths are multiplied by.

    Raises:
        UserError: another kind of object, or a mesh that bounds no domain.
    """
    if isinstance(mesh, str | Path):
        found = read_mesh(Path(mesh))
    elif hasattr(mesh, "vertices") and hasattr(mesh, "faces"):
        found = of_surface(np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces, dtype=np.int64))
    elif hasattr(mesh, "cast_to_unstructured_grid"):
        import pyvista

        found = of_meshio(pyvista.to_meshio(mesh))
    elif hasattr(mesh, "points") and hasattr(mesh, "cells"):
        found = of_meshio(mesh)
    else:
        hint = "A path, or a mesh of meshio, pyvista or trimesh."
        raise UserError(Mistake(f"a `{type(mesh).__name__}` is no mesh", hint=hint))
    options = {} if scale == 1.0 else {"scale": scale}
    return {"shapes": {label: {"name": "mesh", **options, "data": found.as_text()}}, "domain": label}


@final
class _Named:
    """Collects primitives and gives them names."""

    def __init__(self) -> None:
        self.shapes: dict[str, Entry] = {}

    def keys(self, geometry: Any, read: "Callable[[Any, _Named], str]") -> dict[str, Any]:
        """The keys of a geometry."""
        text = read(geometry, self)
        whole = text[1:-1] if text.startswith("(") and _closes_last(text) else text
        return {"shapes": self.shapes, "domain": whole}

    def add(self, kind: str, **options: Any) -> str:
        """The name of a further primitive."""
        name = f"shape_{len(self.shapes) + 1}"
        self.shapes[name] = {"name": kind, **options}
        return name


def _closes_last(text: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _of_deepxde(geometry: Any, named: _Named) -> str:
    kind = type(geometry).__name__
    signs = {"CSGUnion": "+", "CSGDifference": "-", "CSGIntersection": "&"}
    if kind in signs:
        left, right = _of_deepxde(geometry.geom1, named), _of_deepxde(geometry.geom2, named)
        return f"({left} {signs[kind]} {right})"
    if kind == "Interval":
        return named.add("box", lower=[float(geometry.l)], upper=[float(geometry.r)])
    if kind in ("Rectangle", "Cuboid", "Hypercube"):
        return named.add("box", lower=_row(geometry.xmin), upper=_row(geometry.xmax))
    if kind in ("Disk", "Sphere", "Hypersphere"):
        return named.add("ball", center=_row(geometry.center), radius=float(geometry.radius))
    if kind == "Ellipse":
        axes = [float(geometry.semimajor), float(geometry.semiminor)]
        angle = -float(np.rad2deg(geometry.angle))  # theirs is clockwise
        return named.add("ellipse", center=_row(geometry.center), semi_axes=axes, angle=angle)
    if kind == "Triangle":
        return named.add("polygon", corners=[_row(p) for p in (geometry.x1, geometry.x2, geometry.x3)])
    if kind == "Polygon":
        return named.add("polygon", corners=[_row(p) for p in geometry.vertices])
    hint = "Boxes, discs and balls, ellipses, triangles, polygons, and what `|`, `&` and `-` make of them."
    raise UserError(Mistake(f"DeepXDE's `{kind}` is no shape here", hint=hint))


def _of_geojson(geometry: Mapping[str, Any], named: _Named) -> str:
    kind = geometry.get("type")
    if kind == "Feature":
        return _of_geojson(geometry["geometry"], named)
    if kind == "Polygon":
        return _rings(geometry["coordinates"], named)
    if kind == "MultiPolygon":
        return f"({' + '.join(_rings(rings, named) for rings in geometry['coordinates'])})"
    raise UserError(Mistake(f"a `{kind}` is no shape", hint="A `Polygon` or a `MultiPolygon` is."))


def _rings(rings: Sequence[Sequence[Sequence[float]]], named: _Named) -> str:
    """The outer ring less the holes; the last corner of a ring is the first one again."""
    names = []
    for ring in rings:
        corners = [_row(corner)[:2] for corner in ring]
        names.append(named.add("polygon", corners=corners[:-1] if corners[0] == corners[-1] else corners))
    return names[0] if len(names) == 1 else f"({' - '.join(names)})"


def _row(values: Any) -> list[float]:
    return [float(value) for value in np.asarray(values, dtype=float).ravel()]
