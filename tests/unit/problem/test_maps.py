"""Maps between the unit interval and intervals with infinite ends.

Satisfied for every kind of interval and every scale:
1. `to_unit` undoes `from_unit`, and both increase; ends are ends, and no point is infinite.
2. `slope` is the derivative of `from_unit`: it agrees with differences, and turns an integral over u into one over x.
3. The expressions are the map: s = 2u - 1, (1 + s)/2 and (1 - s)/2, and 1 - s^2.
"""

import math

import numpy as np
import pytest
import sympy

from pinnkit.problem.axes import Axes
from pinnkit.problem.define import define
from pinnkit.problem.maps import FAR, Axis

AXES = {
    "finite": Axis("x", -1.0, 3.0),
    "above": Axis("x", 0.5, math.inf, scale=2.0),
    "below": Axis("x", -math.inf, -1.0, scale=0.1),
    "line": Axis("x", -math.inf, math.inf, scale=3.0),
}
UNIT = np.linspace(0.01, 0.99, 49)
X = sympy.Symbol("x", real=True)


@pytest.mark.parametrize("kind", AXES)
def test_there_and_back(kind: str) -> None:
    axis = AXES[kind]
    assert axis.kind == kind
    x = axis.from_unit(UNIT)
    assert np.all(np.diff(x) > 0)
    np.testing.assert_allclose(axis.to_unit(x), UNIT, rtol=1e-12)
    assert axis.from_unit(UNIT.reshape(7, 7)).shape == (7, 7)


@pytest.mark.parametrize("kind", AXES)
def test_the_ends(kind: str) -> None:
    axis = AXES[kind]
    ends = axis.from_unit(np.array([0.0, 1.0]))
    assert np.array_equal(ends, axis.reach)
    assert np.all(np.isfinite(ends))
    np.testing.assert_allclose(axis.to_unit(np.array([axis.lower, axis.upper])), [0.0, 1.0], rtol=0.0, atol=1e-15)
    np.testing.assert_allclose(axis.to_unit(ends), [0.0, 1.0], rtol=0.0, atol=1.1 / FAR)
    assert axis.lower <= axis.window[0] < axis.window[1] <= axis.upper
    assert np.all(np.isfinite(axis.window))
    assert axis.placed(axis.upper) == ends[1]


@pytest.mark.parametrize("kind", AXES)
def test_the_slope_is_that_of_the_map(kind: str) -> None:
    axis, h = AXES[kind], 1e-5
    differences = (axis.from_unit(UNIT + h) - axis.from_unit(UNIT - h)) / (2 * h)
    np.testing.assert_allclose(axis.slope(axis.from_unit(UNIT)), differences, rtol=1e-5)
    middle = axis.from_unit(np.array([0.5]))
    np.testing.assert_allclose(axis.slope(middle), 2 * axis.half, rtol=1e-15)


@pytest.mark.parametrize(
    ("kind", "integrand", "value"),
    [
        ("above", lambda x: np.exp(-(x - 0.5)), 1.0),
        ("below", lambda x: 1 / x**2, 1.0),
        ("line", lambda x: np.exp(-(x**2)), math.sqrt(math.pi)),
    ],
    ids=["above", "below", "line"],
)
def test_integrals(kind: str, integrand: np.ufunc, value: float) -> None:
    """Gauss and Legendre's rule in u, with the slope as the weight."""
    nodes, weights = np.polynomial.legendre.leggauss(120)
    x = AXES[kind].from_unit(0.5 + 0.5 * nodes)
    found = float(np.sum(0.5 * weights * AXES[kind].slope(x) * integrand(x)))
    assert found == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("kind", AXES)
def test_the_expressions(kind: str) -> None:
    axis = AXES[kind]
    x = axis.from_unit(UNIT)
    expected = {
        axis.tree(X): 2 * UNIT - 1,
        axis.from_lower(X): UNIT,
        axis.from_upper(X): 1 - UNIT,
        axis.from_both(X): 4 * UNIT * (1 - UNIT),
    }
    for tree, values in expected.items():
        np.testing.assert_allclose([float(tree.subs(X, at)) for at in x], values, rtol=0.0, atol=1e-13)


def test_half_of_all_points_lie_within_a_scale() -> None:
    assert AXES["above"].from_unit(np.array([0.5])) == pytest.approx(0.5 + 2.0)
    assert AXES["line"].from_unit(np.array([0.25, 0.75])) == pytest.approx([-math.sqrt(3), math.sqrt(3)])


def test_which_intervals_are_centred() -> None:
    assert [AXES[kind].centred for kind in AXES] == [False, False, False, True]
    assert Axis("x", -2.0, 2.0).centred


def test_axes_of_a_problem() -> None:
    problem = define(
        name="p",
        coordinates={"x": {"range": [0, "inf"], "scale": 2}, "y": {"range": [0, 1], "periodic": True}, "t": [0, 3]},
        time="t",
        fields=["u"],
        equations=["u_t = laplace(u)"],
    )
    axes = Axes.of(problem)
    assert axes.names == ("x", "y", "t")
    assert axes.periodic == {"y"}
    assert axes.time == "t"
    assert axes["x"] == Axis("x", 0.0, math.inf, scale=2.0)
    np.testing.assert_allclose(axes.from_unit(np.full((1, 3), 0.5)), [[2.0, 0.5, 1.5]])
