"""Improvable gap balancing: more weight for the losses that are furthest from where they should end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights

_TINY = 1e-300


@final
@dataclass(frozen=True)
class IGB(Weighting):
    """lambda = m softmax(L_i/L_i at the start): the share of each loss that is still to be improved, for m losses.

    The heuristic version 1. Losses of residuals shall end at zero, so that the whole of a loss is its gap.
    Y. Dai, N. Fei, Z. Lu, UAI 2023 (arXiv 2307.15429).
    """

    name: ClassVar[str] = "igb"

    def start(self, found: Statistics) -> dict[str, float]:
        """The losses at the start."""
        return dict(found.losses)

    def update(self, found: Statistics, state: Mapping[str, float]) -> tuple[Weights, Mapping[str, float]]:
        """The softmax of what is left."""
        gaps = np.array([own / max(state[group], _TINY) for group, own in found.losses.items()])
        shares = np.exp(gaps - gaps.max())
        weights = len(gaps) * shares / shares.sum()
        return Weights(dict(zip(found.losses, map(float, weights), strict=True))), state
