"""Residual-based adaptive refinement with a distribution: points are added by chance, more where |r| is large."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.growing import Growing
from pinnkit.points.rad import RAD
from pinnkit.points.sampler import Residual


@final
@dataclass(frozen=True)
class RARD(Growing):
    """Uniform points, to which every further draw adds m with the density p(x) = |r(x)|^k / E[|r|^k] + c of `rad`.

    C. Wu, M. Zhu, Q. Tan, Y. Kartha, L. Lu, Comput. Methods Appl. Mech. Eng. 403 (2023) 115671, algorithm 4, with
    their k = 2 and c = 0.

    Args:
        k: the power of the residual; larger crowds what is added more.
        c: the share of uniform points among those added.
    """

    k: float = 2.0
    c: float = 0.0

    name: ClassVar[str] = "rar_d"

    def __post_init__(self) -> None:
        super().__post_init__()
        RAD(1, self.k, self.c)

    def more(self, domain: Domain, generator: np.random.Generator, residual: Residual, count: int) -> np.ndarray:
        """Candidates that are chosen by chance."""
        return RAD(count, self.k, self.c, self.tried).draw(domain, generator, residual).coordinates
