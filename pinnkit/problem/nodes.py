"""Nodes and weights for integrals over a box: products of a rule on an interval, split at the breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from pinnkit.problem.problem import Coordinate

Rule = tuple[np.ndarray, np.ndarray]
"""Nodes and weights, (n,) each, on the interval from -1 to 1."""


@final
@dataclass(frozen=True, eq=False)
class Nodes:
    """Points of integrals along some coordinates, at M values of the others.

    Args:
        points: (M Q, d), the Q nodes of the first integral first.
        weights: (Q,), with which the values at the nodes are summed.
        shares: (M,), with the sum 1: which part of the mean over the other coordinates each integral is.
    """

    points: np.ndarray
    weights: np.ndarray
    shares: np.ndarray


def nodes_of(coordinates: Sequence[Coordinate], along: Sequence[str], held: Mapping[str, float], rule: Rule) -> Nodes:
    """The nodes of integrals along coordinates; the others are held at a value or pass through nodes themselves.

    Args:
        coordinates: all of the domain, in their order.
        along: those that are integrated.
        held: those that have one value.
        rule: on an interval; each piece between two breaks has as many nodes.
    """
    free = [c for c in coordinates if c.name not in along and c.name not in held]
    outer, shares = _product(free, rule)
    inner, weights = _product([c for c in coordinates if c.name in along], rule)
    points = np.empty((len(shares), len(weights), len(coordinates)))
    for i, coordinate in enumerate(coordinates):
        if coordinate.name in held:
            points[:, :, i] = held[coordinate.name]
        elif coordinate.name in along:
            points[:, :, i] = inner[coordinate.name]
        else:
            points[:, :, i] = outer[coordinate.name][:, None]
    return Nodes(points.reshape(-1, len(coordinates)), weights, shares / np.sum(shares))


def _product(coordinates: Sequence[Coordinate], rule: Rule) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The nodes of every coordinate, (n,) each, and their weights (n,); one node where there are no coordinates."""
    ruled = [along_one(coordinate, rule) for coordinate in coordinates]
    grids = np.meshgrid(*(nodes for nodes, _ in ruled), indexing="ij")
    weights = np.ones(1)
    for _, own in ruled:
        weights = np.outer(weights, own).ravel()
    return {c.name: grid.ravel() for c, grid in zip(coordinates, grids, strict=True)}, weights


def along_one(coordinate: Coordinate, rule: Rule) -> Rule:
    """Nodes and weights (n,) on a coordinate's interval: x = (a + b)/2 + s (b - a)/2 on every piece from a to b.

    An interval without end is divided in u, the image of which it is: the nodes are x(u), the weights those of u times
    dx/du.
    """
    axis = coordinate.axis
    ends = (coordinate.lower, *coordinate.breaks, coordinate.upper)
    edges = ends if axis.finite else tuple(axis.to_unit(np.array(ends)))
    nodes, weights = rule
    pieces = [(0.5 * (a + b) + 0.5 * (b - a) * nodes, 0.5 * (b - a) * weights) for a, b in pairwise(edges)]
    found, shares = np.concatenate([x for x, _ in pieces]), np.concatenate([w for _, w in pieces])
    if axis.finite:
        return found, shares
    places = axis.from_unit(found)
    return places, shares * axis.slope(places)
