"""Aligned-MTL: the gradients made orthogonal and equally long, as near to themselves as can be."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined


@final
@dataclass(frozen=True)
class AlignedMTL(Aggregator):
    """d is the mean of the rows of s U V^T, where J = U S V^T and s is the least singular value that is not rounding.

    The singular values of the gradients J (m, P) are all made the least one, so that the condition of the system of
    gradients is one: no direction dominates, and none opposes.

    D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin, CVPR 2023 (arXiv 2305.19000), algorithm 1.
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The mean of the aligned gradients."""
        left, values, right = torch.linalg.svd(gradients, full_matrices=False)
        real = values > max(gradients.shape) * torch.finfo(gradients.dtype).eps * values[0]
        aligned = float(values[real].min()) * left[:, real] @ right[real]
        return Combined(aligned.mean(0), state)
