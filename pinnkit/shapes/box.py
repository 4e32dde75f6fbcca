"""Intervals, rectangles and boxes in space."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, final

import numpy as np

from pinnkit.errors import UserError
from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import End, Flat
from pinnkit.shapes.requirements import exact, require_points
from pinnkit.shapes.shape import Shape


@final
@dataclass(frozen=True)
class Box(Shape):
    """The points with lower <= x <= upper in one, two or three dimensions.

    Args:
        lower: the lower corner.
        upper: the upper corner, above it in every coordinate.
        label: the name that its elements begin with.

    Raises:
        UserError: another number of coordinates, or an empty interval.

    Example:
        >>> Box([0, 0], [2, 1]).measure
        2.0
    """

    lower: Sequence[float]
    upper: Sequence[float]
    label: str = "box"

    def __post_init__(self) -> None:
        require_points("box", self.label, (1, 2, 3), self.lower, self.upper)
        if not all(a < b for a, b in zip(self.lower, self.upper, strict=True)):
            raise UserError(
                f"the box `{self.label}` is empty: `lower` {list(self.lower)} must be below `upper` {list(self.upper)}"
            )

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """The number of coordinates."""
        return len(self.lower)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Its own corners."""
        return np.array(self.lower, dtype=float), np.array(self.upper, dtype=float)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Within every interval."""
        lower, upper = self.bounds
        found = (points[:, 0] >= lower[0]) & (points[:, 0] <= upper[0])
        for d in range(1, self.dimension):
            found &= (points[:, d] >= lower[d]) & (points[:, d] <= upper[d])
        return np.asarray(found)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest face inside, to the nearest point of the box outside."""
        lower, upper = self.bounds
        outside = np.maximum(np.maximum(lower - points, points - upper), 0.0)
        within = np.minimum(points - lower, upper - points).min(axis=1)
        return np.where(within >= 0, within, -np.linalg.norm(outside, axis=1))

    def factor(self, x: Sequence[Any]) -> Any:
        """The least width over 4 times the product of 4 (x - a)(b - x)/(b - a)^2 over the coordinates."""
        ends = list(zip(x, map(exact, self.lower), map(exact, self.upper), strict=True))
        least = min(b - a for _, a, b in ends)
        return prod(4 * (s - a) * (b - s) / (b - a) ** 2 for s, a, b in ends) * least / 4

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Ends, edges or faces: of every coordinate the lower one, then the upper one."""
        lower, upper = self.bounds
        found: list[Element] = []
        for d, side in product(range(self.dimension), (-1, 1)):
            name = f"{self.label}.{2 * d + (side > 0) + 1}"
            if self.dimension == 1:
                found.append(End(name, float(lower[0] if side < 0 else upper[0]), side))
                continue
            origin = lower.copy()
            origin[d] = lower[d] if side < 0 else upper[d]
            edges = np.diag(upper - lower)[[e for e in range(self.dimension) if e != d]]
            found.append(Flat(name, origin, edges, side * np.eye(self.dimension)[d]))
        return tuple(found)
