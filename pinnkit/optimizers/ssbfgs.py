"""Self-scaled BFGS."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.dense import DenseState, Of, dense_memory, dense_step
from pinnkit.optimizers.descent import Descent
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits
from pinnkit.optimizers.ssbroyden import self_scaled


@final
@dataclass(frozen=True)
class SSBFGS(Optimizer):
    """BFGS whose old H is divided by tau = min(1, 1/b), b = (s B s)/(y s), B = 1/H: too large curvature is forgotten.

    H <- (H - H y y^T H/(y H y) + (y H y) v v^T)/tau + rho s s^T with rho = 1/(y s), v = rho s - H y/(y H y)
    (J. F. Urban, P. Stefanou, J. A. Pons, arXiv 2405.04230 (2024), after M. Al-Baali's self-scaled methods).

    Args:
        of: what is minimised: the `loss`, its `sqrt` or its `log`.
    """

    of: Of = "loss"

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("ssbfgs", self)

    def start(self, theta: Tensor) -> DenseState:
        """No curvature yet."""
        return DenseState()

    def step(self, objective: Objective, theta: Tensor, state: DenseState) -> Step:
        """One direction and its line search."""
        return dense_step(objective, theta, state, update, self.of)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The dense matrices of an update."""
        return super().memory(parameters, rows, chunk, itemsize) + dense_memory(4, parameters, itemsize)


def update(inverse: Tensor, found: Descent, first: bool) -> Tensor:
    """The next H, by tau = min(1, 1/b) and phi = 1; before the first, tau is such that H fits y: h = (y H y)/(y s)."""
    return self_scaled(inverse, found, lambda b, h: (h if first else min(1.0, 1.0 / b), 1.0))
