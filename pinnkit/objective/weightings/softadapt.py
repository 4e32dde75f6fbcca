"""SoftAdapt: more weight for the losses that fall least."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights


@final
@dataclass(frozen=True)
class SoftAdapt(Weighting):
    """lambda = softmax(beta s), s_i = L_i - L_i before, the change of each loss since the last update.

    `normalised` divides s by the sum of its sizes, and `weighted` multiplies the exponentials by the losses.
    A. A. Heydari, C. A. Thompson, A. Mehmood, arXiv 1912.12355 (2019), algorithm 1, with the slope of two losses.

    Args:
        beta: above 0 the losses that rise get more weight, below 0 those that fall.
        normalised: whether only the ratios of the slopes count.
        weighted: whether large losses get more weight.
    """

    beta: float = 0.1
    normalised: bool = True
    weighted: bool = False

    name: ClassVar[str] = "softadapt"

    def start(self, found: Statistics) -> dict[str, float]:
        """No losses before."""
        return {}

    def update(self, found: Statistics, state: Mapping[str, float]) -> tuple[Weights, dict[str, float]]:
        """The softmax of the slopes; equal weights the first time."""
        losses = dict(found.losses)
        slopes = np.array([own - state.get(group, own) for group, own in losses.items()])
        total = float(np.abs(slopes).sum())
        if self.normalised and total > 0:
            slopes = slopes / total
        shares = np.exp(self.beta * (slopes - slopes.max()))
        if self.weighted:
            shares = shares * np.array(list(losses.values()))
        sums = float(shares.sum())
        shares = shares / sums if sums > 0 else np.full(len(losses), 1.0 / len(losses))
        return Weights(dict(zip(losses, map(float, shares), strict=True))), losses
