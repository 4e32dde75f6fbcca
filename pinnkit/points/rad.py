"""Residual-based adaptive distribution: more points where the equations are satisfied worst."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Points, Residual, Sampler, magnitude, require_count, uniform_points


@final
@dataclass(frozen=True)
class RAD(Sampler):
    """Points with the density p(x) ∝ |r(x)|^k / E[|r|^k] + c, where r is the residual and E its mean over the domain.

    N candidates are drawn uniformly, and n of them are kept, none twice, by exponential clocks: candidate i rings at
    E_i / p_i with E_i of the unit exponential distribution, and the n that ring first are kept. A candidate rings
    before the time T of the (n+1)-th with the chance q_i = 1 - exp(-p_i T), so that the density relative to uniform,
    q_i N / n, makes ``mean(f / density)`` an estimate without bias of the mean of f over the domain. It tends to
    p / E[p] where N is large, and to 1 where all candidates are kept. Without a residual the points are uniform.

    Sources: C. Wu, M. Zhu, Q. Tan, Y. Kartha, L. Lu, Comput. Methods Appl. Mech. Eng. 403 (2023) 115671,
    for p; E. Cohen, H. Kaplan, PODC (2007) 225, for the chances of a choice by clocks.

    Args:
        count: the number n of points.
        k: the power of the residual; larger crowds the points more.
        c: the share of uniform points; larger spreads them more.
        candidates: the number N of candidates, 10 n where not given.
    """

    count: int = 2000
    k: float = 1.0
    c: float = 1.0
    candidates: int | None = None

    def __post_init__(self) -> None:
        require_count("rad", "count", self.count)
        if self.candidates is not None:
            require_count("rad", "candidates", self.candidates, least=self.count)
        for option in ("k", "c"):
            value = getattr(self, option)
            if not (np.isfinite(value) and value >= 0):
                raise UserError(
                    Mistake(f"`{option}` of sampler `rad` is {value}; it needs a finite number of 0 or more")
                )

    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """Points of the domain that crowd where the residual is large.

        Raises:
            SolveError: a residual that is not finite at a candidate.
        """
        d = domain.dimension_of_unit
        if residual is None or d == 0:
            return uniform_points(domain, self.count, generator)
        candidates = self.candidates if self.candidates is not None else 10 * self.count
        points = uniform_points(domain, candidates, generator).coordinates
        p = self._preference(magnitude(residual, points, "rad"))
        kept, chance = _first_to_ring(p, self.count, generator)
        return Points(points[kept], chance * (candidates / self.count))

    def _preference(self, size: np.ndarray) -> np.ndarray:
        """The unnormalised density p at the candidates, positive everywhere."""
        largest = float(np.max(size))
        if largest == 0.0:
            return np.ones_like(size)
        # Divided by the largest first, so that no power overflows.
        power = (size / largest) ** self.k
        # Without `c`, points where the residual vanishes stay possible: there may be no others left to choose.
        return np.maximum(power / np.mean(power) + self.c, 1e-12)


def _first_to_ring(p: np.ndarray, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which `count` candidates ring first, and the chance of each to have rung in time."""
    times = generator.standard_exponential(len(p)) / p
    if count == len(p):
        return np.arange(count), np.ones(count)
    order = np.argpartition(times, count)
    kept, deadline = order[:count], times[order[count]]
    return kept, -np.expm1(-p[kept] * deadline)
