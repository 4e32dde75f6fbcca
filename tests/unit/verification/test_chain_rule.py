"""Derivatives through the maps of intervals, against sympy."""

import numpy as np
import pytest
import sympy

from pinnkit.problem.maps import Axis
from pinnkit.verification.blocks import Series
from pinnkit.verification.chain_rule import map_derivatives

AXES = {
    "finite": Axis("x", -1.0, 2.0),
    "above": Axis("x", 0.5, np.inf, scale=2.0),
    "below": Axis("x", -np.inf, 1.0, scale=0.5),
    "line": Axis("x", -np.inf, np.inf, scale=3.0),
}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", AXES)
def test_a_mapped_polynomial_is_differentiated_exactly(kind: str, order: int) -> None:
    axis, x = AXES[kind], sympy.Symbol("x", real=True)
    tree = sympy.diff(sympy.chebyshevt_poly(5, axis.tree(x)), x, order)
    at = axis.from_unit(np.array([0.1, 0.4, 0.5, 0.8]))
    exact = np.array([float(tree.subs(x, sympy.Float(place, 40))) for place in at])
    found = Series(0, axis, 7).sight(at, order).matrix[:, 5]
    assert np.abs(found - exact).max() <= 1e-11 * np.abs(exact).max()


@pytest.mark.parametrize(("kind", "end"), [("above", np.inf), ("below", -np.inf), ("line", np.inf), ("line", -np.inf)])
def test_at_an_infinite_end_values_are_kept_and_derivatives_vanish(kind: str, end: float) -> None:
    series, at = Series(0, AXES[kind], 4), np.array([end])
    assert np.array_equal(series.sight(at).matrix[0], np.sign(end) ** np.arange(5))
    assert np.array_equal(series.sight(at, 2).matrix, np.zeros((1, 5)))
    assert np.array_equal(map_derivatives(AXES[kind], at, 3), np.zeros((3, 1)))
