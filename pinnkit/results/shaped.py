"""Fields in a domain that is a shape: on a grid of the box around it, with nothing outside, and on a mesh of it."""

from collections.abc import Sequence

import numpy as np

from pinnkit.problem.family import members
from pinnkit.problem.problem import Problem
from pinnkit.results.fields import Field, MeshFields
from pinnkit.shapes import Outline, meshed

_CELLS = {1: 1000, 2: 160, 3: 40}
"""Spacings of a mesh along the longest side of its box, by the number of coordinates."""

_CURVE = 2000
"""Points of the longest curve that is drawn."""

_TIMES = 51

_ROUNDING = 1e-12
"""Of a shape's size: what a point of its boundary may lie outside."""


def only_in(problem: Problem, function: Field, closed: bool = False) -> Field:
    """The field, and NaN outside of the domain where that is a shape; with `closed`, the boundary is inside."""
    body = problem.body
    if body is None:
        return function
    columns = [problem.index(x) for x in body.coordinates]

    def values(points: np.ndarray) -> np.ndarray:
        at = points[:, columns]
        inside = body.shape.inside(at)
        if closed:
            inside[~inside] = body.shape.depth(at[~inside]) >= -_ROUNDING * body.shape.size
        found = np.asarray(function(points[inside]))
        whole = np.full((len(points), *found.shape[1:]), np.nan)
        whole[inside] = found
        return whole

    return values


def edges_of(problem: Problem) -> tuple[np.ndarray, ...]:
    """The curves (m, 2) that bound a domain that is a shape in the plane; none for others."""
    if problem.body is None or problem.body.shape.dimension != 2:
        return ()
    shape, curves = problem.body.shape, []
    for element in shape.elements:
        count = max(2, round(_CURVE * element.measure / shape.perimeter))
        points = Outline([element]).from_unit(np.linspace(0.0, 1.0, count)[:, None])
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        # Several parts of one curve are drawn apart.
        jumps = np.flatnonzero(steps > 5 * element.measure / count) + 1
        curves += np.split(points, jumps)
    return tuple(curves)


def meshed_fields(prediction: Field, fields: Sequence[str], problem: Problem, reference: Field | None) -> MeshFields:
    """The fields, and the reference of the first of them, on a mesh of the shape, of the first member of a family.

    They are there at some times where there is time.
    """
    body = problem.body
    assert body is not None
    lower, upper = body.shape.bounds
    mesh = meshed(body.shape, float(np.max(upper - lower)) / _CELLS[body.shape.dimension])
    times = None
    if problem.time is not None:
        clock = problem.coordinate(problem.time)
        times = np.linspace(clock.lower, clock.upper, _TIMES)
    first = members(problem, shown=True)[0] if problem.family else {}

    def at(time: float | None) -> np.ndarray:
        points = np.empty((len(mesh.points), len(problem.coordinates)))
        for k, name in enumerate(problem.scope.coordinates):
            points[:, k] = first.get(name, time if name == problem.time else np.nan)
        points[:, [problem.index(x) for x in body.coordinates]] = mesh.points
        return points

    def found(function: Field) -> dict[str, np.ndarray]:
        if times is None:
            values = np.asarray(function(at(None)))
            return dict(zip(fields, values.T, strict=False))
        every = np.stack([np.asarray(function(at(float(t)))) for t in times])
        return {name: every[:, :, k] for k, name in enumerate(fields[: every.shape[2]])}

    truth = found(reference) if reference is not None else {}
    return MeshFields(body.coordinates, mesh, found(prediction), truth, problem.time, times)
