"""Residual-based adaptive refinement: points are added where the equations are satisfied worst."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.growing import Growing
from pinnkit.points.sampler import Residual, magnitude, uniform_points


@final
@dataclass(frozen=True)
class RAR(Growing):
    """Uniform points, to which every further draw adds the m of N uniform candidates with the largest |r|.

    L. Lu, X. Meng, Z. Mao, G. E. Karniadakis, SIAM Review 63 (2021) 208, procedure 2.3; with a number of points
    in place of a tolerance, C. Wu, M. Zhu, Q. Tan, Y. Kartha, L. Lu, Comput. Methods Appl. Mech. Eng. 403
    (2023) 115671, algorithm 3.
    """

    name: ClassVar[str] = "rar"

    def more(self, domain: Domain, generator: np.random.Generator, residual: Residual, count: int) -> np.ndarray:
        """The candidates with the largest residual."""
        tried = uniform_points(domain, self.tried, generator).coordinates
        return tried[np.argsort(-magnitude(residual, tried, self.name), kind="stable")[:count]]
