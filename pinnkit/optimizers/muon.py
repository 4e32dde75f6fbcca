"""Muon: momentum whose matrices are made orthogonal before they are taken as a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.library import LibraryState, library_step
from pinnkit.optimizers.optimizer import Step, require_memory, require_positive
from pinnkit.optimizers.schedule import Scheduled


@final
@dataclass(frozen=True)
class Muon(Scheduled):
    """W -= 0.2 lr max(m, n)^(1/2) U V^T for every matrix W (m, n), where U S V^T is the momentum of its gradient.

    Newton and Schulz's iteration gives U V^T roughly, its singular values near 1 and its digits those of bfloat16. The
    factor makes the mean square of a step like that of Adam (J. Liu et al., arXiv 2502.16982 (2025)), so that one rate
    serves the matrices and all other parameters, which get Adam. The rate is that of `adam`. K. Jordan et al., Muon: an
    optimizer for hidden layers in neural networks (2024). The steps are those of `torch.optim.Muon`, without its decay
    of the weights, which would move the minimum.

    Args:
        momentum: memory of the matrices' mean gradient.
        beta1: memory of the mean gradient of what is no matrix.
        beta2: memory of its mean square.
        epsilon: keeps the division by it finite.
    """

    momentum: float = 0.95
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "muon"
    follows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.name, epsilon=self.epsilon)
        require_memory(self.name, momentum=self.momentum, beta1=self.beta1, beta2=self.beta2)

    def start(self, theta: Tensor) -> LibraryState:
        """No memory."""
        return LibraryState()

    def step(self, objective: Objective, theta: Tensor, state: LibraryState) -> Step:
        """One gradient, one update."""
        return library_step(objective, theta, state, self._library, self.rate(state.count))

    def _library(self, parameters: Sequence[nn.Parameter]) -> list[torch.optim.Optimizer]:
        matrices = [p for p in parameters if p.ndim == 2]
        others = [p for p in parameters if p.ndim != 2]
        made: list[torch.optim.Optimizer] = []
        if matrices:
            scaled = "match_rms_adamw"
            made.append(torch.optim.Muon(matrices, momentum=self.momentum, weight_decay=0.0, adjust_lr_fn=scaled))
        if others:
            made.append(torch.optim.Adam(others, betas=(self.beta1, self.beta2), eps=self.epsilon))
        return made
