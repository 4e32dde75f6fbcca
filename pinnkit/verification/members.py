"""The reference of a family of problems: one for every value of its parameters, made by the same method."""

from typing import final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.problem.family import members
from pinnkit.problem.problem import Problem
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution

MOST = 64
"""Members beyond which no further reference is made: each is a problem to be solved."""


def by_members(method: ReferenceMethod, problem: Problem) -> ReferenceSolution:
    """What a method makes of a problem, or of each member of a family when it is first asked for.

    The members at which errors are measured are made at once, and the largest of their errors is told.

    Raises:
        UserError: the method cannot treat a member, or the domain is a shape.
    """
    if problem.body is not None and not method.shapes:
        raise _no_box(problem)
    if not problem.family:
        return method.solve(problem)
    made = _Members(method, problem)
    first = [made.member(tuple(values[name] for name in problem.family)) for values in members(problem)]
    listed = ", ".join(f"`{name}`" for name in problem.family)
    return ReferenceSolution(
        made.values, f"{first[0].method}, for every value of {listed}", max(found.accuracy for found in first)
    )


def _no_box(problem: Problem) -> UserError:
    """Why a classical method does not treat a domain that is a shape."""
    message = f"`{problem.name}` has a domain that is a shape, and this method needs a box"
    hint = (
        "`lightning` treats Laplace's and Poisson's equation on shapes; an exact solution may be given for any other."
    )
    return UserError(Mistake(message, hint=hint))


@final
class _Members:
    """References by the values of the parameters; those that were made are kept."""

    def __init__(self, method: ReferenceMethod, problem: Problem) -> None:
        self._method = method
        self._problem = problem
        self._columns = [problem.index(name) for name in problem.family]
        self._made: dict[tuple[float, ...], ReferenceSolution] = {}

    def member(self, values: tuple[float, ...]) -> ReferenceSolution:
        """The reference at these values."""
        if values not in self._made:
            if len(self._made) >= MOST:
                message = f"references of `{self._problem.name}` are made for {MOST} of its members at most"
                raise UserError(Mistake(message, hint="Ask at fewer values of its parameters."))
            chosen = dict(zip(self._problem.family, values, strict=True))
            self._made[values] = self._method.solve(self._problem.with_parameters(**chosen))
        return self._made[values]

    def values(self, points: np.ndarray) -> np.ndarray:
        """The fields (n, f) at points (n, d) of all coordinates."""
        own, which = np.unique(points[:, self._columns], axis=0, return_inverse=True)
        rest = np.delete(points, self._columns, axis=1)
        found = np.empty((len(points), len(self._problem.fields)))
        for number, values in enumerate(own):
            rows = which.reshape(-1) == number
            found[rows] = self.member(tuple(values.tolist())).values(rest[rows])
        return found
