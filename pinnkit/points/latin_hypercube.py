"""Latin hypercube points: along every coordinate each of n equal strata holds one point."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, placed, require_count


@final
@dataclass(frozen=True)
class LatinHypercube(Sampler):
    """Points s_ij = (pi_j(i) + v_ij) / n with a random permutation pi_j along coordinate j and v_ij uniform on [0, 1).

    Source: M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979) 239.

    Args:
        count: the number n of points, and of strata along every coordinate.
    """

    count: int = 2000

    def __post_init__(self) -> None:
        require_count("latin_hypercube", "count", self.count)

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """Latin hypercube points of the domain; in a shape, those of a hypercube of the box that lie in it."""

        def rule(asked: int) -> np.ndarray:
            strata = np.tile(np.arange(asked)[:, None], (1, domain.dimension_of_unit))
            within = generator.random(strata.shape)
            return np.asarray((generator.permuted(strata, axis=0) + within) / asked)

        return placed(domain, self.count, rule)
