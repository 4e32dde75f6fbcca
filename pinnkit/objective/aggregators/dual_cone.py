"""Dual cone gradient descent: the gradient of the summed loss, moved into the cone of directions that raise no loss."""

from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import dual_cone_weights, live, triangle
from pinnkit.objective.aggregators.config import OPPOSED, config_direction


@final
@dataclass(frozen=True)
class DualCone(Aggregator):
    """d is the sum g of the gradients, brought into {v: g_i . v >= 0 for all i}.

    `projection`: the point of the cone nearest to g; g itself where no gradient opposes it. `center`: (g . c) c along
    the unit direction c that has the same angle with all gradients, which for two is their bisector.

    Y. Hwang, D.-Y. Lim, NeurIPS 2024 (arXiv 2409.18426), algorithms 1 and 2, for any number of losses.

    Args:
        variant: `center` or `projection`.
    """

    variant: Literal["center", "projection"] = "center"

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The sum, moved."""
        own = live(gradients)
        if len(own) < 2:
            return Combined(own.sum(0), state)
        if self.variant == "projection":
            weights = dual_cone_weights(triangle(own), np.ones(len(own)))
            return Combined(torch.as_tensor(weights).to(own) @ own, state)
        center, fair = config_direction(own / own.norm(dim=1, keepdim=True))
        return Combined((own.sum(0) @ center) * center, state, None if fair else OPPOSED)
