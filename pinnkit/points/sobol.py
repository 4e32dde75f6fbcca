"""Scrambled Sobol points, which fill the domain more evenly than chance does."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, placed, placed_uniformly, require_count


@final
@dataclass(frozen=True)
class Sobol(Sampler):
    """The first points of a scrambled Sobol sequence; their star discrepancy is of order log(n)^d / n.

    Each draw scrambles anew. A power of two is the most even count, any other is allowed.

    Source: I. M. Sobol', USSR Comput. Math. Math. Phys. 7(4) (1967) 86; the scrambling is that of A. B. Owen,
    J. Complexity 14 (1998) 466, as made by scipy (left matrix scramble and digital shift).

    Args:
        count: the number of points.
    """

    count: int = 2000

    def __post_init__(self) -> None:
        require_count("sobol", "count", self.count)

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """Sobol points of the domain, scrambled anew by the generator."""
        # scipy.stats takes longer to import than everything else in this room together.
        from scipy.stats import qmc

        if domain.dimension_of_unit == 0:
            return placed_uniformly(domain, np.empty((1, 0)))

        def rule(asked: int) -> np.ndarray:
            engine = qmc.Sobol(domain.dimension_of_unit, scramble=True, rng=generator)
            # The sequence is asked for a whole power of two, then cut: these are its first points all the same.
            return np.asarray(engine.random_base2((asked - 1).bit_length())[:asked])

        return placed(domain, self.count, rule)
