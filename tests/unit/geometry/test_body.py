"""Domains whose part in space is a shape, and pieces of their boundary, as samplers see them.

Satisfied, with and without time: every sampler that does not need a box gives as many points as asked, all inside, with
the density one where it does not follow a residual; pieces of the boundary have points on it and their normals; those
that need a box say so, and what to take.
"""

from typing import Any

import numpy as np
import pytest

from pinnkit.comparing import compare
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.lagrangian import Lagrangian
from pinnkit.geometry import domain_of, domain_of_face, piece_of
from pinnkit.geometry.box import Domain
from pinnkit.points import SAMPLERS, Following, Grid, Points, Sampler
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

NEED_BOXES = ("chebyshev", "das", "aas")


def problem(time: bool) -> Problem:
    keys: dict[str, Any] = {"coordinates": {"x": [-1, 1], "y": [-1, 1]}, "equations": ["laplace(u) = 0"]}
    conditions: dict[str, Any] = {"walls": {"on": ["plate", "hole"], "equation": "u = 0"}}
    if time:
        keys = {
            "coordinates": {"t": [0, 2], "x": [-1, 1], "y": [-1, 1]},
            "time": "t",
            "equations": ["u_t = laplace(u)"],
        }
        conditions["start"] = {"on": "t = 0", "equation": "u = 0"}
    shapes = {
        "plate": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
        "hole": {"name": "ball", "center": [0, 0], "radius": 0.5},
    }
    return define(name="p", fields=["u"], shapes=shapes, domain="plate - hole", conditions=conditions, **keys)


def in_plane(given: Problem, points: np.ndarray) -> np.ndarray:
    return points[:, [given.index("x"), given.index("y")]]


@pytest.mark.parametrize("time", [False, True])
@pytest.mark.parametrize("name", [n for n in SAMPLERS.names() if n not in NEED_BOXES])
def test_points_are_inside(name: str, time: bool) -> None:
    given, sampler = problem(time), SAMPLERS.build({"name": name, "count": 500})
    generator = np.random.default_rng(0)

    def residual(x: np.ndarray) -> np.ndarray:
        return np.exp(-4 * np.sum((in_plane(given, x) - 0.7) ** 2, axis=1))

    domain = domain_of(given)
    draws = [sampler.draw(domain, generator), sampler.draw(domain, generator, residual)]
    if isinstance(sampler, Following):
        memory = None
        for _ in range(3):
            points, memory = sampler.follow(domain, generator, residual, memory)
            draws.append(points)
    assert given.body is not None
    for points in draws:
        assert given.body.shape.inside(in_plane(given, points.coordinates)).all()
        if time:
            assert np.all((points.coordinates[:, 0] >= 0) & (points.coordinates[:, 0] <= 2))
    if not isinstance(sampler, Grid):
        assert draws[0].count == 500
    assert draws[0].count == sampler.expected(domain) or isinstance(sampler, (Grid, Following))
    assert np.all(draws[0].density == 1)


def next_draw(sampler: Sampler, domain: Domain, generator: np.random.Generator, first: Points | None) -> None:
    if isinstance(sampler, Following):
        sampler.follow(domain, generator, lambda x: x[:, 0], first)
    else:
        sampler.draw(domain, generator)


@pytest.mark.parametrize("name", NEED_BOXES)
def test_what_needs_a_box_says_so(name: str) -> None:
    given, sampler = problem(False), SAMPLERS.build({"name": name, "count": 100})
    domain, generator = domain_of(given), np.random.default_rng(0)
    first = sampler.draw(domain, generator) if isinstance(sampler, Following) else None
    with pytest.raises(UserError, match=f"^sampler `{name}` needs a domain that is a box, and this one is a shape"):
        next_draw(sampler, domain, generator, first)


def test_density_of_rad_is_relative_to_the_shape() -> None:
    """The mean over the density is that over the shape, of any function."""
    given, sampler = problem(False), SAMPLERS.build({"name": "rad", "count": 4000})
    points = sampler.draw(domain_of(given), np.random.default_rng(0), lambda x: np.exp(3 * x[:, 0]))
    assert given.body is not None
    even = given.body.shape.draw(200_000, np.random.default_rng(1))
    found = np.mean(points.coordinates[:, 0] ** 2 / points.density)
    assert found == pytest.approx(np.mean(even[:, 0] ** 2), rel=0.05)


@pytest.mark.parametrize("time", [False, True])
@pytest.mark.parametrize("name", ["uniform", "sobol", "latin_hypercube"])
def test_points_of_pieces(name: str, time: bool) -> None:
    given = problem(time)
    assert given.body is not None
    for face in given.conditions[0].faces:
        piece = piece_of(given, face)
        points = SAMPLERS.build({"name": name, "count": 300}).draw(
            domain_of_face(given, face), np.random.default_rng(0)
        )
        assert points.count == 300
        own = in_plane(given, points.coordinates)
        np.testing.assert_allclose(given.body.shape.depth(own), 0, atol=1e-12)
        normals = piece.normals(points.coordinates)
        if face.piece == "hole":
            np.testing.assert_allclose(normals, -own / 0.5, atol=1e-12)
        else:
            assert np.all(np.abs(normals).max(axis=1) == 1)
            np.testing.assert_allclose(np.sum(normals * own, axis=1), 1, atol=1e-12)


def test_the_start_lies_in_the_shape() -> None:
    given = problem(True)
    (face,) = given.conditions[1].faces
    points = SAMPLERS.build({"name": "sobol", "count": 300}).draw(domain_of_face(given, face), np.random.default_rng(0))
    assert np.all(points.coordinates[:, 0] == 0)
    assert given.body is not None
    assert given.body.shape.inside(in_plane(given, points.coordinates)).all()


@pytest.mark.parametrize("name", ["das", "aas"])
def test_it_is_said_before_the_first_step(name: str) -> None:
    sampler = SAMPLERS.build({"name": name, "count": 100})
    with pytest.raises(UserError, match="needs a domain that is a box"):
        sampler.expected(domain_of(problem(False)))


def test_most_classical_methods_need_a_box() -> None:
    with pytest.raises(UserError, match="this method needs a box") as caught:
        compare(problem(False), Config(), method="dop853", quiet=True)
    assert len(caught.value.mistakes) == 1


def test_only_methods_that_know_shapes_are_tried_on_one() -> None:
    with pytest.raises(UserError, match="no classical method") as caught:
        compare(problem(True), Config(), quiet=True)
    (_, why) = caught.value.mistakes
    assert "`lightning` cannot treat" in str(why)


def test_the_lagrangian_frame_has_no_shape() -> None:
    given = define(
        name="p",
        coordinates={"t": [0, 2], "x": [-1, 1], "y": [-1, 1]},
        time="t",
        fields=["u"],
        shapes={"disc": {"name": "ball", "center": [0, 0], "radius": 1.0}},
        equations=["u_t + u_x - u_y = 0"],
        conditions={"start": {"on": "t = 0", "equation": "u = x"}},
    )
    with pytest.raises(UserError, match="shapes are said of fixed positions, and labels move"):
        Lagrangian().rewritten(given)
