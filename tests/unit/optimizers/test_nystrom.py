"""Nystrom approximations and the preconditioner that they make.

Satisfied: exact for a positive matrix of the approximation's rank; below it in the order of matrices otherwise; without
negative values where the matrix has some; the preconditioner is its formula, and positive definite.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.optimizers.nystrom import Nystrom

F64 = torch.float64
SIZE = 12


def matrix(values: Tensor) -> Tensor:
    """Symmetric, with the given eigenvalues."""
    drawn = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0), dtype=F64)
    q = torch.linalg.qr(drawn).Q
    return q @ torch.diag(values) @ q.T


def approximated(a: Tensor, rank: int) -> Nystrom:
    return Nystrom.of(lambda v: a @ v, rank, np.random.default_rng(1), a[0])


def dense(found: Nystrom) -> Tensor:
    return found.basis @ torch.diag(found.values) @ found.basis.T


@pytest.mark.parametrize("rank", [4, 7, 30])
def test_it_is_exact_for_a_matrix_of_its_rank(rank: int) -> None:
    values = torch.zeros(SIZE, dtype=F64)
    values[:4] = torch.tensor([100.0, 3.0, 1.0, 0.5], dtype=F64)
    a = matrix(values)
    torch.testing.assert_close(dense(approximated(a, rank)), a, rtol=0.0, atol=1e-9)


def test_it_is_its_formula_and_below_the_matrix() -> None:
    """A Q (Q^T A Q)^-1 Q^T A, whatever basis Q of its range is taken."""
    a = matrix(torch.logspace(2, -3, SIZE, dtype=F64))
    found = approximated(a, 5)
    q = torch.from_numpy(np.random.default_rng(1).standard_normal((SIZE, 5)))
    truth = a @ q @ torch.linalg.solve(q.T @ a @ q, q.T @ a)
    torch.testing.assert_close(dense(found), truth, rtol=0.0, atol=1e-10)
    torch.testing.assert_close(found.basis.T @ found.basis, torch.eye(5, dtype=F64), rtol=0.0, atol=1e-13)
    assert float(torch.linalg.eigvalsh(a - dense(found))[0]) > -1e-9


def test_negative_eigenvalues_leave_none_in_the_approximation() -> None:
    a = matrix(torch.linspace(10, -2, SIZE, dtype=F64))
    found = approximated(a, SIZE)
    assert float(found.values.min()) >= 0.0
    assert float(found.values.max()) == pytest.approx(10.0, rel=1e-6)


def test_a_product_that_is_no_number_leaves_rank_0() -> None:
    a = matrix(torch.ones(SIZE, dtype=F64)) * float("nan")
    found = approximated(a, 3)
    assert found.values.shape == (0,)
    v = torch.arange(SIZE, dtype=F64)
    assert torch.equal(found.precondition(v, 0.1), v)


def test_the_preconditioner_is_its_formula() -> None:
    found = approximated(matrix(torch.logspace(2, -3, SIZE, dtype=F64)), 5)
    mu, eye = 0.1, torch.eye(SIZE, dtype=F64)
    u = found.basis
    inner = torch.diag((found.values[-1] + mu) / (found.values + mu))
    truth = u @ inner @ u.T + eye - u @ u.T
    columns = torch.stack([found.precondition(e, mu) for e in eye], dim=1)
    torch.testing.assert_close(columns, truth, rtol=0.0, atol=1e-13)
    assert float(torch.linalg.eigvalsh(columns)[0]) > 0
