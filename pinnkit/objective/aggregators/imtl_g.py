"""IMTL-G: the combination of the gradients that has the same projection onto each of them."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import live

_STEEP = 1e-12
"""A sum of weights below this share of their sizes has no direction left after it is divided by."""


@final
@dataclass(frozen=True)
class IMTLG(Aggregator):
    """d = sum_i a_i g_i, sum a = 1, with d . g_i/|g_i| the same for all i.

    With the unit gradients U (m, P), d is along the least norm solution of U d = 1, and a = x/sum(x) for the x with
    J^T x = d. Weights may be negative. Its direction, up to its sign, is that of ConFIG; its length is not.

    L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, ICLR 2021 (IMTL, equation 6).
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The combination with equal projections; the mean where there is none."""
        own = live(gradients)
        if len(own) < 2:
            return Combined(own.sum(0), state)
        sizes = own.norm(dim=1)
        units = own / sizes[:, None]
        r = torch.linalg.qr(units.T, mode="r").R
        _, values, right = torch.linalg.svd(r, full_matrices=False)
        real = values > 10 * len(own) * torch.finfo(own.dtype).eps * values[0]
        inverse = torch.where(real, 1.0 / torch.where(real, values, torch.ones_like(values)), torch.zeros_like(values))
        ones = torch.ones(len(own), dtype=own.dtype, device=own.device)
        # (U U^T) y = 1 by R, and J^T (y/|g|) = U^T y
        weights = right.T @ (inverse**2 * (right @ ones)) / sizes
        total = float(weights.sum())
        fair = float((r.T @ (r @ (weights * sizes)) - ones).abs().max()) < 1e-6
        if not fair or abs(total) <= _STEEP * float(weights.abs().sum()):
            return Combined(own.mean(0), state, "no combination of the gradients has the same projection onto each")
        return Combined((weights / total) @ own, state)
