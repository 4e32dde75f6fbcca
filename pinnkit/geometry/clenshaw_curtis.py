"""Clenshaw-Curtis quadrature."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.geometry.quadrature import Quadrature
from pinnkit.problem.nodes import Rule


@final
@dataclass(frozen=True)
class ClenshawCurtis(Quadrature):
    """Clenshaw-Curtis nodes, exact for polynomials of degree n - 1; the ends and the breaks are among them.

    With N = n - 1 the nodes are s_k = -cos(pi k/N). The weights integrate the polynomial through the values there:

        w_k = c_k/N (1 - sum over j = 1..N/2 of b_j/(4 j^2 - 1) cos(2 pi j k/N)),

    where c_k is 1 at the ends and 2 between them, and b_j is 1 for 2 j = N and 2 below.

    Source: C. W. Clenshaw, A. R. Curtis, Numer. Math. 2 (1960) 197.
    """

    @property
    def least(self) -> int:
        """The two ends."""
        return 2

    def rule(self, count: int) -> Rule:
        """Nodes and weights (count,) on the interval from -1 to 1."""
        last = count - 1
        k = np.arange(count)
        j = np.arange(1, last // 2 + 1)
        b = np.where(2 * j == last, 1.0, 2.0) / (4.0 * j**2 - 1.0)
        inner = 1.0 - np.cos(2.0 * np.pi * np.outer(k, j) / last) @ b
        # The sine of half the way from the middle is odd about it to the last digit, the cosine is not.
        nodes = np.sin(0.5 * np.pi * (2 * k - last) / last)
        return nodes, np.where((k == 0) | (k == last), 1.0, 2.0) / last * inner
