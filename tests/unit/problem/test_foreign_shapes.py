"""Shapes of other libraries as keys of a problem.

Satisfied: of every kind of geometry of DeepXDE, and of combinations of them, the shape has the same points inside; a
polygon with holes in GeoJSON, as shapely gives it, has the measure of the ring less those of its holes; other kinds are
refused with what is possible.
"""

import contextlib
import io
from typing import Any, ClassVar

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.foreign_shapes import from_deepxde, from_geojson
from pinnkit.shapes import Shape


@pytest.fixture(scope="module")
def theirs() -> Any:
    import os

    os.environ.setdefault("DDE_BACKEND", "pytorch")
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        deepxde = pytest.importorskip("deepxde")
    return deepxde.geometry


def made(keys: dict[str, Any], dimension: int) -> Shape:
    names = ["x", "y", "z"][:dimension]
    given = define(
        name="p",
        coordinates={name: [-3, 3] for name in names},
        fields=["u"],
        equations=["laplace(u) = 0"],
        **keys,
    )
    assert given.body is not None
    return given.body.shape


KINDS = {
    "interval": (1, lambda g: g.Interval(-1, 2)),
    "rectangle": (2, lambda g: g.Rectangle([0, 0], [2, 1])),
    "disk": (2, lambda g: g.Disk([0.5, 0], 1.5)),
    "ellipse": (2, lambda g: g.Ellipse([0, 0.5], 2, 1, 0.3)),
    "triangle": (2, lambda g: g.Triangle([0, 0], [2, 0], [0, 2])),
    "polygon": (2, lambda g: g.Polygon([[0, 0], [2, 0.5], [1, 1], [2, 2], [0.5, 1.5]])),
    "cuboid": (3, lambda g: g.Cuboid([0, 0, 0], [1, 2, 1])),
    "sphere": (3, lambda g: g.Sphere([0, 0, 1], 1.2)),
    "holed": (2, lambda g: g.Rectangle([0, 0], [2, 2]) - g.Disk([1, 1], 0.5) - g.Disk([0, 0], 0.5)),
    "mixed": (2, lambda g: (g.Disk([0, 0], 1) | g.Rectangle([0, 0], [2, 1])) & g.Disk([0.5, 0], 1.5)),
    "kept apart": (2, lambda g: g.Disk([0, 0], 2) - (g.Disk([0, 0], 1) - g.Disk([0, 0], 0.5))),
}


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")  # in their polygons
@pytest.mark.parametrize("name", KINDS)
def test_the_same_points_are_inside(name: str, theirs: Any) -> None:
    dimension, make = KINDS[name]
    geometry = make(theirs)
    shape = made(from_deepxde(geometry), dimension)
    points = np.random.default_rng(0).uniform(-3, 3, (4000, dimension))
    assert np.array_equal(shape.inside(points), np.asarray(geometry.inside(points)).astype(bool))


class Flat:
    """What shapely's polygons have."""

    __geo_interface__: ClassVar[dict[str, Any]] = {
        "type": "Polygon",
        "coordinates": (
            ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)),
            ((0.5, 0.5), (0.5, 1.0), (1.0, 1.0), (1.0, 0.5), (0.5, 0.5)),
        ),
    }


def test_a_polygon_with_a_hole() -> None:
    keys = from_geojson(Flat())
    assert keys["domain"] == "shape_1 - shape_2"
    assert made(keys, 2).measure == pytest.approx(3.75)


def test_several_polygons() -> None:
    outer = Flat.__geo_interface__["coordinates"]
    other = [[[2.5, 0], [3, 0], [3, 1], [2.5, 0]]]
    keys = from_geojson({"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [outer, other]}})
    assert keys["domain"] == "(shape_1 - shape_2) + shape_3"
    assert made(keys, 2).measure == pytest.approx(4.0)


def test_what_is_no_shape() -> None:
    with pytest.raises(UserError, match="a `LineString` is no shape"):
        from_geojson({"type": "LineString", "coordinates": []})
    with pytest.raises(UserError, match="`__geo_interface__`"):
        from_geojson(3)
    with pytest.raises(UserError, match="DeepXDE's `int` is no shape here"):
        from_deepxde(3)
