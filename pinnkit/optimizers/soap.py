"""SOAP: Adam in the eigenbasis of a running mean of the gradient's outer products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.errors import Mistake, UserError
from pinnkit.objective.objective import Objective
from pinnkit.optimizers.library import LibraryState, library_step
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits, require_memory, require_positive
from pinnkit.optimizers.schedule import rate_after


@final
@dataclass(frozen=True)
class SOAP(Optimizer):
    """Adam on Q_L^T G Q_R, with the eigenvectors Q_L of a running mean of G G^T and Q_R of one of G^T G.

    G (m, n) is the gradient of one matrix of the network. Vectors get Adam itself. The rate is that of `adam`.
    N. Vyas, D. Morwani, R. Zhao, I. Shapira, D. Brandfonbrener, L. Janson, S. Kakade, arXiv 2409.11321 (2024); for
    equations S. Wang, A. K. Bhartari, B. Li, P. Perdikaris, arXiv 2502.00604 (2025). The steps are those of the
    package `pytorch-optimizer`, without its decay of the weights, which would move the minimum.

    Args:
        lr: the learning rate at the start.
        decay: the factor of the rate over `decay_every` steps.
        decay_every: see decay.
        warmup: steps over which the rate rises from 0.
        beta1: memory of the mean gradient.
        beta2: memory of the mean square, and of the outer products.
        epsilon: keeps the division finite.
        frequency: steps between two renewals of the eigenvectors.
    """

    lr: float = 1e-3
    decay: float = 0.9
    decay_every: int = 2000
    warmup: int = 0
    beta1: float = 0.95
    beta2: float = 0.99
    epsilon: float = 1e-8
    frequency: int = 2

    def __post_init__(self) -> None:
        require_limits("soap", self)
        rates = {"lr": self.lr, "decay": self.decay, "decay_every": self.decay_every}
        require_positive("soap", **rates, epsilon=self.epsilon, frequency=self.frequency)
        require_memory("soap", beta1=self.beta1, beta2=self.beta2)

    def start(self, theta: Tensor) -> LibraryState:
        """No memory.

        Raises:
            UserError: the package is not installed.
        """
        self._library([nn.Parameter(theta.detach().clone())])
        return LibraryState()

    def step(self, objective: Objective, theta: Tensor, state: LibraryState) -> Step:
        """One gradient, one update; the library's own first call starts the outer products and moves nothing."""
        rate = rate_after(state.count, self.lr, self.warmup, self.decay, self.decay_every)
        return library_step(objective, theta, state, self._library, rate, idle=1)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """Two factors and their eigenvectors, each about as large as the parameters, before and after the step."""
        return super().memory(parameters, rows, chunk, itemsize) + 8 * itemsize * parameters

    def _library(self, parameters: Sequence[nn.Parameter]) -> list[torch.optim.Optimizer]:
        try:
            import pytorch_optimizer
        except ImportError:
            hint = 'Install it by `pip install "pinnkit[soap]"`, or take `adam`.'
            raise UserError(Mistake("optimizer `soap` needs the package `pytorch-optimizer`", hint=hint)) from None
        made = pytorch_optimizer.SOAP(
            parameters,
            betas=(self.beta1, self.beta2),
            eps=self.epsilon,
            precondition_frequency=self.frequency,
            weight_decay=0.0,
        )
        return [made]
