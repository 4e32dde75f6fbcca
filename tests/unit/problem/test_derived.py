"""Derived fields: expressions that stand beside the solved fields wherever these are shown or named.

- Each may use those before it, and outputs and tables may use all of them.
- They are arrays beside the fields, on a grid and on a mesh, with no reference.
- A name that stands for something else, and an expression that is none, are refused.
"""

from typing import Any

import numpy as np
import pytest

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.solving import solve

FLOW: dict[str, Any] = {
    "name": "flow",
    "coordinates": {"x": [0, 1], "y": [0, 1]},
    "fields": ["u", "v"],
    "equations": ["u_x + v_y = 0", "u_y = v_x"],
    "conditions": {
        "sides": {"on": ["x = 0", "x = 1"], "equation": "u = x"},
        "ends": {"on": ["y = 0", "y = 1"], "equation": "v = -y"},
    },
    "reference": {"exact": {"u": "x", "v": "-y"}},
    "derived": {"speed": "sqrt(u**2 + v**2)", "energy": "speed**2/2"},
    "outputs": {"most": "maximum(energy)"},
    "tables": {"middle": {"of": ["speed", "u"], "on": {"x": [0, 1], "y": 0.5}, "points": 3}},
}
QUICK = Config(
    network=MLP(width=6, depth=1),
    points=Sobol(count=32),
    condition_points=Sobol(count=8),
    phases=(LevenbergMarquardt(steps=2),),
    device="cpu",
    threads=1,
    chunk=1000,
    test_points=64,
)


@pytest.mark.parametrize("shaped", [False, True])
def test_they_stand_beside_the_fields(shaped: bool) -> None:
    shapes = {"shapes": {"disc": {"name": "ball", "center": [0.5, 0.5], "radius": 0.5}}, "domain": "disc"}
    shapes["conditions"] = {
        "rim": {"on": "boundary", "equation": "u*normal(x) + v*normal(y) = x*normal(x) - y*normal(y)"}
    }
    problem = define(**(FLOW | (shapes | {"outputs": {}} if shaped else {})))
    solution = solve(problem, QUICK)
    grid = solution.sampled(solution.reference())
    assert list(grid.predicted) == ["u", "v", "speed", "energy"]
    assert list(grid.reference) == ["u", "v"]
    u, v = grid.predicted["u"], grid.predicted["v"]
    np.testing.assert_allclose(grid.predicted["energy"], (u**2 + v**2) / 2, atol=1e-14)
    points = np.array([[0.3, 0.5]])
    assert solution.evaluate("2*energy - speed**2", points) == pytest.approx([0.0], abs=1e-14)
    if shaped:
        mesh = solution.on_mesh(solution.reference())
        np.testing.assert_allclose(mesh.predicted["speed"], np.hypot(mesh.predicted["u"], mesh.predicted["v"]))
        assert list(mesh.reference) == ["u", "v"]
    else:
        assert solution.outputs()["most"] == pytest.approx(np.nanmax(grid.predicted["energy"]), rel=1e-3)


@pytest.mark.parametrize(
    ("derived", "told"),
    [
        ({"u": "v"}, "has a name that stands for something else"),
        ({"u_x": "v"}, "has a name that stands for something else"),
        ({"pi": "v"}, "pi"),
        ({"w": "q"}, "unknown name `q`"),
        ({"w": "z", "z": "u"}, "unknown name `z`"),
        ({"w": [1]}, "must be an expression"),
    ],
)
def test_what_is_refused(derived: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        define(**(FLOW | {"derived": derived, "outputs": {}, "tables": {}}))


def test_several_states_have_none() -> None:
    well: dict[str, Any] = {
        "name": "well",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"E": "eigenvalue"},
        "equations": ["-u_xx = E*u"],
        "conditions": {"walls": {"on": "boundary", "equation": "u = 0"}, "norm": {"equation": "integral(u**2) = 1"}},
        "derived": {"density": "u**2"},
    }
    assert define(**well).derived
    with pytest.raises(UserError, match="is of several states"):
        define(**well, states=2)
