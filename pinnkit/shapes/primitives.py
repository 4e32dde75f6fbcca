"""The shapes that are combined: intervals, boxes, balls, ellipses, polygons and cylinders."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.element import Element
from pinnkit.shapes.elements import Cap, End, Flat, Oval, Sphere, Tube
from pinnkit.shapes.shape import Shape

_FLAT = 1e-12
"""Relative to a shape's size, below which a length is none."""


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
        _require_points("box", self.label, (1, 2, 3), self.lower, self.upper)
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


@final
@dataclass(frozen=True)
class Ball(Shape):
    """The points within a radius of a centre: a disc in the plane, a ball in space.

    Args:
        center: of two or three coordinates.
        radius: above zero.
        label: the name of its boundary.

    Raises:
        UserError: another number of coordinates, or no radius.

    Example:
        >>> round(Ball([0, 0], 1).measure, 6)
        3.141593
    """

    center: Sequence[float]
    radius: float
    label: str = "ball"

    def __post_init__(self) -> None:
        _require_points("ball", self.label, (2, 3), self.center)
        _require_lengths("ball", self.label, radius=self.radius)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """The number of coordinates."""
        return len(self.center)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The centre less and plus the radius."""
        center = np.array(self.center, dtype=float)
        return center - self.radius, center + self.radius

    def inside(self, points: np.ndarray) -> np.ndarray:
        """|x - c| <= r."""
        squares = (points[:, 0] - self.center[0]) ** 2
        for d in range(1, self.dimension):
            squares += (points[:, d] - self.center[d]) ** 2
        return np.asarray(squares <= self.radius**2)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """r - |x - c|."""
        return np.asarray(self.radius - np.linalg.norm(points - np.array(self.center), axis=1))

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The circle or the sphere."""
        center = np.array(self.center, dtype=float)
        if self.dimension == 3:
            return (Sphere(self.label, center, self.radius),)
        return (Oval(self.label, center, (self.radius, self.radius)),)


@final
@dataclass(frozen=True)
class Ellipse(Shape):
    """The points with x^2/a^2 + y^2/b^2 <= 1 in axes that are turned by an angle around the centre.

    Args:
        center: of two coordinates.
        semi_axes: a and b.
        angle: from the first coordinate to the axis of a, in degrees.
        label: the name of its boundary.

    Raises:
        UserError: another number of coordinates, or an axis without length.

    Example:
        >>> round(Ellipse([0, 0], (2, 1)).measure, 6)
        6.283185
    """

    center: Sequence[float]
    semi_axes: tuple[float, float]
    angle: float = 0.0
    label: str = "ellipse"
    dimension = 2

    def __post_init__(self) -> None:
        _require_points("ellipse", self.label, (2,), self.center, self.semi_axes)
        _require_lengths("ellipse", self.label, semi_axes=min(self.semi_axes))

    @cached_property
    def _oval(self) -> Oval:
        a, b = map(float, self.semi_axes)
        return Oval(self.label, np.array(self.center, dtype=float), (a, b), np.deg2rad(self.angle))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The extent along each coordinate is the root of (a cos)^2 + (b sin)^2, and of (a sin)^2 + (b cos)^2."""
        reach = np.sqrt(np.square(self._oval.turn.T) @ np.square(self.semi_axes))
        return self._oval.center - reach, self._oval.center + reach

    def inside(self, points: np.ndarray) -> np.ndarray:
        """By the equation."""
        return np.asarray(np.sum((self._oval.own(points) / self.semi_axes) ** 2, axis=1) <= 1.0)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest point of the ellipse, by bisection on Lagrange's multiplier (D. Eberly, 2013)."""
        own = np.abs(self._oval.own(points))
        distance = _to_ellipse(own, self.semi_axes)
        return np.where(self.inside(points), distance, -distance)

    @property
    def elements(self) -> tuple[Element, ...]:
        """The ellipse."""
        return (self._oval,)


@final
@dataclass(frozen=True)
class Polygon(Shape):
    """A simple polygon in the plane, given by its corners in either order; its elements are its edges.

    Args:
        corners: (n, 2), n >= 3; edge k goes from corner k to the next, and is called `label.k`, counted from 1.
        label: the name that its elements begin with.

    Raises:
        UserError: fewer than three corners, two that follow each other in one place, edges that cross.

    Example:
        >>> Polygon([[0, 0], [2, 0], [0, 2]]).measure
        2.0
    """

    corners: Sequence[Sequence[float]]
    label: str = "polygon"
    dimension = 2

    def __post_init__(self) -> None:
        _require_points("polygon", self.label, (2,), *self.corners)
        if len(self.corners) < 3:
            raise UserError(f"the polygon `{self.label}` has {len(self.corners)} corners; it needs at least 3")
        points, following = self._points, np.roll(self._points, -1, axis=0)
        size = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
        for k in np.flatnonzero(np.linalg.norm(following - points, axis=1) <= _FLAT * size).tolist():
            raise UserError(
                f"corner {k + 1} of the polygon `{self.label}` and the next are one point, {self.corners[k]}"
            )
        crossing = _crossing(points, following)
        if crossing is not None:
            one, other = crossing
            hint = "Give the corners in the order in which they are met on the way around."
            raise UserError(Mistake(f"edges {one + 1} and {other + 1} of the polygon `{self.label}` cross", hint=hint))

    @cached_property
    def _points(self) -> np.ndarray:
        return np.array(self.corners, dtype=float).reshape(-1, 2)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The extremes of the corners."""
        return self._points.min(axis=0), self._points.max(axis=0)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Even and odd: how many edges a ray to the right crosses; points on an edge are inside."""
        x, y = points[:, 0], points[:, 1]
        odd = np.zeros(len(points), dtype=bool)
        on = np.zeros(len(points), dtype=bool)
        for (ax, ay), (bx, by) in zip(self._points, np.roll(self._points, -1, axis=0), strict=True):
            side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if ay != by:
                across = (y >= min(ay, by)) & (y < max(ay, by))
                odd ^= across & ((side > 0) == (by > ay))
            flat = side == 0
            if flat.any():
                on |= flat & (x >= min(ax, bx)) & (x <= max(ax, bx)) & (y >= min(ay, by)) & (y <= max(ay, by))
        return odd | on

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the nearest edge."""
        distance = np.min([edge.gap(points) for edge in self.elements], axis=0)
        return np.where(self.inside(points), distance, -distance)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The edges, in the order of the corners."""
        points, following = self._points, np.roll(self._points, -1, axis=0)
        turn = np.sign(np.sum(points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]))
        found = []
        for k, (start, end) in enumerate(zip(points, following, strict=True), 1):
            along = end - start
            normal = turn * np.array([along[1], -along[0]]) / np.linalg.norm(along)
            found.append(Flat(f"{self.label}.{k}", start, along[None], normal))
        return tuple(found)


@final
@dataclass(frozen=True)
class Cylinder(Shape):
    """A straight cylinder with flat caps in space.

    Args:
        base: the centre of the first cap.
        axis: from it to the centre of the second cap.
        radius: above zero.
        label: the name that its elements begin with: `label.side`, `label.base` and `label.top`.

    Raises:
        UserError: another number of coordinates, no axis, no radius.

    Example:
        >>> round(Cylinder([0, 0, 0], [0, 0, 2], 1).measure, 6)
        6.283185
    """

    base: Sequence[float]
    axis: Sequence[float]
    radius: float
    label: str = "cylinder"
    dimension = 3

    def __post_init__(self) -> None:
        _require_points("cylinder", self.label, (3,), self.base, self.axis)
        _require_lengths("cylinder", self.label, radius=self.radius, axis=float(np.linalg.norm(self.axis)))

    @cached_property
    def _frame(self) -> np.ndarray:
        """Origin, axis, and two unit vectors across it."""
        axis = np.array(self.axis, dtype=float)
        one = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
        one /= np.linalg.norm(one)
        other = np.cross(axis / np.linalg.norm(axis), one)
        return np.stack([np.array(self.base, dtype=float), axis, one, other])

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Of both caps, each of which reaches r sqrt(1 - e^2) along a coordinate with the share e of the axis."""
        origin, axis = self._frame[:2]
        reach = self.radius * np.sqrt(np.maximum(0.0, 1.0 - (axis / np.linalg.norm(axis)) ** 2))
        return np.minimum(origin, origin + axis) - reach, np.maximum(origin, origin + axis) + reach

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Between the caps and within the radius."""
        along, across = self._along_and_across(points)
        return np.asarray((along >= 0) & (along <= np.linalg.norm(self.axis)) & (across <= self.radius))

    def depth(self, points: np.ndarray) -> np.ndarray:
        """To the side or a cap inside, to the nearest point of the cylinder outside."""
        along, across = self._along_and_across(points)
        past = np.maximum(-along, along - np.linalg.norm(self.axis))
        beyond = across - self.radius
        outside = np.hypot(np.maximum(past, 0.0), np.maximum(beyond, 0.0))
        return np.where((past <= 0) & (beyond <= 0), -np.maximum(past, beyond), -outside)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The side and both caps."""
        origin, axis, *across = self._frame
        unit, flat = axis / np.linalg.norm(axis), np.stack(across)
        return (
            Tube(f"{self.label}.side", self._frame, self.radius),
            Cap(f"{self.label}.base", origin, flat, self.radius, -unit),
            Cap(f"{self.label}.top", origin + axis, flat, self.radius, unit),
        )

    def _along_and_across(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        origin, axis = self._frame[:2]
        away = points - origin
        along = away @ axis / np.linalg.norm(axis)
        return along, np.linalg.norm(away @ self._frame[2:].T, axis=1)


def _require_points(kind: str, label: str, dimensions: tuple[int, ...], *points: Sequence[float]) -> None:
    """Refuse points of another number of coordinates, of different numbers, or with one that is not finite."""
    lengths = {len(point) for point in points}
    if len(lengths) != 1 or not lengths <= set(dimensions):
        need = " or ".join(map(str, dimensions))
        raise UserError(f"the {kind} `{label}` needs points of {need} coordinates each, not of {sorted(lengths)}")
    if not all(np.isfinite(value) for point in points for value in point):
        raise UserError(f"the {kind} `{label}` has a coordinate that is not a finite number")


def _require_lengths(kind: str, label: str, **lengths: float) -> None:
    for option, value in lengths.items():
        if not 0 < value < float("inf"):
            raise UserError(f"`{option}` of the {kind} `{label}` is {value:g}; it needs a finite length above 0")


def _crossing(start: np.ndarray, end: np.ndarray) -> tuple[int, int] | None:
    """Two edges that do not follow each other and meet, or None."""

    def side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.asarray(
            np.sign(
                (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
            )
        )

    count = len(start)
    for k in range(count - 1):
        others = np.arange(k + 2, count - (k == 0))
        a, b, c, d = start[k], end[k], start[others], end[others]
        apart = (np.maximum(c, d) < np.minimum(a, b)).any(axis=1) | (np.minimum(c, d) > np.maximum(a, b)).any(axis=1)
        meets = (side(a, b, c) * side(a, b, d) <= 0) & (side(c, d, a) * side(c, d, b) <= 0) & ~apart
        if meets.any():
            return k, int(others[np.argmax(meets)])
    return None


def _to_ellipse(points: np.ndarray, semi_axes: Sequence[float]) -> np.ndarray:
    """The distance (n,) of points (n, 2) of the first quadrant to an ellipse around the origin.

    The nearest point is (a^2 x/(t + a^2), b^2 y/(t + b^2)) with the t above -min(a, b)^2 at which it is on the ellipse.
    """
    squares = np.square(np.asarray(semi_axes, dtype=float))
    scaled = points * semi_axes
    low = np.max(scaled - squares, axis=1)
    high = np.linalg.norm(scaled, axis=1) - squares.min()
    high = np.maximum(high, low)
    for _ in range(100):
        t = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = np.sum(np.nan_to_num((scaled / (t[:, None] + squares)) ** 2, nan=0.0), axis=1) > 1.0
        low, high = np.where(above, t, low), np.where(above, high, t)
    shift = 0.5 * (low + high)[:, None] + squares
    tiny = np.abs(shift) <= 1e-14 * squares
    nearest = np.where(tiny, 0.0, squares * points / np.where(tiny, 1.0, shift))
    # On an axis inside the evolute the other coordinate is free: it is what the ellipse asks for.
    rest = np.clip(1.0 - np.sum(np.where(tiny, 0.0, nearest**2 / squares), axis=1, keepdims=True), 0.0, None)
    nearest = np.where(tiny, np.sqrt(rest * squares), nearest)
    return np.asarray(np.linalg.norm(points - nearest, axis=1))
