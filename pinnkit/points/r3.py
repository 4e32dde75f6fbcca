"""Retain, resample, release: points stay while the residual there is above its mean, all others are drawn anew."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, magnitude, require_count, uniform_points


@final
@dataclass(frozen=True)
class R3(Following):
    """n points, of which a draw keeps those with |r(x)| > mean |r| and replaces the others by uniform ones.

    Points gather where the residual is large, and are released once it has become small. The loss is the plain mean
    over all points, which is not that over the domain.

    A. Daw, J. Bu, S. Wang, P. Perdikaris, A. Karpatne, ICML 2023 (arXiv 2207.02338), algorithm 1, with draws
    every `renew` steps in place of every one.

    Args:
        count: the number n of points.
    """

    count: int = 2000

    def __post_init__(self) -> None:
        require_count("r3", "count", self.count)

    def after(
        self, domain: Domain, generator: np.random.Generator, residual: Residual, memory: Any
    ) -> tuple[Points, Any]:
        """The points that are kept, and new ones in place of the others.

        Raises:
            SolveError: a residual that is not finite at a point.
        """
        fresh = uniform_points(domain, self.count, generator)
        before = memory.coordinates
        size = magnitude(residual, before, "r3")
        points = Points(np.where((size > size.mean())[:, None], before, fresh.coordinates), fresh.density)
        return points, points
