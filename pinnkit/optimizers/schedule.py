"""First-order methods whose learning rate rises linearly at first and then decays exponentially."""

from dataclasses import dataclass
from typing import ClassVar

from pinnkit.errors import UserError
from pinnkit.optimizers.optimizer import Optimizer, require_limits, require_positive


@dataclass(frozen=True)
class Scheduled(Optimizer):
    """The rate after t steps is lr min(1, (t + 1) / warmup) decay^(t / decay_every), without the rise for warmup = 0.

    Args:
        lr: the learning rate at the start.
        decay: the factor of the rate over `decay_every` steps.
        decay_every: see decay.
        warmup: steps over which the rate rises from 0.
    """

    lr: float = 1e-3
    decay: float = 0.9
    decay_every: int = 2000
    warmup: int = 0

    name: ClassVar[str]
    """What messages call the method."""

    def __post_init__(self) -> None:
        require_limits(self.name, self)
        require_positive(self.name, lr=self.lr, decay=self.decay, decay_every=self.decay_every)
        if self.warmup < 0:
            raise UserError(f"`warmup` of optimizer `{self.name}` is {self.warmup}; it needs 0 or more")

    def rate(self, count: int) -> float:
        """The learning rate after `count` steps."""
        rise = min(1.0, (count + 1) / self.warmup) if self.warmup else 1.0
        return self.lr * rise * self.decay ** (count / self.decay_every)
