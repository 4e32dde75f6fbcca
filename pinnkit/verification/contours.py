"""The boundary of a shape in the plane as arcs, with their ends, corners and holes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.shapes import Element, Facets, Shape
from pinnkit.shapes.elements import Oval
from pinnkit.shapes.trimmed import Trimmed
from pinnkit.verification.harmonic import Hole

_CELLS = 4096
_HALVINGS = 60
_NODES = 64
_JUMP = 8.0
"""Steps of the length of a cell, beyond which an element goes on elsewhere."""

_SAME = 1e-9
"""Relative to the size of the shape, within which two ends are one."""

_STRAIGHT = 1e-6
"""The difference of two normals below which the boundary has no corner."""

NEAREST = 1e-14
"""The nearest sample to an end, as a share of the arc."""


@final
@dataclass(frozen=True, eq=False)
class Arc:
    """A smooth part of the boundary: an interval of an element's unit interval; `closed` where its ends meet.

    ``source`` is the element of the shape that it is a part of: segments of a mesh that lie in one line are one arc.
    """

    element: Element
    begin: float
    end: float
    closed: bool
    source: Element

    def at(self, share: np.ndarray) -> np.ndarray:
        """The points (n, 2) at shares (n,) of the arc."""
        unit = np.clip(self.begin + (self.end - self.begin) * share, self.begin, self.end)
        return self.element.from_unit(unit[:, None])

    @cached_property
    def ends(self) -> np.ndarray:
        """The first and the last point, (2, 2)."""
        return self.at(np.array([0.0, 1.0]))

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 2) and weights (n,) of a rule for integrals over the arc."""
        x, w = np.polynomial.legendre.leggauss(_NODES)
        return self.at(0.5 * (x + 1.0)), self.element.measure * (self.end - self.begin) * 0.5 * w

    def samples(self, count: int, nearest: float = NEAREST) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 2) of the arc, and weights (n,).

        They are even on a closed arc; else crowded towards both ends as well, as many in every power of ten down to the
        nearest share of the arc. The weights are the distances to the nearer end: near a corner a slope is as large as
        the field over the distance, and weighs as much as that with them.
        """
        even = (np.arange(count) + 0.5) / count
        if self.closed:
            return self.at(even), np.ones(count)
        near = np.logspace(np.log10(nearest), np.log10(0.5 / count), count)
        share = np.concatenate((near, even, 1.0 - near))
        return self.at(share), 2.0 * np.minimum(share, 1.0 - share)


@final
@dataclass(frozen=True, eq=False)
class Corner:
    """Where two arcs meet: the point as a complex number, the way out of the shape between them, and the arcs."""

    place: complex
    outward: complex
    arcs: tuple[Arc, ...]

    @property
    def smooth(self) -> bool:
        """Whether the boundary goes on in the same direction."""
        one, other = (_normal_at(arc, self.place) for arc in self.arcs)
        return abs(one - other) < _STRAIGHT


@final
@dataclass(frozen=True, eq=False)
class Contours:
    """The arcs of a boundary, the corners between them, and a point in every hole."""

    arcs: tuple[Arc, ...]
    corners: tuple[Corner, ...]
    holes: tuple[Hole, ...]
    pieces: int

    @staticmethod
    def of(shape: Shape) -> "Contours":
        """Those of a shape with two coordinates."""
        arcs = tuple(arc for element in shape.elements for arc in _arcs(element))
        loops = _loops(arcs, _SAME * shape.size)
        holes, pieces, corners = [], 0, []
        for loop in loops:
            corners += _corners(loop, _SAME * shape.size)
            if _flux(loop) > 0:
                pieces += 1
            else:
                holes.append(_hole(loop))
        return Contours(arcs, tuple(corners), tuple(holes), pieces)


def _arcs(element: Element) -> Iterator[Arc]:
    """The intervals on which an element goes on without a jump."""
    if isinstance(element, Facets):
        yield from (Arc(line, 0.0, 1.0, False, element) for line in element.straight())
        return

    def at(unit: np.ndarray) -> np.ndarray:
        return element.from_unit(unit[:, None])

    u = np.linspace(0.0, 1.0, _CELLS + 1)
    u[-1] = np.nextafter(1.0, 0.0)
    step = element.measure / _CELLS
    jumps = np.flatnonzero(np.linalg.norm(np.diff(at(u), axis=0), axis=1) > _JUMP * step)
    low, high = u[jumps], u[jumps + 1]
    for _ in range(_HALVINGS if len(jumps) else 0):
        middle = 0.5 * (low + high)
        before = np.linalg.norm(at(middle) - at(low), axis=1) <= _JUMP * step
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    # The neighbours of a jump: each arc ends on its own side.
    begins, ends = np.concatenate((u[:1], high)), np.concatenate((low, u[-1:]))
    first, last = at(u[[0, -1]])
    closed = len(ends) == 1 and bool(np.linalg.norm(first - last) < 1e-6 * step)
    for begin, end in zip(begins, ends, strict=True):
        yield Arc(element, float(begin), float(end), closed, element)


def _loops(arcs: Sequence[Arc], same: float) -> list[list[Arc]]:
    """The arcs that hang together."""
    left, loops = list(arcs), []
    while left:
        loop = [left.pop(0)]
        grows = not loop[0].closed
        while grows:
            grows = False
            for arc in left:
                if not arc.closed and any(_touch(arc, other, same) for other in loop):
                    loop.append(arc)
                    left.remove(arc)
                    grows = True
                    break
        loops.append(loop)
    return loops


def _touch(one: Arc, other: Arc, same: float) -> bool:
    gaps = np.linalg.norm(one.ends[:, None] - other.ends[None], axis=2)
    return bool(gaps.min() < same)


def _corners(loop: Sequence[Arc], same: float) -> list[Corner]:
    """Where the arcs of a loop meet."""
    ends = [(arc, complex(*end)) for arc in loop if not arc.closed for end in arc.ends]
    found = []
    while ends:
        arc, place = ends.pop()
        there = next((k for k, (_, other) in enumerate(ends) if abs(other - place) < same), None)
        if there is None:
            continue
        partner, _ = ends.pop(there)
        out = _normal_at(arc, place) + _normal_at(partner, place)
        if abs(out) > 1e-9:
            found.append(Corner(place, out / abs(out), (arc, partner)))
    return found


def _normal_at(arc: Arc, place: complex) -> complex:
    normal = arc.element.normals(np.array([[place.real, place.imag]]))[0]
    return complex(*normal)


def _flux(loop: Sequence[Arc]) -> float:
    """Of x over the loop, the area within: below zero around a hole, whose normals point into it."""
    total = 0.0
    for arc in loop:
        points, weights = arc.nodes
        total += float(weights @ np.sum(points * arc.element.normals(points), axis=1))
    return total


def _hole(loop: Sequence[Arc]) -> Hole:
    """The ellipse that a loop is, or the mean of its points, weighed by length."""
    element = loop[0].element
    while isinstance(element, Trimmed):
        element = element.base
    if len(loop) == 1 and isinstance(element, Oval):
        (a, b), along = element.semi_axes, element.turn
        way = along[0] if a > b else along[1]
        return Hole(complex(*element.center), math.sqrt(abs(a * a - b * b)) * complex(*way))
    points, weights = (np.concatenate(part) for part in zip(*(arc.nodes for arc in loop), strict=True))
    return Hole(complex(*(weights @ points / weights.sum())))
