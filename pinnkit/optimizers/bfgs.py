"""BFGS with the whole inverse Hessian."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.optimizers.dense import DenseQuasiNewton
from pinnkit.optimizers.descent import Descent


@final
@dataclass(frozen=True)
class BFGS(DenseQuasiNewton):
    """theta += a d with d = -H g, and H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T, rho = 1/(y s).

    J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), eq. (6.17); the first H is (s y)/(y y) I,
    eq. (6.20). One step is one direction with a strong Wolfe length, of order P^2 beside its evaluations.
    """

    name: ClassVar[str] = "bfgs"
    matrices: ClassVar[int] = 6

    def update(self, inverse: Tensor, found: Descent, first: bool) -> Tensor:
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
