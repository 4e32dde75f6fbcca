"""What a sampler is: a rule that places points in a domain, with the density with which it placed them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from pinnkit.errors import Mistake, SolveError, UserError
from pinnkit.geometry.box import Domain

Residual = Callable[[np.ndarray], np.ndarray]
"""Gives the residual's magnitude |r|, shape (n,), at points of shape (n, d)."""


@final
@dataclass(frozen=True, eq=False)
class Points:
    """Points of a domain and the density with which they were placed.

    Args:
        coordinates: the points, shape (n, d), float64, in the coordinates' own units.
        density: the density relative to uniform placement, shape (n,), so that ``mean(f / density)`` estimates the
            mean of f over the domain; 1 everywhere for points that are placed uniformly.
    """

    coordinates: np.ndarray
    density: np.ndarray

    @property
    def count(self) -> int:
        """The number n of points."""
        return len(self.coordinates)


class Sampler(ABC):
    """A rule that places points in a domain.

    Samplers are frozen dataclasses. They keep no state: chance comes from the generator that is handed to `draw`,
    so that a second draw with the same generator gives other points unless the sampler is ``fixed``.
    """

    fixed: ClassVar[bool] = False
    """Whether every draw gives the same points."""

    @abstractmethod
    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """Points of the domain; exactly one where the domain is a single point.

        Args:
            domain: a box or a face of one.
            generator: where chance comes from.
            residual: the residual's magnitude at given points, which only adaptive samplers ask for.
        """

    def expected(self, domain: Domain) -> int | None:
        """How many points a draw gives: the option `count`; None where the rule has none and only a draw can tell."""
        if domain.dimension_of_unit == 0:
            return 1
        count = getattr(self, "count", None)
        return count if isinstance(count, int) else None


class Following(Sampler):
    """A rule whose points follow from those of the draw before: it grows them, moves them, or replaces some.

    It keeps no state itself: what it must know of the draw before is handed to it, and handed back. The first draw is
    uniform, and so is every one where there is no residual to follow.
    """

    count: int

    @abstractmethod
    def after(
        self, domain: Domain, generator: np.random.Generator, residual: Residual, memory: Any
    ) -> tuple[Points, Any]:
        """The points after those of an earlier draw, and what the next draw needs to know of them.

        Args:
            domain: a box or a face of one.
            generator: where chance comes from.
            residual: the residual's magnitude at given points.
            memory: the `Points` of the first draw, and then what this gave before.

        Raises:
            SolveError: a residual that is not finite at a point.
        """

    def said(self, memory: Any) -> str | None:
        """What is to be told of the last draw, given what it handed back; mostly nothing."""
        return None

    @final
    def follow(
        self, domain: Domain, generator: np.random.Generator, residual: Residual | None, memory: Any
    ) -> tuple[Points, Any]:
        """Points of the domain, and what the next draw needs to know of them.

        Args:
            domain: a box or a face of one.
            generator: where chance comes from.
            residual: the residual's magnitude at given points.
            memory: what the draw before gave; None for the first one.
        """
        if memory is None or residual is None or domain.dimension_of_unit == 0:
            points = uniform_points(domain, self.count, generator)
            return points, points
        return self.after(domain, generator, residual, memory)

    @final
    def draw(self, domain: Domain, generator: np.random.Generator, residual: Residual | None = None) -> Points:
        """The points of a first draw."""
        return self.follow(domain, generator, residual, None)[0]


def placed_uniformly(domain: Domain, unit: np.ndarray) -> Points:
    """The points that belong to evenly spread points of the unit cube; a single point is never repeated."""
    if domain.dimension_of_unit == 0:
        unit = np.empty((1, 0))
    return Points(domain.from_unit(unit), np.ones(len(unit)))


def placed(domain: Domain, count: int, rule: Callable[[int], np.ndarray]) -> Points:
    """As many points of a domain as are asked for, evenly spread.

    Where the domain is a part of what the unit cube is mapped onto, the rule is asked for more points, of which the
    first that lie in the domain are taken.

    Args:
        domain: where they are to be.
        count: how many.
        rule: a number m to evenly spread points (m, d) of the unit cube.
    """
    if domain.dimension_of_unit == 0 or domain.share == 1.0:
        return placed_uniformly(domain, rule(count))
    asked = int(1.05 * count / domain.share) + 16
    while True:
        unit = rule(asked)
        unit = unit[domain.kept(unit)]
        if len(unit) >= count:
            return placed_uniformly(domain, unit[:count])
        asked *= 2


def uniform_points(domain: Domain, count: int, generator: np.random.Generator) -> Points:
    """Independent points, each uniform over the domain."""
    return placed(domain, count, lambda asked: generator.random((asked, domain.dimension_of_unit)))


def require_whole(domain: Domain, sampler: str, hint: str) -> None:
    """Refuse a domain that is not all of what the unit cube is mapped onto.

    Raises:
        UserError: one that is not.
    """
    if domain.share != 1.0:
        raise UserError(
            Mistake(f"sampler `{sampler}` needs a domain that is a box, and this one is a shape", hint=hint)
        )


def magnitude(residual: Residual, points: np.ndarray, sampler: str) -> np.ndarray:
    """|r| (n,) at points.

    Raises:
        SolveError: it is not finite at some of them.
    """
    found = np.abs(np.asarray(residual(points), dtype=np.float64).reshape(-1))
    if not np.all(np.isfinite(found)):
        raise SolveError(f"the residual is not finite at some of the points among which sampler `{sampler}` chooses")
    return found


def require_count(sampler: str, option: str, value: int, least: int = 1) -> None:
    """Refuse an option of a sampler that counts points and is too small.

    Raises:
        UserError: a value below `least`.
    """
    if value < least:
        raise UserError(Mistake(f"`{option}` of sampler `{sampler}` is {value}; it needs at least {least}"))
