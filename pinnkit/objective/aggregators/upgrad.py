"""UPGrad: every gradient is projected on the cone of directions that raise no loss, and the mean is taken."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import dual_cone_weights, triangle


@final
@dataclass(frozen=True)
class UPGrad(Aggregator):
    """d = (1/m) sum_i p(g_i), p(x) the point nearest to x in {v: g_j . v >= 0 for all j}.

    No loss rises to first order, and d scales with each gradient. Every projection is a problem of non-negative least
    squares on a triangle of m numbers a side, without a ridge.

    P. Quinton, V. Rey, arXiv 2406.16232 (2024), section 3.1.
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The mean of the projections."""
        r = triangle(gradients)
        count = len(gradients)
        weights = np.mean([dual_cone_weights(r, own) for own in np.eye(count)], axis=0)
        return Combined(torch.as_tensor(weights).to(gradients) @ gradients, state)
