"""BFGS with the whole inverse Hessian."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.dense import DenseState, Of, dense_memory, dense_step
from pinnkit.optimizers.descent import Descent
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits


@final
@dataclass(frozen=True)
class BFGS(Optimizer):
    """theta += a d with d = -H g, and H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T, rho = 1/(y s).

    J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), eq. (6.17); the first H is (s y)/(y y) I,
    eq. (6.20). One step is one direction with a strong Wolfe length, of order P^2 beside its evaluations.

    Args:
        of: what is minimised: the `loss`, its `sqrt` or its `log`.
    """

    of: Of = "loss"

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("bfgs", self)

    def start(self, theta: Tensor) -> DenseState:
        """No curvature yet."""
        return DenseState()

    def step(self, objective: Objective, theta: Tensor, state: DenseState) -> Step:
        """One direction and its line search."""
        return dense_step(objective, theta, state, update, self.of)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The dense matrices of an update."""
        return super().memory(parameters, rows, chunk, itemsize) + dense_memory(6, parameters, itemsize)


def update(inverse: Tensor, found: Descent, first: bool) -> Tensor:
    """The next H."""
    s, y = found.move, found.change
    assert s is not None
    assert y is not None
    rho = 1.0 / (y @ s)
    if first:
        inverse = inverse / (rho * (y @ y))
    turned = inverse @ y
    mixed = torch.outer(s, turned)
    return inverse - rho * (mixed + mixed.T) + (rho * rho * (y @ turned) + rho) * torch.outer(s, s)
