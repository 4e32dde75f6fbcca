"""Fields in a domain that is a shape: on a grid of the box around it, with nothing outside, and on a mesh of it."""

from dataclasses import replace

import numpy as np

from pinnkit.problem.family import members
from pinnkit.problem.problem import Problem
from pinnkit.results.fields import Field, GridFields, MeshFields, on_grid, only_in, regular_axes
from pinnkit.shapes import Outline, Shape, meshed

_CELLS = {1: 1000, 2: 160, 3: 40}
"""Spacings of a mesh along the longest side of its box, by the number of coordinates."""

_CURVE = 2000
"""Points of the longest curve that is drawn."""

_TIMES = 51


def in_shape(prediction: Field, problem: Problem, reference: Field | None) -> GridFields:
    """The fields on a regular grid of the box around the shape, NaN outside of it, with the curves that bound it."""
    body, names = problem.body, problem.scope.coordinates
    assert body is not None
    columns = [problem.index(x) for x in body.coordinates]
    own = [c for c in problem.coordinates if not c.family]
    known = dict(zip((c.name for c in own), regular_axes([c.axis.window for c in own]), strict=True))
    shown = members(problem, shown=True)
    axes = [known[n] if n in known else np.unique([values[n] for values in shown]) for n in names]
    truth = only_in(body.shape, columns, reference) if reference is not None else None
    grid = on_grid(only_in(body.shape, columns, prediction), problem.fields, names, axes, problem.time, truth)
    return replace(grid, family=problem.family, edges=_curves(body.shape))


def meshed_fields(prediction: Field, problem: Problem, reference: Field | None) -> MeshFields:
    """The fields on a mesh of the shape, at some times where there is time, of the first member of a family."""
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
            return {name: values[:, k] for k, name in enumerate(problem.fields)}
        every = np.stack([np.asarray(function(at(float(t)))) for t in times])
        return {name: every[:, :, k] for k, name in enumerate(problem.fields)}

    truth = found(reference) if reference is not None else {}
    return MeshFields(body.coordinates, mesh, found(prediction), truth, problem.time, times)


def _curves(shape: Shape) -> tuple[np.ndarray, ...]:
    """The boundary of a shape in the plane, curve by curve."""
    if shape.dimension != 2:
        return ()
    curves = []
    for element in shape.elements:
        count = max(2, round(_CURVE * element.measure / shape.perimeter))
        points = Outline([element]).from_unit(np.linspace(0.0, 1.0, count)[:, None])
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        # Several parts of one curve are drawn apart.
        jumps = np.flatnonzero(steps > 5 * element.measure / count) + 1
        curves += np.split(points, jumps)
    return tuple(curves)
