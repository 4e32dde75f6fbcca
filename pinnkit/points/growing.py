"""Points to which every draw adds some and from which none goes."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, require_count


@dataclass(frozen=True)
class Growing(Following):
    """Uniform points, to which every further draw adds m among N uniform candidates.

    The loss is the plain mean over all points, which is not that over the domain: what it weighs is what was added.

    Args:
        count: the number of points at first.
        added: m, a twentieth of them where not given.
        most: the number at which no more are added, twice those at first where not given.
        candidates: N, 10 `count` where not given.
    """

    count: int = 1000
    added: int | None = None
    most: int | None = None
    candidates: int | None = None

    name: ClassVar[str]

    def __post_init__(self) -> None:
        require_count(self.name, "count", self.count)
        if self.added is not None:
            require_count(self.name, "added", self.added)
        if self.most is not None:
            require_count(self.name, "most", self.most, least=self.count)
        if self.candidates is not None:
            require_count(self.name, "candidates", self.candidates, least=self.step)

    @abstractmethod
    def more(self, domain: Domain, generator: np.random.Generator, residual: Residual, count: int) -> np.ndarray:
        """Further points (count, d)."""

    @property
    @final
    def step(self) -> int:
        """m."""
        return self.added or max(1, self.count // 20)

    @property
    @final
    def tried(self) -> int:
        """N."""
        return self.candidates or 10 * self.count

    @final
    def after(
        self, domain: Domain, generator: np.random.Generator, residual: Residual, memory: Any
    ) -> tuple[Points, Any]:
        """The points of the draw before, with more until there are enough.

        Raises:
            SolveError: a residual that is not finite at a candidate.
        """
        grown = memory.coordinates
        room = min(self.step, self.expected(domain) - len(grown))
        if room > 0:
            grown = np.concatenate([grown, self.more(domain, generator, residual, room)])
        points = Points(grown, np.ones(len(grown)))
        return points, points

    @final
    def expected(self, domain: Domain) -> int:
        """How many points there are in the end."""
        return 1 if domain.dimension_of_unit == 0 else self.most or 2 * self.count
