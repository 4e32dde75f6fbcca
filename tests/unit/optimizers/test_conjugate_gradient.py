"""Conjugate gradients: a dense solution, in as many products as theory says, and descent where a matrix curves down."""

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers.conjugate_gradient import conjugate_gradient

F64 = torch.float64


def symmetric(values: Tensor) -> Tensor:
    size = len(values)
    q = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(0), dtype=F64)).Q
    return q @ torch.diag(values) @ q.T


@pytest.mark.parametrize("preconditioned", [False, True])
def test_it_is_the_dense_solution(preconditioned: bool) -> None:
    a = symmetric(torch.logspace(2, -1, 15, dtype=F64))
    right = torch.linspace(-1, 1, 15, dtype=F64)
    scale = 1.0 / a.diagonal() if preconditioned else torch.ones(15, dtype=F64)
    solved = conjugate_gradient(lambda v: a @ v, right, lambda v: scale * v, 1e-12, 60)
    torch.testing.assert_close(solved.solution, torch.linalg.solve(a, right), rtol=1e-9, atol=1e-9)
    assert not solved.negative


def test_so_many_products_as_different_eigenvalues() -> None:
    a = symmetric(torch.tensor([5.0] * 6 + [2.0] * 4 + [1.0] * 3, dtype=F64))
    solved = conjugate_gradient(lambda v: a @ v, torch.ones(13, dtype=F64), lambda v: v, 1e-10, 60)
    assert solved.products == 3


def test_one_product_with_the_inverse_itself() -> None:
    a = symmetric(torch.logspace(3, -3, 10, dtype=F64))
    inverse = torch.linalg.inv(a)
    solved = conjugate_gradient(lambda v: a @ v, torch.ones(10, dtype=F64), lambda v: 7.0 * (inverse @ v), 1e-8, 60)
    assert solved.products == 1


def test_the_tolerance_is_the_residual() -> None:
    a, right = symmetric(torch.logspace(3, -3, 30, dtype=F64)), torch.ones(30, dtype=F64)
    solved = conjugate_gradient(lambda v: a @ v, right, lambda v: v, 1e-2, 100)
    assert float((right - a @ solved.solution).norm()) <= 1e-2 * float(right.norm())
    assert 1 < solved.products < 100


@pytest.mark.parametrize("lowest", [-1e-6, -1.0, -100.0, float("nan")])
def test_where_it_curves_down_it_stops_with_a_direction_of_descent(lowest: float) -> None:
    values = torch.linspace(1, 3, 8, dtype=F64)
    values[3] = lowest
    a, right = torch.diag(values), torch.arange(1.0, 9.0, dtype=F64)
    solved = conjugate_gradient(lambda v: a @ v, right, lambda v: v, 1e-10, 60)
    assert solved.negative
    assert float(solved.solution @ right) > 0
    assert bool(torch.isfinite(solved.solution).all())


def test_at_once_it_stops_with_the_preconditioned_right_side() -> None:
    right = torch.tensor([1.0, -2.0], dtype=F64)
    solved = conjugate_gradient(lambda v: -v, right, lambda v: 3.0 * v, 1e-10, 60)
    assert torch.equal(solved.solution, 3.0 * right)
    assert solved == (solved.solution, 1, True)
