"""Adversarial adaptive sampling: a flow that moves points to where the residual is, while training makes it flat."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.points.flowing import Flowing

if TYPE_CHECKING:
    from torch import Tensor

    from pinnkit.flows import BoundedFlow


@final
@dataclass(frozen=True)
class AAS(Flowing):
    """The max player of min over theta, max over p of int r~^2 p dx - beta int |grad p|^2 dx, on the unit cube.

    Both integrals are means over q with the weights r~^2/q and 1/q. Without the second, p would run into the one point
    of the largest residual; with it, where p is positive, -2 beta laplace(p) = r~^2 - constant. Where the min player
    wins, r~^2 is one everywhere and p is uniform.

    K. Tang, J. Zhai, X. Wan, C. Yang, ICLR 2024 (arXiv 2305.18702), equation 5, with the gradient in place of the
    Lipschitz bound. That r is normalised, that uniform points are kept and that points count 1/q are this project's
    own; `corrected: false` is theirs.

    Args:
        beta: how smooth the density is kept.
    """

    beta: float = 1e-3

    name: ClassVar[str] = "aas"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (np.isfinite(self.beta) and self.beta >= 0):
            message = f"`beta` of sampler `aas` is {self.beta}; it needs a finite number of 0 or more"
            raise UserError(Mistake(message))

    def loss(self, flow: "BoundedFlow", x: "Tensor", weights: "Tensor") -> "Tensor":
        """beta E_q[|grad p|^2/q] - E_q[r~^2 p/q]."""
        p, slope = flow.density(x)
        return (self.beta * weights[1] * (slope**2).sum(dim=1) - weights[0] * p).mean()
