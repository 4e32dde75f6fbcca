"""What a shape is: a closed set of points with a boundary of smooth elements."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pinnkit.shapes.element import Element


class Shape(ABC):
    """A bounded closed set in one, two or three dimensions.

    Shapes are values: they keep no state, and chance comes from the generator that is handed in. Points are arrays
    (n, d), float64.
    """

    dimension: int

    @property
    @abstractmethod
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper corner (d,) of a box around the shape, for primitives the smallest."""

    @abstractmethod
    def inside(self, points: np.ndarray) -> np.ndarray:
        """Which points (n, d) belong to the shape: booleans (n,). Those of its boundary may count either way."""

    @abstractmethod
    def depth(self, points: np.ndarray) -> np.ndarray:
        """The signed distance (n,) of points (n, d) to the boundary, positive inside.

        Of booleans it is the combination of those of their members: right in sign, zero on the boundary, and in
        magnitude never more than the distance.
        """

    @property
    @abstractmethod
    def elements(self) -> tuple[Element, ...]:
        """The smooth elements of the boundary, each once, with the names of the shapes that they come from."""

    def factor(self, x: Sequence[Any]) -> Any:
        """A polynomial that is positive inside and vanishes on the boundary, to first order but in corners; or None.

        It is written in sums and products alone, so that `x` may be numbers, arrays or symbols, one a coordinate.
        """
        return None

    @property
    def rounded(self) -> bool:
        """Whether the polynomial is negative everywhere outside, so that its sign tells on which side a point is."""
        return False

    @property
    def cells(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The points (n, d) and cells (m, d + 1) of a shape that came as a mesh; None of any other."""
        return None

    @cached_property
    def measure(self) -> float:
        """Length, area or volume: by the divergence theorem (1/d) times the integral of x.n over the boundary."""
        return sum(element.flux for element in self.elements) / self.dimension

    @cached_property
    def perimeter(self) -> float:
        """The measure of the boundary: a number of points, a length, or an area."""
        return sum(element.measure for element in self.elements)

    @cached_property
    def size(self) -> float:
        """The diagonal of the box around the shape."""
        lower, upper = self.bounds
        return float(np.linalg.norm(upper - lower))

    def draw(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Independent points (count, d), uniform over the shape."""
        lower, upper = self.bounds
        share = self.measure / float(np.prod(upper - lower))
        found: list[np.ndarray] = []
        missing = count
        while missing > 0:
            tried = lower + (upper - lower) * generator.random((int(1.05 * missing / share) + 16, self.dimension))
            found.append(tried[self.inside(tried)][:missing])
            missing -= len(found[-1])
        return np.concatenate(found) if found else np.empty((0, self.dimension))
