"""What samplers remember from draw to draw, while a problem is trained."""

from typing import Any, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, Sampler

_MOST = 9
"""Draws that are kept to be looked at."""


@final
class PointMemory:
    """The owner of what samplers must know of their last draw, for every part of the domain."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}
        self.last: dict[str, Points] = {}
        """The last points of every part, where the next ones would follow from them."""
        self._said: list[str] = []
        self._course: dict[str, list[tuple[int, Points]]] = {}
        self._draws: dict[str, int] = {}
        self._every: dict[str, int] = {}

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
            points = sampler.draw(domain, generator, residual)
            if np.ptp(points.density) > 0:
                self._keep(points, part)
            return points
        points, self._held[part] = sampler.follow(domain, generator, residual, self._held.get(part))
        self.last[part] = points
        self._keep(points, part)
        if (said := sampler.said(self._held[part])) is not None:
            self._said.append(said)
        return points

    def course(self, part: str = "") -> list[tuple[int, Points]]:
        """Some draws of points that follow the residual, the first and the last among them, with their numbers."""
        return list(self._course.get(part, ()))

    def _keep(self, points: Points, part: str) -> None:
        """Note a draw; of many, those whose distance doubles as often as there is no more room, and the last."""
        number = self._draws[part] = self._draws.get(part, 0) + 1
        held = self._course.setdefault(part, [])
        every = self._every.setdefault(part, 1)
        if held and (held[-1][0] - 1) % every:
            held.pop()
        held.append((number, points))
        if len(held) > _MOST:
            self._every[part] = 2 * every
            held[:] = [own for own in held if own is held[-1] or (own[0] - 1) % (2 * every) == 0]

    def note(self) -> str | None:
        """What is to be told of the draws since it was asked last."""
        said, self._said = "; ".join(self._said), []
        return said or None
