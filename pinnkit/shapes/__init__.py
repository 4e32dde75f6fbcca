"""Shapes and their boundaries, in NumPy, and in VTK for meshes: primitives, booleans, elements with their normals."""

from pinnkit.registry import Registry
from pinnkit.shapes.ball import Ball
from pinnkit.shapes.boolean import Boolean
from pinnkit.shapes.box import Box
from pinnkit.shapes.cylinder import Cylinder
from pinnkit.shapes.element import Element
from pinnkit.shapes.ellipse import Ellipse
from pinnkit.shapes.facets import Facets
from pinnkit.shapes.mesh import Mesh, meshed
from pinnkit.shapes.mesh_shape import MeshShape
from pinnkit.shapes.outline import Outline
from pinnkit.shapes.polygon import Polygon
from pinnkit.shapes.shape import Shape

SHAPES: Registry[Shape] = Registry(
    "shape",
    Shape,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"box": Box, "ball": Ball, "ellipse": Ellipse, "polygon": Polygon, "cylinder": Cylinder, "mesh": MeshShape},
    inner=("label",),
)

__all__ = [
    "SHAPES",
    "Ball",
    "Boolean",
    "Box",
    "Cylinder",
    "Element",
    "Ellipse",
    "Facets",
    "Mesh",
    "MeshShape",
    "Outline",
    "Polygon",
    "Shape",
    "meshed",
]
