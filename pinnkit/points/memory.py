"""What samplers remember from draw to draw, while a problem is trained."""

from typing import Any, final

import numpy as np

from pinnkit.geometry.box import Domain
from pinnkit.points.sampler import Following, Points, Residual, Sampler

_MOST = 9
"""Draws that are kept to be looked at."""


@final
class Course:
    """Some of many draws: the first, the last, and between them those whose distance doubles when there is no room."""

    def __init__(self) -> None:
        self.looks: list[tuple[int, Points]] = []
        """The numbers of draws, counted from one, and their points."""
        self._draws = 0
        self._every = 1

    def add(self, points: Points) -> None:
        """Note the next draw."""
        self._draws += 1
        if self.looks and not self._stays(self.looks[-1][0]):
            self.looks.pop()
        self.looks.append((self._draws, points))
        if len(self.looks) > _MOST:
            self._every *= 2
            self.looks = [look for look in self.looks if self._stays(look[0]) or look is self.looks[-1]]

    def _stays(self, number: int) -> bool:
        return (number - 1) % self._every == 0

    def stored(self) -> tuple[Any, ...]:
        """What a course is made of again."""
        return list(self.looks), self._draws, self._every

    @staticmethod
    def restored(held: tuple[Any, ...]) -> "Course":
        """The course as it was stored."""
        made = Course()
        made.looks, made._draws, made._every = held
        return made


@final
class PointMemory:
    """The owner of what samplers must know of their last draw, for every part of the domain."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}
        self.last: dict[str, Points] = {}
        """The last points of every part, where the next ones would follow from them."""
        self._said: list[str] = []
        self._courses: dict[str, Course] = {}

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
            if not sampler.fixed and np.ptp(points.density) > 0:
                self._courses.setdefault(part, Course()).add(points)
            return points
        points, self._held[part] = sampler.follow(domain, generator, residual, self._held.get(part))
        self.last[part] = points
        self._courses.setdefault(part, Course()).add(points)
        if (said := sampler.said(self._held[part])) is not None:
            self._said.append(said)
        return points

    def course(self, part: str = "") -> list[tuple[int, Points]]:
        """Some draws of points that follow the residual, the first and the last among them, with their numbers."""
        return list(self._courses[part].looks) if part in self._courses else []

    def of_next(self) -> "PointMemory":
        """A memory of what the next draw follows from, and of nothing else."""
        made = PointMemory()
        made._held = dict(self._held)
        return made

    def stored(self) -> tuple[Any, ...]:
        """What the memory is made of again, of which nothing changes when points are drawn."""
        return dict(self._held), dict(self.last), list(self._said), dict(self._courses)

    @staticmethod
    def restored(held: tuple[Any, ...]) -> "PointMemory":
        """The memory as it was stored."""
        made = PointMemory()
        made._held, made.last, made._said, made._courses = held
        return made

    def note(self) -> str | None:
        """What is to be told of the draws since it was asked last."""
        said, self._said = "; ".join(self._said), []
        return said or None
