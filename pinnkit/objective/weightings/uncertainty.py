"""Homoscedastic uncertainty: weights that are learnt as the inverse variance of each loss."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, require_above_zero

_MEMORY, _SQUARES, _TINY = 0.9, 0.999, 1e-8
"""Of Adam on s."""


@final
@dataclass(frozen=True)
class UncertaintyState:
    """s of every group, and Adam's means of its slope and of the square; and the number of steps."""

    logs: Mapping[str, float]
    firsts: Mapping[str, float]
    seconds: Mapping[str, float]
    count: int


@final
@dataclass(frozen=True)
class Uncertainty(Weighting):
    """min over s of sum_i (exp(-s_i) L_i + s_i)/2: lambda_i = exp(-s_i)/2, s by Adam on its slope.

    s_i follows log L_i, so that every loss counts relative to its own size. s begins at 0 and stays within `bound`.
    A. Kendall, Y. Gal, R. Cipolla, CVPR 2018 (arXiv 1705.07115), with s = log sigma^2.

    Args:
        rate: of Adam on s.
        bound: the largest |s|.
    """

    rate: float = 1e-2
    bound: float = 15.0

    name: ClassVar[str] = "uncertainty"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_above_zero(self.name, rate=self.rate, bound=self.bound)

    def start(self, found: Statistics) -> UncertaintyState:
        """s = 0."""
        zeros = dict.fromkeys(found.groups, 0.0)
        return UncertaintyState(zeros, zeros, zeros, 0)

    def update(self, found: Statistics, state: UncertaintyState) -> tuple[Weights, UncertaintyState]:
        """One step of Adam on every s, from the losses that the weights before were for."""
        count, logs, firsts, seconds = state.count + 1, {}, {}, {}
        for group, loss in found.losses.items():
            slope = 0.5 * (1.0 - math.exp(-state.logs[group]) * loss)
            firsts[group] = _MEMORY * state.firsts[group] + (1.0 - _MEMORY) * slope
            seconds[group] = _SQUARES * state.seconds[group] + (1.0 - _SQUARES) * slope**2
            spread = math.sqrt(seconds[group] / (1.0 - _SQUARES**count)) + _TINY
            moved = state.logs[group] - self.rate * firsts[group] / (1.0 - _MEMORY**count) / spread
            logs[group] = min(self.bound, max(-self.bound, moved))
        weights = {group: 0.5 * math.exp(-own) for group, own in logs.items()}
        return Weights(weights), UncertaintyState(logs, firsts, seconds, count)
