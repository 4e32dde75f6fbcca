"""ReLoBRaLo: weights by how much each loss fell, since the last step or since the start, at random."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings.weighting import Weighting, Weights, require_above_zero

_TINY = 1e-300


@final
@dataclass(frozen=True)
class ReLoBRaLoState:
    """The losses at the start and last time, the weights, and the number of updates."""

    first: Mapping[str, float]
    last: Mapping[str, float]
    weights: Mapping[str, float]
    count: int


@final
@dataclass(frozen=True)
class ReLoBRaLo(Weighting):
    """lambda <- alpha (rho lambda + (1 - rho) b(0)) + (1 - alpha) b(t - 1), b_i(t') = m softmax(L_i/(tau L_i(t')))_i.

    rho is 1 with probability `lookback`, else 0: then the fall since the start counts instead of the history.
    R. Bischof, M. Kraus, arXiv 2110.09813 (2021), equation 12.

    Args:
        alpha: memory of the weights.
        lookback: the mean of rho.
        temperature: tau; the smaller, the more the loss that fell least counts.
        seed: of rho.
    """

    alpha: float = 0.999
    lookback: float = 0.999
    temperature: float = 0.1
    seed: int = 0

    name: ClassVar[str] = "relobralo"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_above_zero(self.name, temperature=self.temperature)

    def start(self, found: Statistics) -> ReLoBRaLoState:
        """All ones, and the losses at the start."""
        losses = dict(found.losses)
        return ReLoBRaLoState(losses, losses, dict.fromkeys(losses, 1.0), 0)

    def update(self, found: Statistics, state: ReLoBRaLoState) -> tuple[Weights, ReLoBRaLoState]:
        """Balanced against the last losses, and against the history or the first ones."""
        losses = dict(found.losses)
        history = state.weights
        if np.random.default_rng([self.seed, state.count]).random() >= self.lookback:
            history = self._balanced(losses, state.first)
        last = self._balanced(losses, state.last)
        weights = {g: self.alpha * history[g] + (1.0 - self.alpha) * last[g] for g in losses}
        return Weights(weights), ReLoBRaLoState(state.first, losses, weights, state.count + 1)

    def _balanced(self, losses: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
        """m softmax of the quotients over tau."""
        quotients = np.array([own / (self.temperature * max(before[g], _TINY)) for g, own in losses.items()])
        shares = np.exp(quotients - quotients.max())
        return dict(zip(losses, map(float, len(losses) * shares / shares.sum()), strict=True))
