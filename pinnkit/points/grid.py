"""A regular grid of points, the ends of every interval included."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, placed_uniformly, require_count


@final
@dataclass(frozen=True)
class Grid(Sampler):
    """The product of m equally spaced values along every coordinate, with m = round(count^(1/d)), at least 2.

    Every draw gives the same points. The density is 1, so a mean over the points weighs the ends like the middle. Of a
    shape the points of a grid of its box are taken that lie in it, about `count` of them.

    Args:
        count: about how many points; the nearest m^d is taken, and two ends along d coordinates need 2^d.
    """

    fixed: ClassVar[bool] = True

    count: int = 2000

    def __post_init__(self) -> None:
        require_count("grid", "count", self.count)

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """The grid points of the domain, the last coordinate running fastest.

        Raises:
            UserError: fewer points than the domain has corners.
        """
        d = domain.dimension_of_unit
        if d == 0:
            return placed_uniformly(domain, np.empty((1, 0)))
        if self.count < 2**d:
            needed = (
                f"sampler `grid` has `count` {self.count}; the corners of a domain of dimension {d} alone need {2**d}"
            )
            raise UserError(Mistake(needed, hint="Samplers such as `sobol` take any count."))
        steps = self._steps(d, domain.share)
        axes = np.meshgrid(*[np.linspace(0.0, 1.0, steps)] * d, indexing="ij")
        unit = np.stack([axis.ravel() for axis in axes], axis=1)
        return placed_uniformly(domain, unit[domain.kept(unit)] if domain.share != 1.0 else unit)

    def expected(self, domain: Domain) -> int:
        """m^d."""
        d = domain.dimension_of_unit
        return round(self._steps(d, domain.share) ** d * domain.share) if d else 1

    def _steps(self, d: int, share: float) -> int:
        """m; with more points where some of them lie outside of the domain."""
        return max(2, round((self.count / share) ** (1 / d)))
