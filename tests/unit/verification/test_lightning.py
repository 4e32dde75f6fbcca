"""Harmonic functions by powers, logarithms and poles.

Satisfied: exact solutions with values, slopes and mixtures, with and without a source, on a box, a ring,
around an ellipse and several holes, are met within ten times the stated accuracy; in an L means are of circles; the
normal derivatives of the basis are those of finite differences; what cannot be treated is refused by its first feature.
"""

from typing import Any

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.geometry import domain_of
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.shapes import Box, Polygon, meshed
from pinnkit.shapes.cells import of_volume
from pinnkit.verification import reference_for
from pinnkit.verification.contours import Contours
from pinnkit.verification.harmonic import Harmonic, Hole
from pinnkit.verification.method import evaluated

PLATE = {"name": "box", "lower": [-1, -1], "upper": [1, 1]}
HOLES = {
    "one": {"name": "ball", "center": [0.4, 0.3], "radius": 0.2},
    "oval": {"name": "ellipse", "center": [-0.4, -0.2], "semi_axes": [0.35, 0.15], "angle": 40},
}
L = {"name": "polygon", "corners": [[0, 0], [0, -1], [-1, -1], [-1, 1], [1, 1], [1, 0]]}


def laplace(
    truth: str, conditions: dict[str, tuple[Any, str]], equation: str = "laplace(u) = 0", **more: Any
) -> Problem:
    keys: dict[str, Any] = {
        "name": "plane",
        "coordinates": {"x": [-1, 1], "y": [-1, 1]},
        "fields": ["u"],
        "functions": {"truth": truth},
        "equations": {"e": equation},
        "conditions": {name: {"on": on, "equation": text} for name, (on, text) in conditions.items()},
        "reference": {"method": "lightning"},
    }
    return define(**{**keys, **more})


AROUND: dict[str, Any] = {"shapes": {"plate": PLATE, **HOLES}, "domain": "plate - one - oval"}
TRUE = {
    "box": laplace("exp(x)*sin(y)", {"all": ("boundary", "u = truth")}),
    "slopes and mixtures": laplace(
        "x^2 - y^2 + x",
        {
            "left": ("x = -1", "u = truth"),
            "right": ("x = 1", "dn(u) = 3"),
            "low": ("y = -1", "dn(u) + 2*u = 2*truth - 2"),
            "high": ("y = 1", "u_x = 2*x + 1"),
        },
    ),
    "source": laplace("x^3*y/6 + x*y^3/6 + y", {"all": ("boundary", "u = truth")}, "-laplace(u) = -2*x*y"),
    "ring": laplace(
        "log(x^2 + y^2)",
        {"outer": ("outer", "u = truth"), "inner": ("inner", "dn(u) = -2/sqrt(x^2 + y^2)")},
        shapes={
            "outer": {"name": "ball", "center": [0, 0], "radius": 1},
            "inner": {"name": "ball", "center": [0, 0], "radius": 0.3},
        },
        domain="outer - inner",
    ),
    "arcs of one circle": laplace(
        "exp(x)*cos(y)",
        {"round": ("disc", "u = truth"), "flat": ("plate", "u = truth")},
        shapes={"plate": PLATE, "disc": {"name": "ball", "center": [0, 0], "radius": 1.2}},
        coordinates={"x": [-1.2, 1.2], "y": [-1.2, 1.2]},
        domain="plate & disc",
    ),
    "holes": laplace(
        "log((x - 0.4)^2 + (y - 0.3)^2) + (x + 0.4)/((x + 0.4)^2 + (y + 0.2)^2)",
        {"all": ("boundary", "u = truth")},
        **AROUND,
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_exact_solutions_are_met(name: str) -> None:
    problem = TRUE[name]
    reference = reference_for(problem)
    assert reference is not None
    assert reference.accuracy < 1e-9
    points = Uniform(400).draw(domain_of(problem), np.random.default_rng(0)).coordinates
    truth = evaluated(problem.scope.named["truth"], problem, points)
    error = np.linalg.norm(reference.values(points)[:, 0] - truth) / np.linalg.norm(truth)
    assert error < 10 * max(reference.accuracy, 1e-13)


def test_an_l_has_harmonic_fields() -> None:
    """Its slope has no bound in the corner; the mean over a circle is the value in its middle."""
    problem = laplace("x", {"all": ("boundary", "u = (x^2 + y^2)*x")}, shapes={"corner": L}, domain="corner")
    found = reference_for(problem)
    assert found is not None
    assert found.accuracy < 1e-6
    inside = np.array([[-0.5, -0.5], [-0.3, 0.4], [0.6, 0.3]])
    angles = 2 * np.pi * np.arange(64) / 64
    ring = 0.2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    means = [found.values(middle + ring).mean() for middle in inside]
    np.testing.assert_allclose(means, found.values(inside)[:, 0], atol=1e-6)


def test_slopes_of_the_basis_are_those_of_differences() -> None:
    z = np.exp(2j * np.pi * np.arange(40) / 40)
    poles = np.array([1.2 + 0.1j])
    basis = Harmonic.over(z, 4, 3, [Hole(0.1 + 0.1j), Hole(-0.4 - 0.2j, 0.2 + 0.1j)], poles, np.array([0.2]))
    at, h = np.array([0.6 + 0.3j, -0.2 + 0.7j]), 1e-6
    _, slopes = basis(at)
    for direction in (1.0, 1j):
        ahead, behind = basis(at + h * direction)[0], basis(at - h * direction)[0]
        np.testing.assert_allclose((slopes * direction).real, (ahead - behind) / (2 * h), atol=1e-7)


def test_contours_know_corners_and_holes() -> None:
    problem = laplace("x", {"all": ("boundary", "u = x")}, **AROUND)
    assert problem.body is not None
    contours = Contours.of(problem.body.shape)
    assert (len(contours.arcs), len(contours.corners), contours.pieces) == (6, 4, 1)
    assert sorted(abs(hole.focus) > 0 for hole in contours.holes) == [False, True]
    cut = TRUE["arcs of one circle"].body
    assert cut is not None
    contours = Contours.of(cut.shape)
    assert (len(contours.arcs), len(contours.corners), contours.pieces, contours.holes) == (8, 8, 1, ())
    assert not any(corner.smooth for corner in contours.corners)


def test_poles_leave_a_square_along_its_diagonals() -> None:
    contours = Contours.of(Box([-1, -1], [1, 1]))
    assert len(contours.corners) == 4
    assert all(abs(c.outward - c.place / abs(c.place)) < 1e-12 for c in contours.corners)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another equation": ({"equation": "laplace(u) = u"}, "is not `laplace`"),
    "factors": ({"equation": "u_xx + 2*u_yy = 0"}, "is not `laplace`"),
    "nonlinear": ({"equation": "laplace(u) = u^2"}, "not linear"),
    "a source": ({"equation": "laplace(u) = sin(x)"}, "not a polynomial"),
    "a bare edge": ({"conditions": {"left": ("x = -1", "u = 0")}}, "nothing is said"),
    "time": (
        {"time": "y", "equation": "u_y = u_xx", "conditions": {"s": ("y = -1", "u = 0")}},
        "two coordinates in space",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_treated_is_refused(name: str) -> None:
    changes, why = REFUSED[name]
    given = {"truth": "x", "conditions": {"all": ("boundary", "u = truth")}, **changes}
    with pytest.raises(UserError, match=why):
        reference_for(laplace(**given))


def test_slopes_without_bound_at_an_inward_corner_are_met() -> None:
    """r^(2/3) cos(2 theta/3) has no slope across the edges of the corner, and one without bound along them."""
    radius, angle = "(x^2 + y^2)^(1/3)", "2/3*(atan2(-x - y, y - x) + 3*pi/4)"
    problem = laplace(
        f"{radius}*cos({angle})",
        {
            "inner": (["part.1", "part.6"], "dn(u) = 0"),
            "outer": ([f"part.{k}" for k in (2, 3, 4, 5)], "u = truth"),
        },
        shapes={"part": L},
        reference={"method": "lightning", "accuracy": 1e-6},
    )
    reference = reference_for(problem)
    assert reference is not None
    assert reference.accuracy < 1e-5
    points = Uniform(400).draw(domain_of(problem), np.random.default_rng(0)).coordinates
    truth = evaluated(problem.functions[0].expression.tree, problem, points)
    error = np.linalg.norm(reference.values(points)[:, 0] - truth) / np.linalg.norm(truth)
    assert error < 10 * reference.accuracy


def test_a_mesh_has_the_arcs_of_its_outline() -> None:
    """Segments of a mesh that lie in one line are one arc, and the solution is that of the polygon."""
    cells = meshed(Polygon(L["corners"]), 0.25)  # type: ignore[arg-type]
    mesh = {"name": "mesh", "data": of_volume(cells.points, cells.cells, {}).as_text()}
    both = [laplace("exp(x)*sin(y)", {"all": ("boundary", "u = truth")}, shapes={"part": shape}) for shape in (L, mesh)]
    assert [len(Contours.of(p.body.shape).arcs) for p in both if p.body is not None] == [6, 6]
    points = Uniform(200).draw(domain_of(both[0]), np.random.default_rng(0)).coordinates
    one, other = (reference.values(points) for p in both if (reference := reference_for(p)) is not None)
    np.testing.assert_allclose(one, other, atol=1e-8)
