"""Sven: singular value descent, the pseudo-inverse of the rows' Jacobian from its Gram matrix."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Objective
from pinnkit.optimizers.optimizer import (
    Optimizer,
    Step,
    jacobian_numbers,
    require_limits,
    require_positive,
    standstill,
)


@final
@dataclass(frozen=True)
class Sven(Optimizer):
    """theta -= lr J^+ r, where J^+ keeps at most k singular values sigma, and only those above rtol sigma_1.

    The Gram form: G = J J^T = U S^2 U^T in float64 on all rows, w = U_k S_k^-2 U_k^T r, theta -= lr J^T w. The rows are
    the signed residuals themselves, on which lr = 1 is the Gauss-Newton step. Squaring halves the digits, so rtol below
    1e-7 cuts nothing but noise (S. Bright-Thonney, P. Harvey, A. Lukas, J. Thaler, arXiv 2604.01279 (2026)).

    Args:
        lr: the length of the step.
        k: at most so many singular values; None for all.
        rtol: the smallest singular value that is kept, relative to the largest.
    """

    lr: float = 0.5
    k: int | None = None
    rtol: float = 1e-3

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("sven", self)
        require_positive("sven", lr=self.lr, rtol=self.rtol)
        if self.k is not None and self.k < 1:
            raise UserError(f"`k` of optimizer `sven` is {self.k}; it needs at least 1")

    def start(self, theta: Tensor) -> None:
        """Nothing is remembered."""
        return

    def step(self, objective: Objective, theta: Tensor, state: None) -> Step:
        """One Gram matrix and one truncated pseudo-inverse."""
        there = objective.linearize(theta)
        loss, losses = 0.5 * float(there.rows @ there.rows), objective.losses(there.rows)
        if there.jacobian is None:
            raise UserError(f"optimizer `sven` needs all {objective.count} rows at once; raise `chunk`, or ask fewer")
        if (why := standstill(there.transposed_times(there.rows))) is not None:
            return Step(theta, None, loss, losses, finished=why)
        squares, vectors = torch.linalg.eigh(there.jacobian @ there.jacobian.T)
        kept = squares > (self.rtol**2) * squares[-1]
        if self.k is not None:
            kept[: max(0, len(squares) - self.k)] = False
        chosen = vectors[:, kept]
        w = chosen @ ((there.rows @ chosen) / squares[kept])
        return Step(theta - self.lr * (w @ there.jacobian), None, loss, losses, {"values": float(kept.sum())})

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The Jacobian of all rows; the Gram matrix, its vectors, those kept, and twice as much to find them."""
        numbers = jacobian_numbers(parameters, rows, rows) + 5 * rows**2
        return super().memory(parameters, rows, chunk, itemsize) + itemsize * numbers
