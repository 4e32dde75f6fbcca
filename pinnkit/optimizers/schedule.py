"""First-order methods whose learning rate rises linearly at first, decays, and may fall in waves."""

import math
from dataclasses import dataclass
from typing import ClassVar

from pinnkit.errors import UserError
from pinnkit.optimizers.optimizer import Optimizer, require_limits, require_positive


@dataclass(frozen=True)
class Scheduled(Optimizer):
    """The rate after t steps is lr min(1, (t + 1) / warmup) decay^(t / decay_every), without the rise for warmup = 0.

    With `restart` it is also multiplied by f + (1 - f) (1 + cos(pi s / T)) / 2, where s counts from the last restart:
    it falls from all to the share f = `restart_floor` over T steps and begins anew, first with T = restart and then
    with `restart_growth` times the last T.
    I. Loshchilov, F. Hutter, ICLR 2017 (arXiv 1608.03983), as torch's `CosineAnnealingWarmRestarts` has it.

    Args:
        lr: the learning rate at the start.
        decay: the factor of the rate over `decay_every` steps.
        decay_every: see decay.
        warmup: steps over which the rate rises from 0.
        restart: the steps of the first wave of the rate; None for no waves.
        restart_growth: how many times as long as the last one each wave is.
        restart_floor: the share of the rate that a wave falls to.
    """

    lr: float = 1e-3
    decay: float = 0.9
    decay_every: int = 2000
    warmup: int = 0
    restart: int | None = None
    restart_growth: int = 1
    restart_floor: float = 0.0

    name: ClassVar[str]
    """What messages call the method."""

    def __post_init__(self) -> None:
        require_limits(self.name, self)
        require_positive(self.name, lr=self.lr, decay=self.decay, decay_every=self.decay_every)
        if self.warmup < 0:
            raise UserError(f"`warmup` of optimizer `{self.name}` is {self.warmup}; it needs 0 or more")
        for name, value in (("restart", self.restart), ("restart_growth", self.restart_growth)):
            if value is not None and value < 1:
                raise UserError(f"`{name}` of optimizer `{self.name}` is {value}; it needs at least 1")
        if not 0 <= self.restart_floor <= 1:
            raise UserError(f"`restart_floor` of optimizer `{self.name}` is {self.restart_floor}; it needs 0 to 1")

    def rate(self, count: int) -> float:
        """The learning rate after `count` steps."""
        rise = min(1.0, (count + 1) / self.warmup) if self.warmup else 1.0
        return self.lr * rise * self.decay ** (count / self.decay_every) * self._wave(count)

    def _wave(self, count: int) -> float:
        """The factor of the wave in which the step lies."""
        if self.restart is None:
            return 1.0
        length = self.restart
        if self.restart_growth == 1:
            count %= length
        while count >= length:  # the waves grow, so that there are few
            count -= length
            length *= self.restart_growth
        wave = 0.5 * (1.0 + math.cos(math.pi * count / length))
        return self.restart_floor + (1.0 - self.restart_floor) * wave
