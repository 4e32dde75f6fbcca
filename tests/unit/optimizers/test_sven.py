"""Sven: a step is -lr times the truncated pseudo-inverse of J on r; nothing truncated, it is the Gauss-Newton step."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.optimizers import Sven

F64 = torch.float64


def truncated(matrix: Tensor, k: int | None, rtol: float) -> Tensor:
    """The pseudo-inverse by the singular value decomposition itself."""
    u, s, vt = torch.linalg.svd(matrix, full_matrices=False)
    kept = [i for i in range(len(s)) if s[i] > rtol * s[0] and (k is None or i < k)]
    return vt[kept].T @ torch.diag(1.0 / s[kept]) @ u[:, kept].T


@pytest.mark.parametrize(("rows", "size"), [(6, 15), (15, 6)])
@pytest.mark.parametrize(("k", "rtol"), [(None, 1e-6), (3, 1e-6), (None, 0.5)])
def test_a_step_is_the_truncated_pseudo_inverse(
    objective_of: Any, linear: Any, rows: int, size: int, k: int | None, rtol: float
) -> None:
    matrix, right = linear(rows, size)
    theta = torch.linspace(-1, 1, size, dtype=F64)
    made = Sven(lr=0.7, k=k, rtol=rtol).step(objective_of(lambda at: matrix @ at - right, theta), theta, None)
    truth = theta - 0.7 * truncated(matrix, k, rtol) @ (matrix @ theta - right)
    torch.testing.assert_close(made.theta, truth, rtol=1e-7, atol=1e-7)


def test_linear_rows_are_solved_in_one_step(objective_of: Any, linear: Any) -> None:
    matrix, right = linear(5, 9)
    theta = torch.zeros(9, dtype=F64)
    made = Sven(lr=1.0, rtol=1e-7).step(objective_of(lambda at: matrix @ at - right, theta), theta, None)
    assert float((matrix @ made.theta - right).norm()) < 1e-9


def test_all_rows_must_be_at_hand(objective_of: Any, linear: Any) -> None:
    matrix, right = linear(8, 4)
    theta = torch.zeros(4, dtype=F64)
    objective = objective_of(lambda at: matrix @ at - right, theta, blocks=2, chunk=4)
    with pytest.raises(UserError, match="needs all 8 rows at once"):
        Sven().step(objective, theta, None)


def test_options_are_checked() -> None:
    with pytest.raises(UserError, match="`k` of optimizer `sven` is 0; it needs at least 1"):
        Sven(k=0)
