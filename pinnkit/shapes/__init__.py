"""Shapes and their boundaries, in NumPy alone: primitives, booleans of them, elements with names and normals."""

from pinnkit.registry import Registry
from pinnkit.shapes.boolean import Boolean
from pinnkit.shapes.element import Element
from pinnkit.shapes.outline import Outline
from pinnkit.shapes.primitives import Ball, Box, Cylinder, Ellipse, Polygon
from pinnkit.shapes.shape import Shape

SHAPES: Registry[Shape] = Registry(
    "shape",
    Shape,  # type: ignore[type-abstract]  # the table only compares with it and never builds it
    {"box": Box, "ball": Ball, "ellipse": Ellipse, "polygon": Polygon, "cylinder": Cylinder},
)

__all__ = ["SHAPES", "Ball", "Boolean", "Box", "Cylinder", "Element", "Ellipse", "Outline", "Polygon", "Shape"]
