"""A smooth piece of the boundary of a shape, as the image of a unit cube that keeps measures."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

_NODES = 64
"""Gauss-Legendre nodes along every unit coordinate for an integral over an element."""


class Element(ABC):
    """A point, a curve or a surface with a unit normal that points out of the shape.

    ``from_unit`` maps evenly spread points of the unit cube of ``dimension_of_unit`` coordinates to evenly spread
    points of the element. ``name`` says from which shape it comes, and which of its elements it is: `plate.3`.
    """

    name: str
    dimension_of_unit: int

    @property
    @abstractmethod
    def measure(self) -> float:
        """1, the length, or the area."""

    @abstractmethod
    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """The points (n, d) that belong to points (n, dimension_of_unit) of the unit cube."""

    @abstractmethod
    def normals(self, points: np.ndarray) -> np.ndarray:
        """The outward unit normals (n, d) at points (n, d) of the element."""

    @abstractmethod
    def gap(self, points: np.ndarray) -> np.ndarray:
        """How far (n,) points are from the curve or surface that the element is a part of; 0 on it."""

    def kept(self, unit: np.ndarray) -> np.ndarray:
        """Which points (n, dimension_of_unit) of the unit cube belong to the element: booleans (n,)."""
        return np.ones(len(unit), dtype=bool)

    @property
    def share(self) -> float:
        """How much of the unit cube is kept."""
        return 1.0

    @cached_property
    def flux(self) -> float:
        """The integral of x.n over the element."""
        points, weights = self.nodes
        return float(weights @ np.sum(points * self.normals(points), axis=1))

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, d) and weights (n,) of a rule for integrals over the element: Gauss-Legendre on the unit cube."""
        unit, weights = _unit_nodes(self.dimension_of_unit)
        return self.from_unit(unit), self.measure * weights


def _unit_nodes(dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (n, dimension) and weights (n,) of the tensor rule on the unit cube; one node in dimension zero."""
    if dimension == 0:
        return np.empty((1, 0)), np.ones(1)
    x, w = np.polynomial.legendre.leggauss(_NODES)
    axes = np.meshgrid(*[0.5 * (x + 1.0)] * dimension, indexing="ij")
    products = np.meshgrid(*[0.5 * w] * dimension, indexing="ij")
    return np.stack([a.ravel() for a in axes], axis=1), np.prod([p.ravel() for p in products], axis=0)
