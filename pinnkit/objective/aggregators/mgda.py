"""MGDA: the shortest vector in the convex hull of the gradients."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import least_norm_weights, triangle


@final
@dataclass(frozen=True)
class MGDA(Aggregator):
    """d = sum_i a_i g_i of least |d| over a >= 0, sum a = 1.

    d . g_i >= |d|^2 for all i: every loss falls, until d = 0, where no direction lowers all of them. A loss whose
    gradient is zero is at rest, and then so is d. The weights are found by non-negative least squares, to rounding.

    J.-A. Desideri, C. R. Math. 350 (2012) 313; O. Sener, V. Koltun, NeurIPS 2018 (arXiv 1810.04650).
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The shortest convex combination."""
        weights = torch.as_tensor(least_norm_weights(triangle(gradients))).to(gradients)
        return Combined(weights @ gradients, state)
