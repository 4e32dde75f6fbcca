"""One member of a family that was solved at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.problem import Problem


class Fields(Protocol):
    """Fields over all coordinates of a problem, the parameters of its family among them."""

    problem: Problem

    def __call__(self, points: object) -> np.ndarray:
        """Values (n, f) at points (n, d)."""

    def derivative(self, name: str, points: object) -> np.ndarray:
        """A derivative (n,) by its name."""


@final
@dataclass(frozen=True, eq=False)
class Member:
    """The fields of a family at some values of its parameters.

    Args:
        whole: the fields of the family.
        values: the parameters that are fixed.
    """

    whole: Fields
    values: Mapping[str, float]

    @property
    def problem(self) -> Problem:
        """The problem of this member alone."""
        return self.whole.problem.with_parameters(**self.values)

    def __call__(self, points: object) -> np.ndarray:
        """The fields (n, f) at points (n, d) of the other coordinates, in declared order."""
        return self.whole(completed(self.whole.problem, self.values, points))

    def derivative(self, name: str, points: object) -> np.ndarray:
        """A derivative (n,) by the name that equations give it."""
        return self.whole.derivative(name, completed(self.whole.problem, self.values, points))


def fixed_values(problem: Problem, values: Mapping[str, float]) -> dict[str, float]:
    """The values of parameters that have a range, once they were found to lie in it.

    Raises:
        UserError: a name that is no such parameter, or a value outside its range.
    """
    for name, value in values.items():
        if name not in problem.family:
            message, hint = unknown("parameter with a range", name, problem.family)
            raise UserError(Mistake(message, hint=hint))
        axis = problem.coordinate(name).axis
        if not axis.lower <= value <= axis.upper:
            raise UserError(f"`{name}` = {value:g} lies outside the range [{axis.lower:g}, {axis.upper:g}]")
    return {name: float(value) for name, value in values.items()}


def completed(problem: Problem, values: Mapping[str, float], points: object) -> np.ndarray:
    """Points (n, d) of all coordinates, from those (n, d - k) without k that are fixed.

    Raises:
        UserError: points of another shape.
    """
    given = np.asarray(points, dtype=np.float64)
    left = [name for name in problem.scope.coordinates if name not in values]
    if given.ndim != 2 or given.shape[1] != len(left):
        raise UserError(f"points have the shape {given.shape}; they need (n, {len(left)}): {', '.join(left)}")
    columns = {name: given[:, k] for k, name in enumerate(left)}
    columns |= {name: np.full(len(given), value) for name, value in values.items()}
    return np.stack([columns[name] for name in problem.scope.coordinates], axis=1)
