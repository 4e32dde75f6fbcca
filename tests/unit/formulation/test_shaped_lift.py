"""Values on the boundary of a shape that are built into the field.

Satisfied, for domains whose primitives keep their whole boundaries: the field has its values there whatever the network
is, several values on several pieces among them, and no condition is left to the objective; D is positive inside, falls
at the boundary with a slope between a hundredth and ten, and does not know the units of length; derivatives of the lift
agree with nested reverse mode. Else the reason is said.
"""

from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.equations import compile_tree
from pinnkit.formulation.conditions import formulate
from pinnkit.networks import MLP
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

SQUARE = {"name": "box", "lower": [-1, -1], "upper": [1, 1]}
DISC = {"name": "ball", "center": [0, 0], "radius": 1.0}
HOLE = {"name": "ball", "center": [0.3, 0.1], "radius": 0.2}
OVAL = {"name": "ellipse", "center": [-0.5, 0.2], "semi_axes": [0.3, 0.15], "angle": 30.0}
TRIANGLE = {"name": "polygon", "corners": [[-1, -1], [1, -1], [0, 1]]}
DART = {"name": "polygon", "corners": [[-1, -1], [0, -0.5], [1, -1], [0, 1]]}
CORNER = {"name": "box", "lower": [0, 0], "upper": [1, 1]}
VALUE = "x + 2*y**2"


def problem(shapes: dict[str, Any], domain: str, dimension: int = 2, **keys: Any) -> Problem:
    names = ["x", "y", "z"][:dimension]
    given: dict[str, Any] = {
        "name": "p",
        "coordinates": {name: [-1, 1] for name in names},
        "fields": ["u"],
        "equations": ["laplace(u) = 4"],
        "conditions": {"walls": {"on": "boundary", "equation": f"u = {VALUE}"}},
    }
    return define(**{**given, **keys}, shapes=shapes, domain=domain)


SOLVED = {
    "square": problem({"square": SQUARE}, "square"),
    "disc": problem({"disc": DISC}, "disc"),
    "ellipse": problem({"oval": OVAL}, "oval"),
    "triangle": problem({"triangle": TRIANGLE}, "triangle"),
    "holes": problem({"square": SQUARE, "hole": HOLE, "oval": OVAL}, "square - hole - oval"),
    "several values": problem(
        {"square": SQUARE, "hole": HOLE, "oval": OVAL},
        "square - (hole + oval)",
        conditions={
            "walls": {"on": ["x = 1", "x = -1", "y = 1", "y = -1"], "equation": "u = 0"},
            "hot": {"on": "hole", "equation": "2*u = 2"},
            "warm": {"on": "oval", "equation": f"u = {VALUE}"},
        },
    ),
    "some of them": problem(
        {"disc": DISC, "hole": HOLE},
        "disc - hole",
        conditions={"hot": {"on": "hole", "equation": "u = 1"}, "rim": {"on": "disc", "equation": "dn(u) = 0"}},
    ),
    "cylinder": problem(
        {"pipe": {"name": "cylinder", "base": [0, 0, -0.5], "axis": [0.2, 0, 1], "radius": 0.4}}, "pipe", 3
    ),
    "box with a ball": problem(
        {"box": {"name": "box", "lower": [-1] * 3, "upper": [1] * 3}, "ball": {**HOLE, "center": [0.1, 0, 0]}},
        "box - ball",
        3,
    ),
}


@pytest.mark.parametrize("given", SOLVED.values(), ids=SOLVED)
def test_values_hold_whatever_the_network_is(given: Problem) -> None:
    run = build_run(given, Config(network=MLP(6, 2), points=Uniform(50), condition_points=Uniform(20)))
    theta = 3 * torch.randn(run.trial.layout.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = run.assembly.violations(np.random.default_rng(0), 500, theta)
    exact = [choice.condition for choice in run.formulation.choices if choice.exact]
    assert set(exact) == {c.name for c in given.conditions} - {"rim"}
    assert max(found[name] for name in exact) < 1e-12
    assert all(choice.reason == "built into the field" for choice in run.formulation.choices if choice.exact)


@pytest.mark.parametrize("given", SOLVED.values(), ids=SOLVED)
def test_the_distance_is_positive_inside_with_a_slope_of_about_one(given: Problem) -> None:
    (lift,) = formulate(given).lifts
    assert given.body is not None
    distance = compile_tree(lift.distance, given.scope)

    def at(points: np.ndarray) -> np.ndarray:
        return np.asarray(distance(dict(zip(given.scope.coordinates, points.T, strict=True))))

    assert np.all(at(given.body.shape.draw(4000, np.random.default_rng(0))) > 0)
    on = [face.piece for c in given.conditions if c.name != "rim" for face in c.faces]
    outline = given.body.outline(on[0])
    points = outline.from_unit(np.random.default_rng(1).random((500, outline.dimension_of_unit)))
    slope = at(points - 1e-6 * outline.normals(points)) / 1e-6
    assert np.mean((slope > 0.01) & (slope < 10)) > 0.75  # it vanishes in corners


@pytest.mark.parametrize("name", SOLVED)
@pytest.mark.parametrize("scale", [0.1, 20.0])
def test_the_distance_has_no_units(name: str, scale: float) -> None:
    """A domain in other units has the same distance and the same values at the same places."""
    given = SOLVED[name]
    assert given.body is not None
    points, found = given.body.shape.draw(200, np.random.default_rng(3)), []
    for by in (1.0, scale):
        lengths = {"center", "radius", "lower", "upper", "corners", "semi_axes", "base", "axis"}
        shapes = {
            label: {k: (by * np.array(v)).tolist() if k in lengths else v for k, v in own.items()}
            for label, own in given.body.given.items()
        }
        other = problem(
            shapes,
            given.body.text,
            len(given.coordinates),
            coordinates={c.name: [-2 * by, 2 * by] for c in given.coordinates},
            conditions={"walls": {"on": "boundary", "equation": "u = 1"}},
        )
        (lift,) = formulate(other).lifts
        at = dict(zip(other.scope.coordinates, by * points.T, strict=True))
        found.append(np.asarray(compile_tree(lift.distance, other.scope)(at)))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@pytest.mark.parametrize("name", ["several values", "cylinder"])
def test_two_engines_agree(name: str) -> None:
    given = SOLVED[name]
    assert given.body is not None
    points = given.body.shape.draw(20, np.random.default_rng(2))
    residuals = []
    for engine in ("jet", "autograd"):
        run = build_run(given, Config(network=MLP(6, 2), derivatives=engine, points=Uniform(50)))  # type: ignore[arg-type]
        theta = run.trial.layout.start(run.trial.network)
        residuals.append(run.assembly.residuals(points, theta)["equation"])
    np.testing.assert_allclose(*residuals, rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (problem({"square": SQUARE, "corner": CORNER}, "square - corner"), "`square` meets that of another shape"),
        (problem({"square": SQUARE, "hole": {**HOLE, "center": [1, 0]}}, "square - hole"), "meets that of another"),
        (problem({"dart": DART}, "dart"), "`dart` has a corner that points inwards"),
        (
            problem({"disc": DISC, "slot": {"name": "box", "lower": [0, 0], "upper": [0.2, 0.2]}}, "disc - slot"),
            "`slot` is cut away and has corners",
        ),
        (
            problem({"s": SQUARE}, "s", conditions={"walls": {"on": ["x = 1", "x = -1"], "equation": "u = 0"}}),
            "it stands on a part of `s` alone",
        ),
        (
            problem({"s": SQUARE}, "s", conditions={"walls": {"on": "s", "equation": "dn(u) + u = 0"}}),
            "it does not fix one field to a known value",
        ),
        (
            problem({"s": SQUARE}, "s", conditions={"walls": {"on": "s", "equation": "u = abs(x)"}}),
            "its value has a jump or a kink",
        ),
        (
            problem(
                {"s": SQUARE},
                "s",
                coordinates={"x": [-1, 1], "y": [-1, 1], "t": [0, 1]},
                time="t",
                equations=["u_t = laplace(u)"],
            ),
            "beside a start in time",
        ),
    ],
)
def test_what_is_not_built_in(given: Problem, reason: str) -> None:
    formulation = formulate(given)
    assert reason in formulation.choices[0].reason
    assert not formulation.choices[0].exact
    assert formulation.lifts[0].trivial


def test_fields_without_divergence_have_no_distance() -> None:
    flow = problem(
        {"s": SQUARE, "hole": HOLE},
        "s - hole",
        fields=["u", "v", "p"],
        divergence_free=["u", "v"],
        equations=["laplace(u) = p_x", "laplace(v) = p_y"],
        conditions={"still": {"on": "boundary", "equation": "u = 0"}},
    )
    assert formulate(flow).choices[0].reason == "a distance in space would give the fields without divergence one"


def test_the_first_of_two_values_is_kept() -> None:
    twice = {"one": {"on": "s", "equation": "u = 0"}, "other": {"on": "s", "equation": "u = 1"}}
    choices = formulate(problem({"s": SQUARE}, "s", conditions=twice)).choices
    assert [c.exact for c in choices] == [True, False]
    assert choices[1].reason == "another condition fixes the same there"
