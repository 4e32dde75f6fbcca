"""Outputs that are integrals over pieces of a shape's boundary, and components of the normal in conditions.

Satisfied, for a known field: the flux through the whole boundary is the integral of the Laplacian over the shape
(divergence theorem), the integral of x n_x is its area, of 1 its circumference; those of the pieces add up. On the
faces of a box `normal(x)` is 1, -1 or 0. What has no meaning says so.
"""

from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.equations import compile_tree
from pinnkit.errors import UserError
from pinnkit.geometry import GaussLegendre
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.outputs import find_outputs

SHAPES = {
    "plate": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
    "hole": {"name": "ellipse", "center": [0.3, 0], "semi_axes": [0.5, 0.25], "angle": 20.0},
    "notch": {"name": "ball", "center": [-1, 0], "radius": 0.4},
}
AREA = 4 - np.pi * 0.125 - 0.5 * np.pi * 0.16
KNOWN = "x^3*y + 2*x^2 + y"


def problem(outputs: dict[str, str], **keys: Any) -> Problem:
    given: dict[str, Any] = {
        "name": "p",
        "coordinates": {"x": [-1, 1], "y": [-1, 1]},
        "fields": ["u"],
        "equations": ["laplace(u) = 0"],
        "shapes": SHAPES,
        "domain": "plate - hole - notch",
    }
    return define(**{**given, **keys}, outputs=outputs)


def values(given: Problem) -> dict[str, Any]:
    """The outputs of the known field."""
    scope = given.scope
    x, y = scope.symbols["x"], scope.symbols["y"]
    known = x**3 * y + 2 * x**2 + y

    def evaluate(tree: sympy.Expr, points: np.ndarray) -> np.ndarray:
        plain = tree.xreplace({scope.functions["u"]: known}).doit()
        at = dict(zip(scope.coordinates, points.T, strict=True))
        return np.broadcast_to(np.asarray(compile_tree(plain, scope)(at), dtype=float), len(points))

    found = find_outputs(given, evaluate, GaussLegendre())
    return {**found.values, "reasons": found.reasons}


def test_the_divergence_theorem() -> None:
    found = values(
        problem(
            {
                "flux": "integral(dn(u), on = boundary)",
                "again": "integral(u_x*normal(x) + u_y*normal(y), on = boundary)",
                "parts": "integral(dn(u), on = plate) + integral(dn(u), on = hole) + integral(dn(u), on = notch)",
                "area": "integral(x*normal(x), on = boundary)",
                "hole": "integral(1, on = hole)",
                "square": "integral(normal(x)^2 + normal(y)^2, on = boundary) - integral(1, on = boundary)",
                "through": "flux/area",
            }
        )
    )
    assert found["area"] == pytest.approx(AREA, rel=1e-9)
    assert found["again"] == pytest.approx(found["flux"], rel=1e-12)
    assert found["parts"] == pytest.approx(found["flux"], rel=1e-12)
    assert found["square"] == pytest.approx(0, abs=1e-12)
    # The integral of 6 x y + 4 over the shape, by many even points.
    shape = problem({}).body
    assert shape is not None
    inside = shape.shape.draw(400_000, np.random.default_rng(0))
    assert found["flux"] == pytest.approx(AREA * np.mean(6 * inside[:, 0] * inside[:, 1] + 4), rel=5e-3)
    assert found["through"] == pytest.approx(found["flux"] / AREA, rel=1e-9)


def test_an_integrand_that_is_no_polynomial_of_the_normal_says_so() -> None:
    found = values(problem({"odd": "integral(abs(normal(x)), on = hole)"}))
    assert found["odd"] is None
    assert "is no polynomial of the normal" in found["reasons"][0]


def test_on_a_box_the_normal_is_that_of_the_face() -> None:
    given = define(
        name="p",
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        equations=["laplace(u) = 0"],
        conditions={"walls": {"on": "boundary", "equation": "u_x*normal(x) + u_y*normal(y) + u = 0"}},
    )
    (walls,) = given.conditions
    plain = define(
        name="p",
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        equations=["laplace(u) = 0"],
        conditions={"walls": {"on": "boundary", "equation": "dn(u) + u = 0"}},
    ).conditions[0]
    for face in walls.faces:
        assert walls.tree_on(face, given.scope) == plain.tree_on(face, given.scope)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("integral(dn(u), on = hol)", "unknown piece of the boundary `hol`"),
        ("integral(dn(u))", "a normal has a meaning on a boundary only"),
        ("integral(u, x, on = hole)", "names no coordinates"),
        ("integral(normal(t), on = hole)", "`normal` takes a coordinate in space"),
        ("maximum(u, on = hole)", "`on` is no coordinate"),
    ],
)
def test_what_has_no_meaning(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        problem({"q": text})
    assert message in str(caught.value)


def test_time_is_held() -> None:
    keys: dict[str, Any] = {
        "coordinates": {"x": [-1, 1], "y": [-1, 1], "t": [0, 1]},
        "time": "t",
        "equations": ["u_t = laplace(u)"],
    }
    with pytest.raises(UserError, match="`t` is not held"):
        problem({"q": "integral(dn(u), on = hole)"}, **keys)
    assert problem({"q": "integral(dn(u), on = hole, t = 1)"}, **keys).outputs
