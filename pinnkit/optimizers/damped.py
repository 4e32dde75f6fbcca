"""Damped least squares, min |J x + v|^2 + lambda |x|^2, for many lambda and many v on one linearization.

Three ways to the same x. In the parameters, (J^T J + lambda I) x = -J^T v by Cholesky: the cheapest with many rows, but
squaring J halves its digits. In the rows, x = -J^T (J J^T + lambda I)^-1 v: the smaller matrix where rows are few. And
by the QR factors of [J; sqrt(lambda) I] (A. Bjorck, Numerical Methods for Least Squares Problems (1996)),
which keeps the digits, for dampings so small that the squared matrix would lose them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Linearization

_DIGITS = 3e-15
"""Below this ratio of lambda to the largest diagonal entry, J^T J + lambda I has too few digits left for lambda."""


@final
@dataclass(frozen=True, eq=False)
class Damped:
    """The solution for one lambda: ``step`` for the rows r themselves, ``least(v)`` for any v (N,) in their place."""

    step: Tensor
    least: Callable[[Tensor], Tensor]


class DampedSystem(Protocol):
    """A linearization ready to be solved with any lambda; ``gradient`` is J^T r."""

    gradient: Tensor

    def solve(self, damping: float) -> Damped | None:
        """The solution, or None where it cannot be had in this precision."""
        ...


def damped_system(there: Linearization, size: int) -> DampedSystem:
    """In the rows where they are fewer than the parameters and the Jacobian is at hand, else in the parameters."""
    if there.kept and there.rows.shape[0] < size and there.jacobian is not None:
        return _RowSystem(there, there.jacobian)
    return _ParameterSystem(there, size)


@final
class _ParameterSystem:
    """J^T J, summed over the chunks; QR of J itself for small lambda, where J is kept."""

    def __init__(self, there: Linearization, size: int) -> None:
        self._there = there
        self.gradient = there.rows.new_zeros(size)
        self._matrix = there.rows.new_zeros(size, size)
        for _, rows, jacobian in there.blocks():
            add_gram(self._matrix, jacobian)
            self.gradient += rows @ jacobian
            del jacobian
        there.team.total(self.gradient)
        there.team.total(self._matrix)
        self._diagonal = self._matrix.diagonal().clone()
        self._largest = float(self._diagonal.max())

    def solve(self, damping: float) -> Damped | None:
        if damping < _DIGITS * self._largest and self._there.jacobian is not None:
            return self._by_qr(damping, self._there.jacobian)
        # Cholesky reads the lower triangle alone, which is all that `add_gram` has filled.
        self._matrix.diagonal().copy_(self._diagonal + damping)
        factor, info = torch.linalg.cholesky_ex(self._matrix)
        if int(info) != 0:
            return None

        def least(v: Tensor) -> Tensor:
            return -torch.cholesky_solve(self._there.transposed_times(v)[:, None], factor)[:, 0]

        return _checked(least, self._there.rows)

    def _by_qr(self, damping: float, jacobian: Tensor) -> Damped | None:
        """[J; sqrt(lambda) I] = Q R, and x = -R^-1 R^-T J^T v, corrected once by the same of its own residual.

        Q is never formed, which halves the time. The corrected solution is as good as that by Q where R^T R is not
        singular in this precision (A. Bjorck, Linear Algebra Appl. 88/89 (1987) 31-48).
        """
        size = jacobian.shape[1]
        stacked = torch.cat((jacobian, damping**0.5 * torch.eye(size, dtype=jacobian.dtype, device=jacobian.device)))
        r = torch.linalg.qr(stacked, mode="r").R

        def solved(gradient: Tensor) -> Tensor:
            low = torch.linalg.solve_triangular(r.T, gradient[:, None], upper=False)
            return torch.linalg.solve_triangular(r, low, upper=True)[:, 0]

        def least(v: Tensor) -> Tensor:
            x = -solved(v @ jacobian)
            return x - solved((v + jacobian @ x) @ jacobian + damping * x)

        return _checked(least, self._there.rows)


@final
class _RowSystem:
    """J J^T."""

    def __init__(self, there: Linearization, jacobian: Tensor) -> None:
        self._there = there
        self._jacobian = jacobian
        self.gradient = there.rows @ jacobian
        self._matrix = jacobian @ jacobian.T
        self._diagonal = self._matrix.diagonal().clone()

    def solve(self, damping: float) -> Damped | None:
        self._matrix.diagonal().copy_(self._diagonal + damping)
        factor, info = torch.linalg.cholesky_ex(self._matrix)
        if int(info) != 0:
            return None

        def least(v: Tensor) -> Tensor:
            return -(torch.cholesky_solve(v[:, None], factor)[:, 0] @ self._jacobian)

        return _checked(least, self._there.rows)


def _checked(least: Callable[[Tensor], Tensor], rows: Tensor) -> Damped | None:
    step = least(rows)
    return Damped(step, least) if bool(torch.isfinite(step).all()) else None


def add_gram(matrix: Tensor, jacobian: Tensor, parts: int = 4) -> None:
    """Add the lower triangle of J^T J to a matrix (P, P), block by block: 5/8 of the work of the full product."""
    edges = [round(matrix.shape[0] * i / parts) for i in range(parts + 1)]
    for start, stop in pairwise(edges):
        block = matrix[start:stop, :stop]
        block.addmm_(jacobian[:, start:stop].T, jacobian[:, :stop])
