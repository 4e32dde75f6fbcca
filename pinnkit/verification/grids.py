"""Dense points on which an answer is measured, apart from those on which it was trained."""

import numpy as np

from pinnkit.geometry.box import box_of
from pinnkit.points.sobol import Sobol
from pinnkit.problem.family import members
from pinnkit.problem.problem import Problem

STEPS = {1: 1001, 2: 201, 3: 41}
"""The number of cells along every coordinate, by the number of coordinates."""

MANY = 20_000
"""The number of points in four dimensions or more, where a grid would have few along every coordinate."""


def test_grid(problem: Problem) -> tuple[list[np.ndarray] | None, np.ndarray]:
    """The centres of equal cells of the problem's box, or Sobol points where it has four coordinates or more.

    Cell centres weigh every part of the box alike and avoid its faces, where conditions are often built in. Along a
    coordinate with an infinite end the cells are equal in its mapped coordinate s. A family has such points for some
    members each, the ends of its ranges among them.

    Of a domain that is a shape they are those that lie in it.

    Returns:
        The values along each coordinate (None where the points are no grid), and the points, shape (n, d), of which
        the last coordinate runs fastest: fields on them take the shape of the grid by ``reshape``.
    """
    box, chosen = box_of(problem), members(problem)
    own = box.dimension - len(problem.family)
    if own not in STEPS:
        points = Sobol(MANY).draw(box, np.random.default_rng(0)).coordinates
        for name in problem.family:
            points[:, problem.index(name)] = np.resize([values[name] for values in chosen], MANY)
        return None, _in_shape(problem, points)
    centres = (np.arange(STEPS[own]) + 0.5) / STEPS[own]
    axes = [
        np.unique([values[axis.name] for values in chosen]) if axis.name in problem.family else axis.from_unit(centres)
        for axis in box.axes
    ]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    return (axes, points) if problem.body is None else (None, _in_shape(problem, points))


def _in_shape(problem: Problem, points: np.ndarray) -> np.ndarray:
    """The points that lie in the shape of a problem's domain: all of them where it has none."""
    if problem.body is None:
        return points
    return points[problem.body.shape.inside(points[:, [problem.index(x) for x in problem.body.coordinates]])]
