"""The map of residuals is that of the equations: at every point the residual of the fields there.

- On a box, over windows of time, and in parts of the domain it is |left - right| of the fields' own derivatives.
- Outside of a shape, and outside of its own part, an equation has no residual.
- Of more coordinates those that are not shown are held at their middles, and time at its end.
"""

from dataclasses import replace

import numpy as np

from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.results.residual_map import residual_map
from pinnkit.solving import solve
from pinnkit.windows import Windows

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


def test_over_windows_of_time_it_is_that_of_the_fields() -> None:
    problem = define(
        name="heat",
        coordinates={"x": [0, 1], "y": [0, 2], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = laplace(u) + x"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
            "sides": {"on": ["y = 0", "y = 2"], "equation": "dn(u) = 0"},
        },
    )
    solution = solve(problem, replace(QUICK, windows=Windows(count=2)))
    found = residual_map(solution)
    assert found is not None
    assert (found.names, found.fixed) == (("x", "y"), {"t": 1.0})
    at = np.array([[found.axes[0][40], found.axes[1][7], 1.0]])
    expected = np.abs(solution.evaluate("u_t - u_xx - u_yy - x", at))
    np.testing.assert_allclose(found.predicted["heat"][40, 7], expected[0], rtol=1e-10)


def test_outside_of_a_shape_there_is_none() -> None:
    problem = define(
        name="ring",
        coordinates={"x": [-1, 1], "y": [-1, 1]},
        fields=["u"],
        shapes={
            "square": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
            "hole": {"name": "ball", "center": [0, 0], "radius": 0.5},
        },
        domain="square - hole",
        equations={"laplace": "laplace(u) = 1"},
        conditions={"all": {"on": "boundary", "equation": "u = 0"}},
    )
    found = residual_map(solve(problem, QUICK))
    assert found is not None
    x, y = np.meshgrid(*found.axes, indexing="ij")
    hole = np.hypot(x, y) < 0.499
    assert np.isnan(found.predicted["laplace"][hole]).all()
    assert np.isfinite(found.predicted["laplace"][np.hypot(x, y) > 0.501]).all()
    assert found.edges


def test_each_part_has_its_own_equation() -> None:
    problem = define(
        name="layers",
        coordinates={"x": [0, 1]},
        fields=["u"],
        regions={"left": {"x": [0, 0.5]}, "right": {"x": [0.5, 1]}},
        interfaces={"value": "u", "flux": "u_x"},
        equations={"poisson": "u_xx = 1"},
        conditions={"ends": {"on": "boundary", "equation": "u = 0"}},
    )
    found = residual_map(solve(problem, QUICK))
    assert found is not None
    (x,) = found.axes
    assert np.isnan(found.predicted["poisson_left"][x > 0.51]).all()
    assert np.isfinite(found.predicted["poisson_left"][x < 0.49]).all()
    assert np.isfinite(found.predicted["poisson_right"][x > 0.51]).all()
