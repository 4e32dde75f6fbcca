"""How far two solutions of one problem are apart: in fields, unknown parameters and outputs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pinnkit.results.solution import Solution
from pinnkit.verification import measured_at, relative_l2


class Apart(NamedTuple):
    """Differences by name.

    ``relative_l2`` of every field f is ||u_f - v_f|| / ||u_f|| over the test grid; those of the ``parameters`` that
    were found and of ``outputs`` that are numbers are in their own units.
    """

    relative_l2: dict[str, float]
    parameters: dict[str, float]
    outputs: dict[str, float]


def apart(one: Solution, other: Solution) -> Apart:
    """How far the fields v of another solution, and its numbers, are from those of one, u."""
    problem = one.problem
    points = measured_at(problem, one)
    mine, theirs = one(points.coordinates), other(points.coordinates)
    if problem.levels is not None:  # nothing determines the signs of eigenstates
        theirs = theirs * np.where(np.sum(theirs * mine, axis=0) < 0, -1.0, 1.0)
    found = relative_l2(theirs, mine, points.density)
    return Apart(
        dict(zip(problem.fields, map(float, found), strict=True)),
        _differences(one.parameters, other.parameters),
        _differences(one.outputs(), other.outputs()),
    )


def _differences(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, float]:
    pairs = ((name, value, theirs.get(name)) for name, value in mine.items())
    return {n: abs(a - b) for n, a, b in pairs if isinstance(a, float) and isinstance(b, float)}
