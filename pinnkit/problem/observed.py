"""What was measured, as plain values: expressions of the fields at points, each with its noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, final

import numpy as np

from pinnkit.equations.expression import Expression
from pinnkit.errors import Place


@final
@dataclass(frozen=True, eq=False)
class Measured:
    """An expression of the fields and its values (n,) at the points of a set.

    ``noise`` (n,) is the standard deviation of every value, in its own unit. Where it is not ``known``, the range of
    the values stands in for it (1 where they are all the same), so that quantities of other units weigh alike.
    """

    expression: Expression
    values: np.ndarray
    noise: np.ndarray
    known: bool = True

    @staticmethod
    def within_range(expression: Expression, values: np.ndarray) -> "Measured":
        """Values of whose noise nothing is known."""
        spread = float(np.ptp(values)) if len(values) else 0.0
        return Measured(expression, values, np.full(values.shape, spread if spread > 0 else 1.0), known=False)

    @property
    def unit(self) -> Literal["noise", "range"]:
        """What a misfit is measured in."""
        return "noise" if self.known else "range"

    @property
    def uniform(self) -> bool:
        """Whether one number is the noise of all values."""
        return len(self.noise) > 0 and bool(np.all(self.noise == self.noise[0]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Measured):
            return NotImplemented
        same = self.expression == other.expression and self.known == other.known
        return same and np.array_equal(self.values, other.values) and np.array_equal(self.noise, other.noise)

    def __hash__(self) -> int:
        return hash((self.expression, self.values.tobytes()))


@final
@dataclass(frozen=True, eq=False)
class Observations:
    """Measurements at points (n, d), in the order of the problem's coordinates: one term of the loss."""

    name: str
    points: np.ndarray
    measured: tuple[Measured, ...]
    place: Place | None = field(default=None, compare=False)

    @property
    def noisy(self) -> bool:
        """Whether the noise is known."""
        return all(m.known for m in self.measured)

    def inside(self, intervals: Sequence[tuple[float, float]]) -> np.ndarray:
        """Which points (n,) lie in the intervals of the coordinates, up to rounding at their ends."""
        inside = np.ones(len(self.points), dtype=bool)
        for column, (lower, upper) in zip(self.points.T, intervals, strict=True):
            slack = 1e-12 * max((abs(end) for end in (lower, upper) if np.isfinite(end)), default=0.0)
            inside &= (column >= lower - slack) & (column <= upper + slack)
        return inside

    def only(self, chosen: np.ndarray) -> "Observations":
        """Those of the measurements that are chosen (n,), in the same units."""
        own = (replace(m, values=m.values[chosen], noise=m.noise[chosen]) for m in self.measured)
        return replace(self, points=self.points[chosen], measured=tuple(own))

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(self.points)

    def where(self, held: Mapping[int, float]) -> "Observations":
        """Those at given values of some coordinates, which their points then lack."""
        columns = list(held)
        there = np.isclose(self.points[:, columns], list(held.values()), rtol=1e-12, atol=0.0).all(axis=1)
        found = self.only(there)
        return replace(found, points=np.delete(found.points, columns, axis=1))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Observations):
            return NotImplemented
        same = self.name == other.name and self.measured == other.measured
        return same and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash((self.name, self.measured))
