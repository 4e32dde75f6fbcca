"""Preconditioned conjugate gradients that stop where a matrix curves down."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Solved(NamedTuple):
    """The solution, the products that it took, and whether the matrix showed a direction of negative curvature."""

    solution: Tensor
    products: int
    negative: bool


def conjugate_gradient(
    times: Callable[[Tensor], Tensor],
    right: Tensor,
    precondition: Callable[[Tensor], Tensor],
    tolerance: float,
    most: int,
) -> Solved:
    """x with A x = b from x = 0, until |b - A x| <= tolerance |b|, or after `most` products.

    At a direction p with p A p <= 0, or no number, the iteration ends with the x that it has, or with p where it has
    none: either has x b > 0 (J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), on Newton-CG methods).

    Args:
        times: v to A v, A symmetric.
        right: b.
        precondition: v to M v, M symmetric and positive definite, near the inverse of A up to a factor.
        tolerance: see above.
        most: see above.
    """
    x, residual = torch.zeros_like(right), right
    z = precondition(residual)
    p, measure, goal = z, float(residual @ z), tolerance * float(right.norm())
    for count in range(most):
        if float(residual.norm()) <= goal:
            return Solved(x, count, False)
        image = times(p)
        curvature = float(p @ image)
        if not curvature > 0:
            return Solved(x if count else p, count + 1, True)
        x = x + (measure / curvature) * p
        residual = residual - (measure / curvature) * image
        z = precondition(residual)
        last, measure = measure, float(residual @ z)
        p = z + (measure / last) * p
    return Solved(x, most, False)
