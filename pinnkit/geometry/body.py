"""Domains whose part in space is a shape, and pieces of their boundary, as samplers see them."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from pinnkit.geometry.box import Box, BoxFace, Domain, box_of, face_of
from pinnkit.problem.problem import Face, Problem
from pinnkit.shapes import Outline, Shape


@final
@dataclass(frozen=True, eq=False)
class Within:
    """The points of a box, or of a face of one, that lie in a shape along some of the coordinates.

    Args:
        whole: the box or face.
        shape: in the coordinates of `columns`, whose intervals are finite.
        columns: which coordinates of the box are those of the shape.
    """

    whole: Box | BoxFace
    shape: Shape
    columns: tuple[int, ...]

    @property
    def dimension_of_unit(self) -> int:
        """That of the box or face."""
        return self.whole.dimension_of_unit

    @cached_property
    def share(self) -> float:
        """The measure of the shape over that of the box around it."""
        box = self.whole if isinstance(self.whole, Box) else self.whole.box
        own = list(self.columns)
        return self.shape.measure / float(np.prod(box.upper[own] - box.lower[own]))

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points of the box or face."""
        return self.whole.from_unit(unit)

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which of them lie in the shape."""
        return self.shape.inside(self.from_unit(unit)[:, self.columns])


@final
@dataclass(frozen=True, eq=False)
class Rim:
    """A piece of the boundary of a shape, at all values of the other coordinates.

    Args:
        outline: the piece, in the coordinates of `columns`.
        box: of all coordinates.
        columns: which of them are those of the shape.
    """

    outline: Outline
    box: Box
    columns: tuple[int, ...]

    @property
    def dimension_of_unit(self) -> int:
        """That of the piece, and one for every other coordinate."""
        return self.outline.dimension_of_unit + len(self._others)

    @property
    def share(self) -> float:
        """That of the piece."""
        return self.outline.share

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points (n, d) that belong to points of the unit cube."""
        unit = np.asarray(unit, dtype=np.float64)
        own = self.outline.dimension_of_unit
        points = np.empty((len(unit), self.box.dimension))
        points[:, self.columns] = self.outline.from_unit(unit[:, :own])
        for k, column in enumerate(self._others):
            points[:, column] = self.box.axes[column].from_unit(unit[:, own + k])
        return points

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which points of the unit cube are on the piece."""
        return self.outline.kept(np.asarray(unit)[:, : self.outline.dimension_of_unit])

    def normals(self, points: np.ndarray) -> np.ndarray:
        """The outward unit normals along the shape's coordinates at points (n, d) of the piece."""
        return self.outline.normals(np.asarray(points)[:, self.columns])

    @property
    def _others(self) -> tuple[int, ...]:
        return tuple(c for c in range(self.box.dimension) if c not in self.columns)


def domain_of(problem: Problem, part: str = "") -> Domain:
    """The domain of a problem, or a part of it: its box, or what of that lies in its shape."""
    box = box_of(problem, part)
    return box if problem.body is None else Within(box, problem.body.shape, _columns(problem))


def domain_of_face(problem: Problem, face: Face) -> Domain:
    """A face of a problem's domain, or a piece of the boundary of its shape."""
    if face.piece:
        return piece_of(problem, face)
    flat = face_of(problem, face)
    return flat if problem.body is None else Within(flat, problem.body.shape, _columns(problem))


def piece_of(problem: Problem, face: Face) -> Rim:
    """A piece of the boundary of a problem's shape."""
    assert problem.body is not None
    return Rim(problem.body.outline(face.piece), box_of(problem), _columns(problem))


def _columns(problem: Problem) -> tuple[int, ...]:
    assert problem.body is not None
    return tuple(problem.index(name) for name in problem.body.coordinates)
