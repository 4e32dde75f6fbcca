"""What samplers remember from draw to draw, while a problem is trained."""

from typing import Any, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, Sampler


@final
class PointMemory:
    """The owner of what samplers must know of their last draw, for every part of the domain."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}
        self.last: dict[str, Points] = {}
        """The last points of every part, where the next ones would follow from them."""
        self._said: list[str] = []

    def drawn(
        self,
        sampler: Sampler,
        domain: Domain,
        generator: np.random.Generator,
        residual: Residual | None,
        part: str = "",
    ) -> Points:
        """The next points of a sampler in a part of the domain, as `Sampler.draw` has it."""
        if not isinstance(sampler, Following):
            return sampler.draw(domain, generator, residual)
        points, self._held[part] = sampler.follow(domain, generator, residual, self._held.get(part))
        self.last[part] = points
        if (said := sampler.said(self._held[part])) is not None:
            self._said.append(said)
        return points

    def note(self) -> str | None:
        """What is to be told of the draws since it was asked last."""
        said, self._said = "; ".join(self._said), []
        return said or None
