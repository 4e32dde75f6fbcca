"""Adam, with a learning rate that decays, or falls and begins anew."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.optimizer import Step, require_memory, require_positive
from pinnkit.optimizers.schedule import Scheduled


@final
@dataclass(frozen=True, eq=False)
class AdamState:
    """Running means of the gradient and of its square, and the number of steps made."""

    first: Tensor
    second: Tensor
    count: int


@final
@dataclass(frozen=True)
class Adam(Scheduled):
    """theta -= lr_t m_t / (sqrt v_t + epsilon), m and v the bias-corrected running means of g and g^2.

    The rate is lr_t = lr decay^(t / decay_every), after a linear rise over `warmup` steps, and in waves with `restart`.
    D. P. Kingma, J. Ba, ICLR 2015 (arXiv 1412.6980), algorithm 1.

    Args:
        beta1: memory of the mean gradient.
        beta2: memory of the mean square.
        epsilon: keeps the division finite.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    follows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.name, epsilon=self.epsilon)
        require_memory(self.name, beta1=self.beta1, beta2=self.beta2)

    def start(self, theta: Tensor) -> AdamState:
        """Zero moments."""
        return AdamState(torch.zeros_like(theta), torch.zeros_like(theta), 0)

    def step(self, objective: Objective, theta: Tensor, state: AdamState) -> Step:
        """One gradient, one update."""
        found = objective.evaluate(theta)
        count = state.count + 1
        first = self.beta1 * state.first + (1.0 - self.beta1) * found.gradient
        second = self.beta2 * state.second + (1.0 - self.beta2) * found.gradient**2
        mean = first / (1.0 - self.beta1**count)
        spread = torch.sqrt(second / (1.0 - self.beta2**count)) + self.epsilon
        rate = self.rate(state.count)
        after = AdamState(first, second, count)
        return Step(theta - rate * mean / spread, after, found.loss, found.losses, {"lr": rate})
