"""The elements of which boundaries are made: points, segments, arcs of ellipses, and pieces of surfaces."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.shapes.element import Element

_TABLE = 512
_NEWTON = 4


@final
@dataclass(frozen=True, eq=False)
class End(Element):
    """An end of an interval, at `place`, with the outward direction `side` of -1 or 1."""

    name: str
    place: float
    side: int
    dimension_of_unit: int = field(default=0, init=False)

    @property
    def measure(self) -> float:
        """1."""
        return 1.0

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The end, for every point."""
        return np.full((len(unit), 1), self.place)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """The side."""
        return np.full((len(points), 1), float(self.side))

    def gap(self, points: np.ndarray) -> np.ndarray:
        """|x - place|."""
        return np.asarray(np.abs(points[:, 0] - self.place))


@final
@dataclass(frozen=True, eq=False)
class Flat(Element):
    """A segment, or a parallelogram in space: origin + the edges (k, d) times the unit coordinates, k = d - 1.

    Args:
        name: of the element.
        origin: a corner (d,).
        edges: from it along the sides, (d - 1, d), at right angles to each other or not.
        normal: outward, (d,), of length one.
    """

    name: str
    origin: np.ndarray
    edges: np.ndarray
    normal: np.ndarray

    @property
    def dimension_of_unit(self) -> int:  # type: ignore[override]
        """1 or 2."""
        return len(self.edges)

    @cached_property
    def measure(self) -> float:
        """The root of Gram's determinant."""
        return float(np.sqrt(np.linalg.det(self.edges @ self.edges.T)))

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points of the segment or parallelogram."""
        return np.asarray(self.origin + np.asarray(unit) @ self.edges)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """One for all."""
        return np.tile(self.normal, (len(points), 1))

    def gap(self, points: np.ndarray) -> np.ndarray:
        """The distance to the segment; in space, to the plane or, beside the parallelogram, to its corners' box."""
        away = points - self.origin
        inverse = np.linalg.inv(self.edges @ self.edges.T)
        unit = np.clip(away @ self.edges.T @ inverse, 0.0, 1.0)
        return np.asarray(np.linalg.norm(away - unit @ self.edges, axis=1))


@final
@dataclass(frozen=True, eq=False)
class Oval(Element):
    """An ellipse with semi-axes a and b, turned by an angle, by its arc length; a circle where they are equal.

    s(phi) = a E(phi, 1 - b^2/a^2) with the angle phi from the end of the minor axis, inverted by Newton's method.
    """

    name: str
    center: np.ndarray
    semi_axes: tuple[float, float]
    angle: float = 0.0
    dimension_of_unit: int = field(default=1, init=False)

    @cached_property
    def measure(self) -> float:
        """The length, a complete elliptic integral."""
        a, b = self.semi_axes
        if a == b:
            return 2.0 * np.pi * a
        from scipy.special import ellipeinc  # a problem is checked before scipy is loaded

        return float(a * ellipeinc(2.0 * np.pi, 1.0 - (b / a) ** 2))

    @property
    def flux(self) -> float:
        """Twice the area, pi a b."""
        return 2.0 * np.pi * self.semi_axes[0] * self.semi_axes[1]

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Points at equal shares of the length for equal shares of the unit interval."""
        a, b = self.semi_axes
        u = np.asarray(unit)[:, 0]
        if a == b:
            phi = 2.0 * np.pi * u
        else:
            from scipy.special import ellipeinc

            m, length = 1.0 - (b / a) ** 2, u * self.measure
            table = np.linspace(0.0, 2.0 * np.pi, _TABLE + 1)
            phi = np.interp(length, a * ellipeinc(table, m), table)
            for _ in range(_NEWTON):
                phi = phi - (a * ellipeinc(phi, m) - length) / (a * np.sqrt(1.0 - m * np.sin(phi) ** 2))
        return self._placed(np.stack([a * np.sin(phi), b * np.cos(phi)], axis=1))

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Along (x/a^2, y/b^2) in the ellipse's own axes."""
        slope = self.own(points) / np.square(self.semi_axes)
        slope /= np.linalg.norm(slope, axis=1, keepdims=True)
        return slope @ self.turn

    def gap(self, points: np.ndarray) -> np.ndarray:
        """|F|/|grad F| with F = x^2/a^2 + y^2/b^2 - 1: the distance to first order, exact for a circle."""
        own = self.own(points)
        if self.semi_axes[0] == self.semi_axes[1]:
            return np.asarray(np.abs(np.linalg.norm(own, axis=1) - self.semi_axes[0]))
        squares = np.square(self.semi_axes)
        slope = np.linalg.norm(2.0 * own / squares, axis=1)
        return np.asarray(np.abs(np.sum(own**2 / squares, axis=1) - 1.0) / np.maximum(slope, 1e-300))

    @property
    def turn(self) -> np.ndarray:
        """The rows are the ellipse's axes."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cosine, sine], [-sine, cosine]])

    def own(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) in the axes of the ellipse."""
        return np.asarray((points - self.center) @ self.turn.T)

    def _placed(self, own: np.ndarray) -> np.ndarray:
        return np.asarray(self.center + own @ self.turn)


@final
@dataclass(frozen=True, eq=False)
class Sphere(Element):
    """The surface of a ball in space: heights and angles that are even are even on it (Archimedes)."""

    name: str
    center: np.ndarray
    radius: float
    dimension_of_unit: int = field(default=2, init=False)

    @property
    def measure(self) -> float:
        """4 pi r^2."""
        return 4.0 * np.pi * self.radius**2

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Height 2 u - 1 and angle 2 pi v."""
        height, angle = 2.0 * np.asarray(unit)[:, 0] - 1.0, 2.0 * np.pi * np.asarray(unit)[:, 1]
        wide = np.sqrt(np.maximum(0.0, 1.0 - height**2))
        directions = np.stack([wide * np.cos(angle), wide * np.sin(angle), height], axis=1)
        return np.asarray(self.center + self.radius * directions)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Away from the centre."""
        away = points - self.center
        return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))

    def gap(self, points: np.ndarray) -> np.ndarray:
        """| |x - c| - r |."""
        return np.asarray(np.abs(np.linalg.norm(points - self.center, axis=1) - self.radius))


@final
@dataclass(frozen=True, eq=False)
class Tube(Element):
    """The side of a cylinder, around a straight axis between the centres of its caps.

    Args:
        name: of the element.
        frame: origin, axis (its whole length), and two unit vectors across it, (4, 3).
        radius: of the cylinder.
    """

    name: str
    frame: np.ndarray
    radius: float
    dimension_of_unit: int = field(default=2, init=False)

    @property
    def measure(self) -> float:
        """2 pi r h."""
        return float(2.0 * np.pi * self.radius * np.linalg.norm(self.frame[1]))

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """A share of the axis and an angle."""
        along, angle = np.asarray(unit).T
        origin, axis, one, other = self.frame
        across = np.outer(np.cos(2 * np.pi * angle), one) + np.outer(np.sin(2 * np.pi * angle), other)
        return np.asarray(origin + np.outer(along, axis) + self.radius * across)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Away from the axis."""
        across = (points - self.frame[0]) @ self.frame[2:].T
        directions = across @ self.frame[2:]
        return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))

    def gap(self, points: np.ndarray) -> np.ndarray:
        """To the side where the axis is, else to its rim."""
        away = points - self.frame[0]
        length = np.linalg.norm(self.frame[1])
        along = away @ self.frame[1] / length
        past = along - np.clip(along, 0.0, length)
        return np.asarray(np.hypot(np.linalg.norm(away @ self.frame[2:].T, axis=1) - self.radius, past))


@final
@dataclass(frozen=True, eq=False)
class Cap(Element):
    """A disc in space, around `center` and across `normal`, with two unit vectors (2, 3) in it."""

    name: str
    center: np.ndarray
    across: np.ndarray
    radius: float
    normal: np.ndarray
    dimension_of_unit: int = field(default=2, init=False)

    @property
    def measure(self) -> float:
        """pi r^2."""
        return np.pi * self.radius**2

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Radius r sqrt(u) and angle 2 pi v."""
        u, v = np.asarray(unit).T
        flat = (self.radius * np.sqrt(u))[:, None] * np.stack([np.cos(2 * np.pi * v), np.sin(2 * np.pi * v)], axis=1)
        return np.asarray(self.center + flat @ self.across)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """One for all."""
        return np.tile(self.normal, (len(points), 1))

    def gap(self, points: np.ndarray) -> np.ndarray:
        """To the disc."""
        away = points - self.center
        beyond = np.maximum(0.0, np.linalg.norm(away @ self.across.T, axis=1) - self.radius)
        return np.asarray(np.hypot(away @ self.normal, beyond))
