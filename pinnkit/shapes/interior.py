"""Rules for integrals over the inside of a shape: cones over its boundary, and the cells of its mesh.

With any apex a, the divergence theorem on (x - a) s^(d-1) f(a + s (x - a)) gives

    integral of f over the shape  =  integral over the boundary of (x - a).n  int_0^1 s^(d-1) f(a + s (x - a)) ds

whatever the form of the shape: cones that lie outside count twice with opposite signs. The rule is as exact as those of
the boundary's elements, which follow its curves, and asks f outside of the shape, in the hull of it and the apex. The
rule of the mesh asks f inside alone, and meets a curved boundary with chords.
"""

import numpy as np

from pinnkit.shapes.mesh import meshed
from pinnkit.shapes.outline import Outline
from pinnkit.shapes.shape import Shape

_ALONG = 24
"""Gauss-Legendre nodes from the apex to the boundary."""

_CELLS = {1: 1000, 2: 100, 3: 24}
"""Cells along the longest side of the box around a shape."""


def cone_nodes(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, d) and weights (n,) of the cones over the boundary, with the apex at the middle of the box around it.

    Example:
        >>> from pinnkit.shapes.ball import Ball
        >>> points, weights = cone_nodes(Ball(center=(1.0, 0.0), radius=2.0))
        >>> bool(abs(weights.sum() - 4 * np.pi) < 1e-12), bool(abs(weights @ points[:, 0] - 4 * np.pi) < 1e-12)
        (True, True)
    """
    ends, weights, normals = Outline(shape.elements).nodes()
    apex = np.add(*shape.bounds) / 2
    heights = weights * np.sum((ends - apex) * normals, axis=1)
    x, w = np.polynomial.legendre.leggauss(_ALONG)
    s, w = (x + 1) / 2, w / 2 * ((x + 1) / 2) ** (shape.dimension - 1)
    points = apex + s[None, :, None] * (ends - apex)[:, None, :]
    return points.reshape(-1, shape.dimension), np.outer(heights, w).ravel()


def mesh_nodes(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """The middles (n, d) of the cells of a mesh of the shape, and their measures (n,), scaled to the shape's own."""
    lower, upper = shape.bounds
    mesh = meshed(shape, float(np.max(upper - lower)) / _CELLS[shape.dimension])
    corners = mesh.points[mesh.cells]
    sizes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    return corners.mean(axis=1), sizes * (shape.measure / sizes.sum())
