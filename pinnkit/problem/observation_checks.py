"""Checks of observations: whether their points lie in the domain."""

from collections.abc import Iterator

import numpy as np

from pinnkit.problem.finding import Remark
from pinnkit.problem.problem import Problem


def outside_points(problem: Problem) -> Iterator[Remark]:
    """Points of observations that lie outside the domain, where no equation holds."""
    for observations in problem.observations:
        outside = np.flatnonzero(~observations.inside([(c.lower, c.upper) for c in problem.coordinates]))
        if not len(outside):
            continue
        first = observations.points[outside[0]]
        at = ", ".join(f"{c.name} = {value:.6g}" for c, value in zip(problem.coordinates, first, strict=True))
        ends = ", ".join(f"{c.name} in [{c.lower:.6g}, {c.upper:.6g}]" for c in problem.coordinates)
        count, total = len(outside), len(observations.points)
        message = f"{count} of the {total} points of `{observations.name}` lie outside the domain, the first at ({at})"
        hint = f"The domain is {ends}, in the same units. `accept: [outside_points]` leaves such points out."
        yield Remark(message, observations.place, hint)
