"""How the error grows in time, window by window."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, dress, figure, logarithmic, number_windows, save


def draw_windows(path: Path, grid: GridFields, starts: Sequence[float]) -> Picture:
    """Draw over time the root mean square error over space, relative to that of the reference over all of time.

    Args:
        path: the PNG file to write.
        grid: fields with a time and a reference.
        starts: the times with which the windows begin.

    Raises:
        ValueError: fields without a time or a reference.
    """
    if grid.time is None or not grid.reference:
        raise ValueError("errors over time need a time and a reference")
    along, position = grid.axis(grid.time), grid.names.index(grid.time)
    drawn = figure(8.6, 3.6)
    axes = drawn.add_subplot()
    for k, (name, truth) in enumerate(grid.reference.items()):
        others = tuple(axis for axis in range(truth.ndim) if axis != position)
        error = np.sqrt(np.mean((grid.predicted[name] - truth) ** 2, axis=others))
        size = float(np.sqrt(np.mean(truth**2))) or 1.0
        # A logarithm has no zero: exact agreement is a gap in the curve.
        axes.plot(along, np.where(error > 0, error / size, np.nan), color=COLOURS[k % len(COLOURS)], label=name)
    logarithmic(axes)
    dress(axes, grid.time, "relative error")
    axes.set_xlim(along[0], along[-1])
    if len(grid.reference) > 1:
        axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    number_windows([axes], starts)
    where = " over space" if len(grid.names) > 1 else ""
    caption = (
        f"Error over {grid.time}, window by window: its root mean square{where}, relative to that of the reference."
    )
    return Picture(save(drawn, path), caption)
