"""SOAP: Adam in the eigenbasis of a running mean of the gradient's outer products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from pinnkit.errors import Mistake, UserError
from pinnkit.objective.objective import Objective
from pinnkit.optimizers.library import LibraryState, library_step
from pinnkit.optimizers.optimizer import Step, require_memory, require_positive
from pinnkit.optimizers.schedule import Scheduled


@final
@dataclass(frozen=True)
class SOAP(Scheduled):
    """Adam on Q_L^T G Q_R, with the eigenvectors Q_L of a running mean of G G^T and Q_R of one of G^T G.

    G (m, n) is the gradient of one matrix of the network. Vectors get Adam itself. The rate is that of `adam`.
    N. Vyas, D. Morwani, R. Zhao, I. Shapira, D. Brandfonbrener, L. Janson, S. Kakade, arXiv 2409.11321 (2024); for
    equations S. Wang, A. K. Bhartari, B. Li, P. Perdikaris, arXiv 2502.00604 (2025). The steps are those of the
    package `pytorch-optimizer`, without its decay of the weights, which would move the minimum.

    Args:
        beta1: memory of the mean gradient.
        beta2: memory of the mean square, and of the outer products.
        epsilon: keeps the division finite.
        frequency: steps between two renewals of the eigenvectors.
    """

    beta1: float = 0.95
    beta2: float = 0.99
    epsilon: float = 1e-8
    frequency: int = 2

    name: ClassVar[str] = "soap"
    follows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.name, epsilon=self.epsilon, frequency=self.frequency)
        require_memory(self.name, beta1=self.beta1, beta2=self.beta2)

    def start(self, theta: Tensor) -> LibraryState:
        """No memory.

        Raises:
            UserError: the package is not installed.
        """
        self._library([nn.Parameter(theta.detach().clone())])
        return LibraryState()

    def step(self, objective: Objective, theta: Tensor, state: LibraryState) -> Step:
        """One gradient, one update; the library's own first call starts the outer products and moves nothing."""
        return library_step(objective, theta, state, self._library, self.rate(state.count), idle=1)

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
