"""Shapes and their boundaries, in NumPy alone: primitives, booleans of them, elements with names and normals."""

from pinnkit.registry import Registry
from pinnkit.shapes.ball import Ball
from pinnkit.shapes.boolean import Boolean
from pinnkit.shapes.box import Box
from pinnkit.shapes.cylinder import Cylinder
from pinnkit.shapes.element import Element
from pinnkit.shapes.ellipse import Ellipse
from pinnkit.shapes.mesh import Mesh, meshed
from pinnkit.shapes.outline import Outline
from pinnkit.shapes.polygon import Polygon
from pinnkit.shapes.shape import Shape

SHAPES: Registry[Shape] = Registry(
    "shape",
    Shape,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"box": Box, "ball": Ball, "ellipse": Ellipse, "polygon": Polygon, "cylinder": Cylinder},
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
    "Mesh",
    "Outline",
    "Polygon",
    "Shape",
    "meshed",
]
