"""The spectrum of a field along a periodic coordinate: how much there is of every wave, beside the reference.

With N samples of one period, c_k = (1/N) sum_n u(x_n) exp(-2 pi i k n/N), and the picture has the root mean square of
|c_k| over all other coordinates but time, at the start, the middle and the end of that.
"""

from pathlib import Path

import numpy as np

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, dress, figure, logarithmic, number, save


def draw_spectrum(path: Path, grid: GridFields, name: str, along: str) -> Picture:
    """Draw the spectrum of a field along one of its coordinates, over which it is periodic.

    Raises:
        UserError: the folder cannot be written to.
    """
    frames = [grid]
    if grid.time is not None:
        last = len(grid.axis(grid.time)) - 1
        frames = [grid.cut(grid.time, k) for k in sorted({0, last // 2, last})]
    drawn = figure(8.0, 3.8)
    axes = drawn.add_subplot()
    for k, frame in enumerate(frames):
        colour, when = COLOURS[k % len(COLOURS)], _when(frame, grid)
        if name in frame.reference:
            known = spectrum(frame.reference[name], frame.names.index(along))
            axes.plot(known, color=colour, linewidth=5, alpha=0.3, label=f"reference{when}")
        found = spectrum(frame.predicted[name], frame.names.index(along))
        axes.plot(found, color=colour, linewidth=1.3, label=f"{name}{when}")
    logarithmic(axes)
    dress(axes, f"waves in the interval of {along}", "amplitude")
    axes.set_xlim(0, len(found) - 1)
    axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return Picture(save(drawn, path), f"The spectrum of {name} along {along}.")


def spectrum(values: np.ndarray, axis: int) -> np.ndarray:
    """The amplitudes (K,) along an axis, whose last sample is the first one again.

    Example:
        >>> x = np.linspace(0, 2 * np.pi, 9)
        >>> np.round(spectrum(2 + np.cos(3 * x), 0), 12).tolist()
        [2.0, 0.0, 0.0, 0.5, 0.0]
    """
    samples = np.delete(values, -1, axis=axis)
    waves = np.moveaxis(np.abs(np.fft.rfft(samples, axis=axis)), axis, 0) / samples.shape[axis]
    return np.asarray(np.sqrt(np.mean(waves.reshape(len(waves), -1) ** 2, axis=1)))


def _when(frame: GridFields, grid: GridFields) -> str:
    """The time of a frame in words."""
    return "" if grid.time is None else f", {grid.time} = {number(frame.fixed[grid.time])}"
