"""Deep adaptive sampling: a flow is fitted to the squared residual, and points are drawn from it."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.points.flowing import Aim, Flowing
from pinnkit.points.sampler import Points


@final
@dataclass(frozen=True)
class DAS(Flowing):
    """Points of a flow that minimises the cross entropy -E_q[(r~^2/q) log p], least where p is r~^2.

    K. Tang, X. Wan, C. Yang, J. Comput. Phys. 476 (2023) 111868: DAS-R, which replaces all points, and DAS-G, which
    adds to them. Theirs is KRnet on a wider box, and points outside are thrown away; here the flow is of the box.

    Args:
        grow: whether new points are added to all earlier ones in place of them.
    """

    grow: bool = False

    name: ClassVar[str] = "das"

    def aim(self, square: np.ndarray, p: np.ndarray, q: np.ndarray) -> Aim:
        """r~^2."""
        return Aim(square)

    def gathered(self, before: Points, drawn: Points) -> Points:
        """The new points, or all: each counts by the density that it was drawn with."""
        if not self.grow:
            return drawn
        return Points(
            np.concatenate([before.coordinates, drawn.coordinates]), np.concatenate([before.density, drawn.density])
        )
