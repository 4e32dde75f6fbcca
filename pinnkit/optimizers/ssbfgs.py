"""Self-scaled BFGS."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from pinnkit.optimizers.dense import DenseQuasiNewton
from pinnkit.optimizers.descent import Descent
from pinnkit.optimizers.ssbroyden import self_scaled


@final
@dataclass(frozen=True)
class SSBFGS(DenseQuasiNewton):
    """BFGS whose old H is divided by tau = min(1, 1/b), b = (s B s)/(y s), B = 1/H: too large curvature is forgotten.

    H <- (H - H y y^T H/(y H y) + (y H y) v v^T)/tau + rho s s^T with rho = 1/(y s), v = rho s - H y/(y H y)
    (J. F. Urban, P. Stefanou, J. A. Pons, arXiv 2405.04230 (2024), after M. Al-Baali's self-scaled methods).
    """

    name: ClassVar[str] = "ssbfgs"
    matrices: ClassVar[int] = 4

    def update(self, inverse: Tensor, found: Descent, first: bool) -> Tensor:
        """The next H, by phi = 1 and tau = min(1, 1/b); at first tau = h = (y H y)/(y s), with which H fits y."""
        return self_scaled(inverse, found, lambda b, h: (h if first else min(1.0, 1.0 / b), 1.0))
