"""How fast a function varies along each coordinate: the median of its power spectrum, in waves an interval."""

from collections.abc import Callable

import numpy as np

from pinnkit.geometry.box import Box

_LINES = 32
"""Lines along each coordinate, at random places of the others."""

_SAMPLES = 512
"""Samples of each line, which tell up to half as many waves."""


def waves_along(
    function: Callable[[np.ndarray], np.ndarray], box: Box, periodic: frozenset[str], generator: np.random.Generator
) -> dict[str, float]:
    """The number of waves m, in the interval of each coordinate, below and above which half of the power lies.

    The function is sampled evenly along lines, the mean of each is taken off, and the squares of the Fourier
    coefficients are summed over the lines. A line that does not close upon itself is faded out at both ends first
    by the window sin^2 (F. J. Harris, Proc. IEEE 66 (1978) 51). 0 where the function does not vary.

    Args:
        function: points (n, d) to values (n, k).
        box: the domain.
        periodic: the coordinates around which the function closes upon itself.
        generator: where the places of the lines come from.
    """
    return {
        name: _median(_power(function, box, axis, name in periodic, generator)) for axis, name in enumerate(box.names)
    }


def _power(
    function: Callable[[np.ndarray], np.ndarray], box: Box, axis: int, closed: bool, generator: np.random.Generator
) -> np.ndarray:
    """The power at 0, 1, 2, ... waves along one coordinate, summed over lines and components."""
    lines = _LINES if box.dimension > 1 else 1
    # The far end of a circle is its beginning; elsewhere the window is zero at both ends.
    along = np.arange(_SAMPLES) / _SAMPLES
    unit = np.repeat(generator.random((lines, 1, box.dimension)), _SAMPLES, axis=1)
    unit[:, :, axis] = along
    values = np.asarray(function(box.from_unit(unit.reshape(-1, box.dimension)))).reshape(lines, _SAMPLES, -1)
    largest = np.max(np.abs(values))
    values = values / (largest if largest > 0 else 1.0)  # the squares of small residuals have few digits left
    window = np.ones(_SAMPLES) if closed else np.sin(np.pi * along) ** 2
    mean = np.average(values, axis=1, weights=window, keepdims=True)
    coefficients = np.fft.rfft((values - mean) * window[:, None], axis=1)
    return np.asarray(np.sum(np.abs(coefficients) ** 2, axis=(0, 2)))


def _median(power: np.ndarray) -> float:
    """Where the sum of the power, made continuous by lines, is half of the whole."""
    total = np.concatenate(([0.0], np.cumsum(power)))
    if not total[-1] > 0:
        return 0.0
    edges = np.arange(len(total)) - 0.5
    return max(0.0, float(np.interp(0.5 * total[-1], total, edges)))
