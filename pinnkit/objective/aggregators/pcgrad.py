"""PCGrad: from every gradient, what opposes another one is taken away."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import live


@final
@dataclass(frozen=True)
class PCGrad(Aggregator):
    """d = sum_i p_i, p_i from g_i by p_i -= min(0, p_i . g_j)/|g_j|^2 g_j for all j != i, one after the other.

    The others are taken in their own order, from i + 1 on and round, where the paper draws an order at random: so a run
    is a function of its seed alone, and groups have the same part. With two losses there is one order.

    T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn, NeurIPS 2020 (arXiv 2001.06782), algorithm 1.
    """

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The sum of the projected gradients."""
        own = live(gradients)
        total = torch.zeros_like(own[0])
        for i in range(len(own)):
            left = own[i]
            for step in range(1, len(own)):
                other = own[(i + step) % len(own)]
                against = float(left @ other)
                if against < 0:
                    left = left - against / float(other @ other) * other
            total = total + left
        return Combined(total, state)
