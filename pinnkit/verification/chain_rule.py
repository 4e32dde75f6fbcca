"""Derivatives along a coordinate by those along the s of its map, also where the coordinate is infinite."""

import math

import numpy as np
from numpy.polynomial import polynomial

from pinnkit.problem.maps import Axis


def chain_factors(axis: Axis, x: np.ndarray, order: int) -> list[np.ndarray]:
    """The factors (m,) of d^k/ds^k, k = 1 ... order, in d^order/dx^order at x (m,).

    They are the partial Bell polynomials B_k of s', s'', ... by B(n, k) = sum_j C(n - 1, j - 1) s^(j) B(n - j, k - 1).
    """
    slopes = map_derivatives(axis, x, order)
    zero, one = np.zeros(len(x)), np.ones(len(x))
    table = [[one]]
    for n in range(1, order + 1):
        row = [zero]
        for k in range(1, n + 1):
            terms = [math.comb(n - 1, j - 1) * slopes[j - 1] * table[n - j][k - 1] for j in range(1, n - k + 2)]
            row.append(np.sum(terms, axis=0))
        table.append(row)
    return table[order][1:]


def map_derivatives(axis: Axis, x: np.ndarray, order: int) -> list[np.ndarray]:
    """s', s'', ... up to an order at x (m,), with s from -1 to 1 over the interval; all vanish at an infinite end."""
    at = np.asarray(x, dtype=np.float64)
    scale = axis.scale
    if axis.kind == "finite":
        return [np.full_like(at, 2.0 / (axis.upper - axis.lower)), *[np.zeros_like(at)] * (order - 1)]
    if axis.kind == "line":
        return _on_the_line(at / scale, scale, order)
    along = (at - axis.lower if axis.kind == "above" else axis.upper - at) / scale
    near = 1.0 / (1.0 + along)
    sign = -1.0 if axis.kind == "above" else 1.0
    return [2.0 * sign ** (j + 1) * math.factorial(j) * near ** (j + 1) / scale**j for j in range(1, order + 1)]


def _on_the_line(y: np.ndarray, scale: float, order: int) -> list[np.ndarray]:
    """Of s = y/sqrt(1 + y^2): the j-th is c^((j + 2)/2) p_j(s)/L^j, c = 1 - s^2.

    From d/dx = c^(3/2)/L d/ds follow p_1 = 1 and p_(j+1) = c p_j' - (j + 2) s p_j.
    """
    root = 1.0 / np.hypot(1.0, y)
    with np.errstate(invalid="ignore"):
        s = np.where(np.isinf(y), np.sign(y), y * root)
    found: list[np.ndarray] = []
    factor: np.ndarray = np.ones(1)
    for j in range(1, order + 1):
        found.append(root ** (j + 2) * polynomial.polyval(s, factor) / scale**j)
        grown = polynomial.polymul([1.0, 0.0, -1.0], polynomial.polyder(factor))
        factor = polynomial.polysub(grown, (j + 2) * polynomial.polymulx(factor))
    return found
