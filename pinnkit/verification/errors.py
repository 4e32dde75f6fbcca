"""How far computed fields are from the truth."""

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]
"""Gives the values of f fields, shape (n, f), at points of shape (n, d)."""


def relative_l2(values: np.ndarray, truth: np.ndarray, density: np.ndarray | None = None) -> np.ndarray:
    """The relative error ||values - truth|| / ||truth|| of every field, in the Euclidean norm over the points.

    Where the points have a density, squares count one over it, so that the norm stays that of the domain.

    A field whose truth is zero everywhere has no relative error; its root mean square is given instead.

    Args:
        values: what was computed, shape (n, f).
        truth: what is right, shape (n, f).
        density: of the points relative to even ones, shape (n,).

    Returns:
        One number a field, shape (f,).

    Example:
        >>> relative_l2(np.array([[3.0], [4.4]]), np.array([[3.0], [4.0]])).round(3)
        array([0.08])
    """
    shares = 1.0 / density if density is not None else np.ones(len(truth))
    roots = np.sqrt(shares)[:, None]
    difference = np.linalg.norm((values - truth) * roots, axis=0)
    size = np.linalg.norm(truth * roots, axis=0)
    return difference / np.where(size > 0, size, np.sqrt(shares.sum()))


def max_abs(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The largest absolute error of every field, in the field's own units; shapes as in `relative_l2`.

    Example:
        >>> max_abs(np.array([[3.0], [4.4]]), np.array([[3.0], [4.0]])).round(3)
        array([0.4])
    """
    return np.max(np.abs(values - truth), axis=0)
