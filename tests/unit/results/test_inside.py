"""Integrals and extrema over shapes.

- The cones' weights sum up to the measure, and integrate smooth functions to rounding, whatever the form.
- A function that has no value outside is integrated by the mesh.
- A least value inside is found to rounding, and one on a curved boundary is found on that.
"""

from typing import Any

import numpy as np
import pytest

from pinnkit.equations.evaluate import compile_tree
from pinnkit.geometry import GaussLegendre
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.results.extrema import Smooth
from pinnkit.results.inside import integral_over, least_in
from pinnkit.results.outputs import find_outputs
from pinnkit.shapes import Shape
from pinnkit.shapes.ball import Ball
from pinnkit.shapes.boolean import Boolean
from pinnkit.shapes.box import Box
from pinnkit.shapes.interior import cone_nodes, mesh_nodes

SQUARE = Box(lower=(-1.0, -1.0), upper=(1.0, 1.0))
HOLE = Ball(center=(0.3, 0.2), radius=0.4)
L = Boolean("difference", SQUARE, Box(lower=(0.0, 0.0), upper=(1.0, 1.0)))
SHAPES: dict[str, tuple[Shape, float, float]] = {
    "square": (SQUARE, 4.0, 4.0 / 3),
    "ring": (Boolean("difference", SQUARE, HOLE), 4 - np.pi * 0.16, 4.0 / 3 - np.pi * (0.4**4 / 4 + 0.16 * 0.09)),
    "L": (L, 3.0, 1.0),
    "line": (Box(lower=(-1.0,), upper=(2.0,)), 3.0, 3.0),
    "ball": (Ball(center=(0.0, 0.0, 0.0), radius=1.0), 4 * np.pi / 3, 4 * np.pi / 15),
}
"""A shape, its measure, and the integral of x^2."""


@pytest.mark.parametrize("name", SHAPES)
def test_cones_measure_and_integrate(name: str) -> None:
    shape, measure, second = SHAPES[name]
    points, weights = cone_nodes(shape)
    assert weights.sum() == pytest.approx(measure, rel=1e-10)
    assert weights @ points[:, 0] ** 2 == pytest.approx(second, rel=1e-10)
    points, weights = mesh_nodes(shape)
    assert shape.inside(points).all()
    assert weights @ points[:, 0] ** 2 == pytest.approx(second, rel=2e-2)
    assert integral_over(lambda x: np.exp(x[:, 0]), shape) == pytest.approx(weights @ np.exp(points[:, 0]), rel=2e-3)


def test_what_has_no_value_outside_is_integrated_by_the_mesh() -> None:
    shape = SHAPES["ring"][0]

    def hollow(points: np.ndarray) -> np.ndarray:
        return np.sqrt(np.hypot(points[:, 0] - 0.3, points[:, 1] - 0.2) - 0.4)  # of a negative number in the hole

    points, weights = mesh_nodes(shape)
    assert integral_over(hollow, shape) == float(weights @ hollow(points))

    def wild(points: np.ndarray) -> np.ndarray:
        return np.where(shape.inside(points), 1.0, 1e6)

    assert integral_over(wild, shape) == pytest.approx(shape.measure)


def test_a_least_value_inside_and_one_on_the_boundary() -> None:
    ring = SHAPES["ring"][0]
    bowl = Smooth(
        lambda x: (x[:, 0] + 0.31) ** 2 + 2 * (x[:, 1] + 0.47) ** 2 - 7,
        lambda x: np.stack([2 * (x[:, 0] + 0.31), 4 * (x[:, 1] + 0.47)], axis=1),
        lambda x: np.tile(np.diag([2.0, 4.0]), (len(x), 1, 1)),
    )
    found = least_in(bowl, ring, (0, 1), np.full(2, -1.0), np.full(2, 1.0))
    assert found is not None
    np.testing.assert_allclose(found[0], [-0.31, -0.47], atol=1e-12)
    assert found[1] == pytest.approx(-7.0, abs=1e-14)
    # The nearest point of the hole to one in its middle: on the rim, where the line through the centre meets it.
    aim = np.array([0.25, 0.1])
    near = Smooth(lambda x: np.sum((x - aim) ** 2, axis=1))
    found = least_in(near, ring, (0, 1), np.full(2, -1.0), np.full(2, 1.0))
    assert found is not None
    way = (aim - [0.3, 0.2]) / np.linalg.norm(aim - [0.3, 0.2])
    np.testing.assert_allclose(found[0], np.array([0.3, 0.2]) + 0.4 * way, atol=1e-6)
    assert found[1] == pytest.approx((0.4 - np.linalg.norm(aim - [0.3, 0.2])) ** 2, rel=1e-8)


def test_other_coordinates_take_part() -> None:
    moving = Smooth(lambda p: (p[:, 1] - 0.2) ** 2 + (p[:, 2] + 0.5) ** 2 + (p[:, 0] - 0.3) ** 2)
    found = least_in(moving, SQUARE, (1, 2), np.array([0.0, -1.0, -1.0]), np.array([1.0, 1.0, 1.0]))
    assert found is not None
    np.testing.assert_allclose(found[0], [0.3, 0.2, -0.5], atol=1e-6)


DISC: dict[str, Any] = {
    "name": "disc",
    "coordinates": {"x": [-1, 1], "y": [-1, 1], "t": [0, 2]},
    "time": "t",
    "fields": ["u"],
    "shapes": {"disc": {"name": "ball", "center": [0, 0], "radius": 1}},
    "domain": "disc",
    "equations": ["u_t = laplace(u)"],
    "conditions": {"rim": {"on": "boundary", "equation": "u = 0"}, "start": {"on": "t = 0", "equation": "u = 0"}},
}


def test_outputs_over_a_disc() -> None:
    outputs = {
        "mean": "integral(u, x, y, t = 1)/integral(1, x, y, t = 1)",
        "all": "integral(u)",
        "most": "maximum(u, t = 2)",
        "place": "argmax(u, x, t = 2)",
    }
    problem = define(**DISC, outputs=outputs)
    assert not [finding for finding in check_problem(problem) if finding.name == "over_shape"]

    def evaluate(tree: Any, points: np.ndarray) -> np.ndarray:
        u = problem.scope.functions["u"]
        x, y, t = (problem.scope.symbols[name] for name in "xyt")
        plain = tree.subs(u, t * (x**2 + y**2) + x).doit()
        columns = dict(zip("xyt", points.T, strict=True))
        return np.broadcast_to(compile_tree(plain, problem.scope)(columns), len(points)).astype(float)

    found = find_outputs(problem, evaluate, GaussLegendre())
    assert not found.reasons
    assert found.values["mean"] == pytest.approx(0.5, rel=1e-12)
    assert found.values["all"] == pytest.approx(np.pi, rel=1e-12)
    assert found.values["most"] == pytest.approx(3.0, rel=1e-9)
    assert found.values["place"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["integral(u, x, y = 0, t = 1)", "maximum(u, y = 0, t = 1)", "root(u, x, y = 0, t = 1)"]
)
def test_lines_through_a_shape_are_refused(text: str) -> None:
    problem = define(**DISC, outputs={"line": text})
    assert [finding.name for finding in check_problem(problem) if finding.fatal] == ["over_shape"]
