"""The residual of every equation on a grid: where the fields do not yet satisfy what they should."""

from dataclasses import replace

import numpy as np

from pinnkit.marching import Window, on_windows
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.results.fields import Field, GridFields, on_grid
from pinnkit.results.shaped import edges_of, only_in
from pinnkit.results.solution import Solution

_POINTS = {1: 1001, 2: 121}


def residual_map(solution: Solution) -> GridFields | None:
    """|r| of every equation, without weights, over one coordinate or two; NaN where an equation does not hold.

    Of more coordinates, the first two of space are shown, or the one of space and time: the other coordinates are held
    at the middle of their intervals, and time at its end. None where what is trained lives in another frame.
    """
    problem, run = solution.problem, solution.run
    if run.rewriting.frame is not None:
        return None
    names = problem.scope.coordinates
    across = [*problem.space[:2], *([problem.time] if problem.time is not None and len(problem.space) < 2 else [])][:2]
    count = _POINTS[len(across)]
    axes = [
        np.linspace(*c.axis.window, count) if c.name in across else np.array([_held(c, problem)])
        for c in problem.coordinates
    ]
    terms = [equation.name for equation in run.trial.problem.equations]
    grid = on_grid(only_in(problem, _residuals(solution, terms)), terms, names, axes, problem.time)
    for name in [name for name in names if name not in across]:
        grid = grid.cut(name, 0)
    edges = edges_of(problem) if set(across) == set(problem.space) else ()
    plane = GridFields(grid.names, grid.axes, grid.predicted, time=grid.time, fixed=grid.fixed, edges=edges)
    return replace(plane, units=problem.units)


def _held(coordinate: Coordinate, problem: Problem) -> float:
    """Where a coordinate that is not shown is held."""
    lower, upper = coordinate.axis.window
    return upper if coordinate.name == problem.time else 0.5 * (lower + upper)


def _residuals(solution: Solution, terms: list[str]) -> Field:
    """The sizes (n, equations) of the residuals at points of the domain, each in its own part of it."""
    trained = solution.run.trial.problem

    def at(window: Window, points: np.ndarray) -> np.ndarray:
        found = np.full((len(points), len(terms)), np.nan)
        for part in window.run.assembly.parts:
            ends = np.array([(c.lower, c.upper) for c in trained.coordinates_in(part)])
            own = (
                np.all((points >= ends[:, 0]) & (points <= ends[:, 1]), axis=1) if part else np.full(len(points), True)
            )
            for name, values in window.run.assembly.residuals(points[own], window.theta, part).items():
                found[own, terms.index(name)] = np.abs(values)
        return found

    return lambda points: on_windows(solution.windows, points, at) if len(points) else np.empty((0, len(terms)))
