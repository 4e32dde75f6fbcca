"""The loss on points before any step on them, which tells learning from fitting the points.

Steps lower the loss on the points at hand, and may raise it everywhere else. The loss that the first step on freshly
drawn points starts from is free of that: it estimates the mean over the domain without bias, at no cost. By it a
stagnated run is told from one that more time would help, and the parameters of a lucky draw from good ones.
"""

import math
from dataclasses import dataclass, field
from typing import final

from torch import Tensor

_FEWEST = 12
"""Draws below which nothing is said of their course."""

_MOST = 2048
"""Losses that are kept; an even number."""

_STILL = 0.7
"""A loss that fell to less than this share of itself over the last third of the draws is still falling."""


@final
@dataclass
class Unseen:
    """The losses on unseen points, draw by draw, and the parameters and the step at which the loss was least.

    Of very many draws, the least loss of every so many that follow each other.
    """

    losses: list[float] = field(default_factory=list)
    best: Tensor | None = None
    step: int = 0
    least: float = math.inf
    stride: int = 1
    draws: int = 0

    def note(self, loss: float, theta: Tensor, step: int) -> None:
        """Take down the loss at theta on points of which no step has been made yet."""
        if self.best is None or loss < self.least:
            self.best, self.step, self.least = theta, step, loss
        if self.draws % self.stride == 0:
            self.losses.append(loss)
        else:
            self.losses[-1] = min(self.losses[-1], loss)
        self.draws += 1
        if len(self.losses) == _MOST and self.draws % self.stride == 0:
            self.losses = [min(pair) for pair in zip(self.losses[::2], self.losses[1::2], strict=True)]
            self.stride *= 2

    def course(self) -> str:
        """Whether the least loss still fell over the last third of the draws; empty after few draws."""
        count = len(self.losses)
        if count < _FEWEST:
            return ""
        last = count // 3
        before, after = min(self.losses[:-last]), min(self.losses[-last:])
        last *= self.stride
        if after < _STILL * before:
            return f"the loss on unseen points still fell, {before / after:.2g}-fold over the last {last} draws"
        return (
            f"stagnated: over the last {last} draws the loss on unseen points fell by no more than a third; "
            "a larger network or more points may help, more time will not"
        )
