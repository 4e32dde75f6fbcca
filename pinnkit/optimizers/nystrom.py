"""A Nystrom approximation of a symmetric matrix, A ~ U L U^T, and the preconditioner that it makes.

With an orthonormal random Q (P, l), Y = (A + nu) Q, Q^T Y = K K^T and B = Y K^-T = U S W^T, L = max(0, S^2 - nu). The
shift nu is a rounding error of Y, and more where A is not positive definite on Q, which would leave Q^T Y without a
Cholesky factor K (Z. Frangella, J. A. Tropp, M. Udell, arXiv 2110.02820 (2021), for matrices without negative
eigenvalues).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class Nystrom:
    """U (P, l) with orthonormal columns and L (l,), from the largest down."""

    basis: Tensor
    values: Tensor

    @staticmethod
    def of(times: Callable[[Tensor], Tensor], rank: int, generator: np.random.Generator, like: Tensor) -> "Nystrom":
        """The approximation of v -> A v by `rank` products; of rank 0 where one is no number."""
        size = like.shape[0]
        drawn = torch.from_numpy(generator.standard_normal((size, min(rank, size)))).to(like)
        q = torch.linalg.qr(drawn).Q
        y = torch.stack([times(column) for column in q.T], dim=1)
        if not bool(torch.isfinite(y).all()):
            return Nystrom(q[:, :0], y[0, :0])
        core = q.T @ y
        core = 0.5 * (core + core.T)
        tiny = size**0.5 * torch.finfo(y.dtype).eps * float(y.norm()) + torch.finfo(y.dtype).tiny
        shift = tiny + max(0.0, -1.1 * float(torch.linalg.eigvalsh(core)[0]))
        factor = torch.linalg.cholesky(core + shift * torch.eye(len(core), dtype=core.dtype, device=core.device))
        root = torch.linalg.solve_triangular(factor, (y + shift * q).T, upper=False)
        _, values, basis = torch.linalg.svd(root, full_matrices=False)
        return Nystrom(basis.T, (values**2 - shift).clamp(min=0.0))

    def precondition(self, v: Tensor, mu: float) -> Tensor:
        """(L_l + mu) U (L + mu)^-1 U^T v + (v - U U^T v): near (A + mu)^-1 up to a factor, and positive definite."""
        if len(self.values) == 0:
            return v
        inside = self.basis.T @ v
        return v + self.basis @ (((self.values[-1] + mu) / (self.values + mu) - 1.0) * inside)
