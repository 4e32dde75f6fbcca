"""The least value of a function on a box, and where it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
"""Points (n, k) to numbers (n,)."""

_GRID = {1: 2001, 2: 201, 3: 41}
"""Samples along each coordinate by their number."""

_SCATTERED = 16
"""The power of two of the samples where there are more coordinates."""

_MOST_STEPS = 20


@final
@dataclass(frozen=True, eq=False)
class Smooth:
    """A function with its derivatives.

    Args:
        value: points (n, k) to (n,).
        gradient: the first derivatives (n, k), or None where they are not known.
        hessian: the second derivatives (n, k, k), or None.
    """

    value: Function
    gradient: Callable[[np.ndarray], np.ndarray] | None = None
    hessian: Callable[[np.ndarray], np.ndarray] | None = None


def least(function: Smooth, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The place (k,) of the least value on a box, and that value; None where no sample is a number.

    The best of many samples is refined without derivatives, in the box of the samples next to it, and then by Newton's
    method along the coordinates that are not at an end, where that makes the gradient smaller.

    Args:
        function: what is made small.
        lower: the lower ends (k,).
        upper: the upper ends (k,).
    """
    samples, spacing = _samples(lower, upper)
    values = np.asarray(function.value(samples), dtype=np.float64)
    if not np.isfinite(values).any():
        return None
    best = int(np.nanargmin(np.where(np.isfinite(values), values, np.nan)))
    near = np.maximum(samples[best] - spacing, lower), np.minimum(samples[best] + spacing, upper)
    place, value = refined(function.value, samples[best], float(values[best]), near)
    return polished(function, place, value, near, (lower, upper))


def _samples(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples (n, k) of a box, and how far they are from one another along each coordinate."""
    k = len(lower)
    if k in _GRID:
        axes = [np.linspace(a, b, _GRID[k]) for a, b in zip(lower, upper, strict=True)]
        grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        return grid, (upper - lower) / (_GRID[k] - 1)
    from scipy.stats import qmc

    unit = qmc.Sobol(k, scramble=False).random_base2(_SCATTERED)
    return lower + (upper - lower) * unit, (upper - lower) * 2.0 ** (-_SCATTERED / k)


def refined(
    function: Function, start: np.ndarray, value: float, near: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, float]:
    """The best that a search without derivatives finds from a sample."""
    from scipy.optimize import minimize

    def at(place: np.ndarray) -> float:
        found = float(function(np.atleast_1d(place)[None])[0])
        return found if np.isfinite(found) else np.inf

    if len(start) == 1:
        return _along_one(at, start, value, near)
    options = {"xatol": 1e-12 * float(np.max(near[1] - near[0])), "fatol": 0.0, "maxiter": 400}
    found = minimize(at, start, method="Nelder-Mead", bounds=list(zip(*near, strict=True)), options=options)
    return (found.x, float(found.fun)) if found.fun < value else (start, value)


def _along_one(
    function: Callable[[np.ndarray], float], start: np.ndarray, value: float, near: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, float]:
    """The same along one coordinate, counted from where it was found last: the search's own steps are relative."""
    from scipy.optimize import minimize_scalar

    size = float(near[1][0] - near[0][0])
    for width in (size, 1e-6 * size):
        bounds = max(float(near[0][0] - start[0]), -width), min(float(near[1][0] - start[0]), width)
        options = {"xatol": 1e-15 * size}
        found = minimize_scalar(lambda s, at=start: function(at + s), bounds=bounds, method="bounded", options=options)
        if found.fun < value:
            start, value = start + found.x, float(found.fun)
    return start, value


def polished(
    function: Smooth,
    place: np.ndarray,
    value: float,
    near: tuple[np.ndarray, np.ndarray],
    ends: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, float]:
    """Newton's steps from a place, as long as the gradient falls and the value does not rise by more than rounding."""
    if function.gradient is None or function.hessian is None:
        return place, value
    play = 1e-13 * max(abs(value), 1e-300)
    at = _onto(place, near, ends)
    slope = function.gradient(at[None])[0]
    for _ in range(_MOST_STEPS):
        free = ~(((at <= ends[0]) & (slope > 0)) | ((at >= ends[1]) & (slope < 0)))
        bend = function.hessian(at[None])[0][np.ix_(free, free)]
        if not free.any() or not np.isfinite(bend).all() or np.linalg.eigvalsh(bend).min() <= 0:
            break
        step = np.zeros_like(at)
        step[free] = -np.linalg.solve(bend, slope[free])
        further = np.clip(at + step, *near)
        steeper = function.gradient(further[None])[0]
        own = float(function.value(further[None])[0])
        if not (own <= value + play and np.linalg.norm(steeper[free]) < np.linalg.norm(slope[free])):
            break
        at, slope, place, value = further, steeper, further, min(own, value)
    own = float(function.value(at[None])[0])
    return (at, own) if own <= value + play else (place, value)


def _onto(place: np.ndarray, near: tuple[np.ndarray, np.ndarray], ends: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The place, on an end of the box where it is within rounding of one: a search comes no closer."""
    close = 1e-6 * (near[1] - near[0])
    place = np.where(place - ends[0] <= close, ends[0], place)
    return np.where(ends[1] - place <= close, ends[1], place)
