"""An axis-parallel box, the product of the coordinates' intervals, and its flat faces."""

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.maps import Axis
from pinnkit.problem.problem import Face, Problem, Side


class Domain(Protocol):
    """What a sampler needs to know: a map from a unit cube of some dimension onto the domain, or a set around it."""

    @property
    def dimension_of_unit(self) -> int:
        """The number of coordinates of the unit cube; zero where the domain is a single point."""

    @property
    def share(self) -> float:
        """About how much of the unit cube belongs to the domain; 1 where all of it does."""

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points of the domain, shape (n, d), that belong to points of the unit cube."""

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which points of the unit cube belong to the domain; booleans of shape (n,)."""


@final
@dataclass(frozen=True, eq=False)
class Box:
    """The points x with lower_i <= x_i <= upper_i.

    Args:
        names: one name a coordinate, in the order in which the columns of points are given.
        lower: the lower ends, shape (d,), in the coordinates' own units.
        upper: the upper ends, shape (d,), each above its lower end.
        scales: the lengths of the maps of coordinates with an infinite end, shape (d,); without them all are finite.

    Along a coordinate with an infinite end the map from the unit cube is that of `Axis`: points are spread evenly in
    the mapped coordinate, and stay finite.

    Raises:
        UserError: an interval that is empty, or not finite where there are no scales.

    Example:
        >>> Box(("x", "t"), [-1, 0], [1, 3]).measure
        6.0
    """

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    scales: np.ndarray | None = None

    def __post_init__(self) -> None:
        for end in ("lower", "upper", "scales"):
            if getattr(self, end) is None:
                continue
            values = np.array(getattr(self, end), dtype=np.float64)
            if values.shape != (len(self.names),):
                raise UserError(
                    f"`{end}` of a box over {self.names} needs {len(self.names)} numbers, not {values.shape}"
                )
            values.setflags(write=False)
            object.__setattr__(self, end, values)
        for name, low, high in zip(self.names, self.lower, self.upper, strict=True):
            finite = (np.isfinite(low) and np.isfinite(high)) or self.scales is not None
            if not (finite and low < high):
                raise UserError(
                    f"the interval of `{name}` is [{low:g}, {high:g}]; it needs two finite ends, the lower first"
                )

    @property
    def dimension(self) -> int:
        """The number d of coordinates."""
        return len(self.names)

    @property
    def dimension_of_unit(self) -> int:
        """The number of coordinates of the unit cube that `from_unit` maps onto the box: d."""
        return self.dimension

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The map of every coordinate."""
        scales = self.scales if self.scales is not None else np.ones(self.dimension)
        ends = zip(self.names, self.lower, self.upper, scales, strict=True)
        return tuple(Axis(name, float(low), float(high), scale=float(scale)) for name, low, high, scale in ends)

    @property
    def measure(self) -> float:
        """The volume, the product of the intervals' lengths, which may be infinite."""
        return float(np.prod(self.upper - self.lower))

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points lower + (upper - lower) u, or the mapped ones, for points u of the unit cube, shape (n, d)."""
        columns = np.asarray(unit, dtype=np.float64).T
        return np.stack([axis.from_unit(u) for axis, u in zip(self.axes, columns, strict=True)], axis=1)

    def to_unit(self, points: np.ndarray) -> np.ndarray:
        """The inverse of `from_unit`: points of the unit cube, shape (n, d)."""
        columns = np.asarray(points, dtype=np.float64).T
        return np.stack([axis.to_unit(x) for axis, x in zip(self.axes, columns, strict=True)], axis=1)

    @property
    def share(self) -> float:
        """1."""
        return 1.0

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """All of them."""
        return np.ones(len(unit), dtype=bool)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Which of the points, shape (n, d), lie in the box or on its boundary; booleans of shape (n,)."""
        values = np.asarray(points, dtype=np.float64)
        return np.all((values >= self.lower) & (values <= self.upper), axis=1)

    def face(self, coordinate: str, side: Side) -> "BoxFace":
        """The face on which `coordinate` stands at one of its ends.

        Raises:
            UserError: a name that is not a coordinate of the box.
        """
        if coordinate not in self.names:
            message, hint = unknown("coordinate", coordinate, self.names)
            raise UserError(Mistake(message, hint=hint))
        ends = self.lower if side == "lower" else self.upper
        return BoxFace(coordinate, side, float(ends[self.names.index(coordinate)]), self)

    def faces(self) -> tuple["BoxFace", ...]:
        """All 2 d faces: of each coordinate in turn the lower one, then the upper one."""
        sides: tuple[Side, Side] = ("lower", "upper")
        return tuple(self.face(name, side) for name in self.names for side in sides)


@final
@dataclass(frozen=True, eq=False)
class BoxFace:
    """The part of a box on which one coordinate is held at a value.

    Args:
        coordinate: the coordinate that is held.
        side: the end at which it is held, which gives the direction of the outward normal.
        value: the value of the coordinate on the face; points of a face at infinity lie at the `reach` of its axis.
        box: the box that the face bounds.
    """

    coordinate: str
    side: Side
    value: float
    box: Box

    @property
    def axis(self) -> int:
        """The column of the held coordinate."""
        return self.box.names.index(self.coordinate)

    @property
    def dimension_of_unit(self) -> int:
        """The number d - 1 of free coordinates; zero at an end point of an interval."""
        return self.box.dimension - 1

    @property
    def measure(self) -> float:
        """The product of the free coordinates' lengths; 1 for an end point of an interval."""
        return float(np.prod(np.delete(self.box.upper - self.box.lower, self.axis)))

    @property
    def share(self) -> float:
        """1."""
        return 1.0

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """All of them."""
        return np.ones(len(unit), dtype=bool)

    @property
    def normal(self) -> np.ndarray:
        """The outward unit normal, shape (d,)."""
        direction = np.zeros(self.box.dimension)
        direction[self.axis] = 1.0 if self.side == "upper" else -1.0
        return direction

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points of the face, shape (n, d), that belong to points of the unit cube, shape (n, d - 1)."""
        points = self.box.from_unit(np.insert(np.asarray(unit, dtype=np.float64), self.axis, 0.0, axis=1))
        points[:, self.axis] = self.box.axes[self.axis].placed(self.value)
        return points


def box_of(problem: Problem, part: str = "") -> Box:
    """The box of a problem's coordinates, or of a part of its domain, in the order in which they are declared."""
    coordinates = problem.coordinates_in(part)
    return Box(
        tuple(c.name for c in coordinates),
        np.array([c.lower for c in coordinates]),
        np.array([c.upper for c in coordinates]),
        np.array([c.scale for c in coordinates]),
    )


def face_of(problem: Problem, face: Face) -> BoxFace:
    """The face of a problem's box on which a condition is asked."""
    return BoxFace(face.coordinate, face.side, face.value, box_of(problem, face.part))
