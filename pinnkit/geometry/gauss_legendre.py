"""Gauss-Legendre quadrature."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.geometry.quadrature import Quadrature
from pinnkit.problem.nodes import Rule


@final
@dataclass(frozen=True)
class GaussLegendre(Quadrature):
    """Gauss-Legendre nodes, exact for polynomials of degree 2n - 1; none lies on an end or a break.

    The nodes are the zeros of the Legendre polynomial P_n, and w_i = 2/((1 - s_i^2) P_n'(s_i)^2).

    Source: P. J. Davis, P. Rabinowitz, Methods of Numerical Integration, 2nd ed., Academic Press (1984).
    """

    def rule(self, count: int) -> Rule:
        """Nodes and weights (count,) on the interval from -1 to 1."""
        nodes, weights = np.polynomial.legendre.leggauss(count)
        return nodes, weights
