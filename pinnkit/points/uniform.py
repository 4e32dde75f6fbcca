"""Independent points, each uniform over the domain."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, require_count, uniform_points


@final
@dataclass(frozen=True)
class Uniform(Sampler):
    """Independent uniform points; a mean over n of them has an error of order n^(-1/2) in any dimension.

    Args:
        count: the number of points.
    """

    count: int = 2000

    def __post_init__(self) -> None:
        require_count("uniform", "count", self.count)

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """Independent uniform points of the domain."""
        return uniform_points(domain, self.count, generator)
