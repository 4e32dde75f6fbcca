"""Shapes combined: union, intersection and difference, with the boundary that is left."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import numpy as np

from pinnkit.errors import UserError
from pinnkit.shapes.element import Element
from pinnkit.shapes.shape import Shape
from pinnkit.shapes.trimmed import Keeps, trimmed

Kind = Literal["union", "intersection", "difference"]

_STEP = 1e-9
"""Relative to the size, how far from the boundary it is asked what is on either side."""

_EMPTY = 1e-10
"""Relative to the box around it, a measure that is none."""


@final
@dataclass(frozen=True)
class Boolean(Shape):
    """Two shapes combined.

    A point of an element belongs to the boundary of the whole where the whole is on its inner side and not on its outer
    one. So edges that two shapes share go where they end up inside or outside, and where both have an edge that stays,
    that of the left one is kept. What has no measure, such as the edge along which two boxes touch, is no part of it.

    Args:
        kind: of combination; a difference is the left shape without the right one.
        left: the first shape.
        right: the second one.

    Raises:
        UserError: different numbers of coordinates, or nothing that is left.

    Example:
        >>> from pinnkit.shapes import Ball, Box
        >>> round(Boolean("difference", Box([0, 0], [2, 2]), Ball([1, 1], 0.5)).measure, 6)
        3.214602
    """

    kind: Kind
    left: Shape
    right: Shape

    def __post_init__(self) -> None:
        if self.left.dimension != self.right.dimension:
            raise UserError(
                f"shapes of {self.left.dimension} and of {self.right.dimension} coordinates cannot be combined"
            )
        lower, upper = self.bounds
        if not np.all(lower < upper) or not self.measure > _EMPTY * float(np.prod(upper - lower)):
            names = sorted({e.name.split(".")[0] for side in (self.left, self.right) for e in side.elements})
            raise UserError(f"the {self.kind} of {', '.join(f'`{name}`' for name in names)} is empty")

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """That of both."""
        return self.left.dimension

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Of a union that around both, of an intersection what both have, of a difference that of the left shape."""
        (a, b), (c, d) = self.left.bounds, self.right.bounds
        if self.kind == "union":
            return np.minimum(a, c), np.maximum(b, d)
        return (np.maximum(a, c), np.minimum(b, d)) if self.kind == "intersection" else (a, b)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """By those of the members."""
        one, other = self.left.inside(points), self.right.inside(points)
        if self.kind == "union":
            return one | other
        return one & (other if self.kind == "intersection" else ~other)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """The larger of both, the smaller of both, or the smaller of the left and the negative of the right."""
        one, other = self.left.depth(points), self.right.depth(points)
        if self.kind == "union":
            return np.maximum(one, other)
        return np.minimum(one, other if self.kind == "intersection" else -other)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """What is left of the elements of both."""
        side = -1 if self.kind == "difference" else 1
        return (*self._left_of(self.left, self._of_left, 1), *self._left_of(self.right, self._of_right, side))

    def _left_of(self, shape: Shape, keeps: Keeps, side: int) -> Iterator[Element]:
        for element in shape.elements:
            found = trimmed(element, keeps, side)
            if found is not None:
                yield found

    def _of_left(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Where the left shape's boundary is that of the whole: by what the right one is on the side that matters."""
        within, without = self._beside(self.right, points, normals)
        return {"union": ~without, "intersection": within, "difference": ~within}[self.kind]

    def _of_right(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """The same for the right one's, where the left shape has no boundary of its own: where its sides are alike."""
        within, without = self._beside(self.left, points, normals)
        return ~within & ~without if self.kind == "union" else within & without

    def _beside(self, other: Shape, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether a step against the normals of an element, and one along them, leads into the other shape."""
        step = self._step * normals
        return other.inside(points - step), other.inside(points + step)

    @property
    def _step(self) -> float:
        lower, upper = self.bounds
        return _STEP * float(np.linalg.norm(upper - lower))
