"""Where errors are measured in many dimensions: half of the points where the answer is large.

Of even points in ten dimensions none lies on a narrow peak, and an error that leaves it out says nothing. Here half of
them are even and half normal around the answer, cut at the box, and each counts one over the density,

    q(z) = 1/2 + 1/2 product over i of phi((z_i - m_i)/s_i) / (s_i P_i)        (P_i: what of the normal is in the box)

in coordinates z of the unit cube. Mean m and deviation s are those of the squared answer, found by sampling from q
itself, again and again (R. Y. Rubinstein, D. P. Kroese, The Cross-Entropy Method (2004), for a normal family).
"""

import numpy as np

from pinnkit.geometry.box import box_of
from pinnkit.points.sampler import Points
from pinnkit.points.sobol import Sobol
from pinnkit.problem.family import members
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import Field
from pinnkit.verification.grids import MANY, STEPS, test_grid

_ROUNDS = 16
_SHRINK = 0.7
"""A deviation falls by no more in a round: that of a few points on a peak that was just found is too small."""


def measured_at(problem: Problem, reference: Field) -> Points:
    """The points of `test_grid` where they form a grid, else as many, half of them where the reference is large.

    Args:
        problem: its box; a shape and a family have the points of `test_grid`.
        reference: the answer.
    """
    axes, points = test_grid(problem)
    if problem.body is not None or axes is not None or len(members(problem)) > 1 or len(problem.coordinates) in STEPS:
        return Points(points, np.ones(len(points)))
    box = box_of(problem)
    even = box.to_unit(points)[: MANY // 2]
    other = box.to_unit(Sobol(MANY // 2).draw(box, np.random.default_rng(1)).coordinates)
    mean, deviation = np.full(box.dimension, 0.5), np.full(box.dimension, 12**-0.5)
    for _ in range(_ROUNDS):
        z = np.concatenate((even, _normal(other, mean, deviation)))
        values = reference(box.from_unit(z))
        largest = np.abs(values).max(axis=0)
        weights = ((values / np.where(largest > 0, largest, 1.0)) ** 2).sum(axis=1) / _density(z, mean, deviation)
        if not weights.sum() > 0:
            return Points(points, np.ones(len(points)))
        weights /= weights.sum()
        mean = weights @ z
        deviation = np.maximum(np.sqrt(weights @ (z - mean) ** 2), _SHRINK * deviation)
    z = np.concatenate((even, _normal(other, mean, deviation)))
    return Points(box.from_unit(z), _density(z, mean, deviation))


def _normal(unit: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Points of the unit cube as points of the normal distribution that is cut at its faces."""
    from scipy.special import ndtr, ndtri

    low, high = ndtr(-mean / deviation), ndtr((1.0 - mean) / deviation)
    return np.asarray(np.clip(mean + deviation * ndtri(low + (high - low) * unit), 0.0, 1.0))


def _density(z: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """q at points of the unit cube."""
    from scipy.special import ndtr

    inside = ndtr((1.0 - mean) / deviation) - ndtr(-mean / deviation)
    exponents = -0.5 * ((z - mean) / deviation) ** 2 - np.log(deviation * inside * np.sqrt(2.0 * np.pi))
    return np.asarray(0.5 + 0.5 * np.exp(exponents.sum(axis=1)))
