"""Chebyshev points, crowded towards the ends of every interval, which are points themselves."""

from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, placed_uniformly, require_count, require_whole


@final
@dataclass(frozen=True)
class Chebyshev(Sampler):
    """The product of m Chebyshev points (1 - cos(pi k/n))/2, k = 0 ... n = m - 1, along every coordinate.

    m = round(count^(1/d)), at least 2. Every draw gives the same points. The density is 1/(m w_k) along each
    coordinate, with the weights w_k of Clenshaw and Curtis, so that a mean over the points is their quadrature; or 1,
    so that the ends weigh as much as the middle.

    C. W. Clenshaw, A. R. Curtis, Numer. Math. 2 (1960) 197.

    Args:
        count: about how many points; the nearest m^d is taken, and two ends along d coordinates need 2^d.
        quadrature: whether the density is that of the quadrature, or 1.
    """

    fixed: ClassVar[bool] = True

    count: int = 100
    quadrature: bool = True

    def __post_init__(self) -> None:
        require_count("chebyshev", "count", self.count)

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """The points of the domain, the last coordinate running fastest.

        Raises:
            UserError: fewer points than the domain has corners.
        """
        d = domain.dimension_of_unit
        if d == 0:
            return placed_uniformly(domain, np.empty((1, 0)))
        if self.count < 2**d:
            needed = (
                f"sampler `chebyshev` has `count` {self.count}; the corners of a domain of dimension {d} alone need "
                f"{2**d}"
            )
            raise UserError(Mistake(needed, hint="Samplers such as `sobol` take any count."))
        require_whole(domain, "chebyshev", "Its points are a product along the coordinates. `sobol` fills any shape.")
        m = self._along(d)
        axes = np.meshgrid(*[unit_nodes(m - 1)] * d, indexing="ij")
        along = 1.0 / (m * clenshaw_curtis(m - 1)) if self.quadrature else np.ones(m)
        density = reduce(np.multiply.outer, [along] * d)
        return Points(domain.from_unit(np.stack([axis.ravel() for axis in axes], axis=1)), density.ravel())

    def expected(self, domain: Domain) -> int:
        """m^d."""
        d = domain.dimension_of_unit
        return self._along(d) ** d if d else 1

    def _along(self, d: int) -> int:
        """m."""
        return max(2, round(self.count ** (1 / d)))


def unit_nodes(n: int) -> np.ndarray:
    """The n + 1 Chebyshev points of [0, 1]; written as squares of sines, small ones keep their digits."""
    nodes: np.ndarray = np.sin(0.5 * np.pi * np.arange(n + 1) / n) ** 2
    nodes[-1] = 1.0
    return nodes


def clenshaw_curtis(n: int) -> np.ndarray:
    """The weights, shape (n + 1,), that integrate the polynomial through values at `unit_nodes(n)` over [0, 1].

    With theta_k = pi k/n: w_k = (c_k/2n) (1 - sum over j = 1 ... n/2 of b_j cos(2 j theta_k)/(4 j^2 - 1)), where c_k is
    1 at the ends and 2 between them, and b_j is 1 for j = n/2 and 2 else.
    """
    j = np.arange(1, n // 2 + 1)
    factors = np.where(2 * j == n, 1.0, 2.0) / (4.0 * j**2 - 1.0)
    sums = np.cos(2.0 * np.pi / n * np.outer(np.arange(n + 1), j)) @ factors
    ends = np.full(n + 1, 2.0)
    ends[[0, -1]] = 1.0
    weights: np.ndarray = ends / (2 * n) * (1.0 - sums)
    return weights
