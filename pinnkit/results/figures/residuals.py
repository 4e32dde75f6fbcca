"""The residuals over the domain, by the powers of ten that they span."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.planes import show_plane
from pinnkit.results.figures.style import COLOURS, ERRORS, dress, figure, logarithmic, number, save

_MOST = 6
"""Panels of one picture: those of the largest residuals."""

_DECADES = 4


def draw_residuals(path: Path, grid: GridFields) -> Picture:
    """Draw the residuals of a map, over one coordinate as curves and over two in colours.

    Raises:
        ValueError: more than two coordinates.
        UserError: the folder cannot be written to.
    """
    if len(grid.names) > 2:
        raise ValueError(f"a map of residuals has one or two coordinates, not {len(grid.names)}")
    largest = {name: _largest(values) for name, values in grid.predicted.items()}
    shown = sorted(sorted(largest, key=lambda name: -largest[name])[:_MOST], key=list(largest).index)
    left = f", the largest {_MOST} of {len(largest)}" if len(largest) > _MOST else ""
    held = "".join(f", at {name} = {number(value)}" for name, value in grid.fixed.items())
    caption = f"Where the residual of each equation is{left}, without weights{held}."
    if len(grid.names) == 1:
        drawn = figure(8.0, 3.6)
        axes = drawn.add_subplot()
        for k, name in enumerate(shown):
            values = grid.predicted[name]
            axes.plot(grid.axes[0], np.where(values > 0, values, np.nan), COLOURS[k], linewidth=1.1, label=name)
        logarithmic(axes)
        dress(axes, grid.names[0], "|residual|")
        axes.set_xlim(grid.axes[0][0], grid.axes[0][-1])
        axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return Picture(save(drawn, path), caption)
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    drawn = figure(4.5 * columns, 3.7 * rows)
    panels = drawn.subplots(rows, columns, squeeze=False).ravel()
    for name, axes in zip(shown, panels, strict=False):
        worst = largest[name] or 1e-16
        least = worst * 10.0**-_DECADES
        image = show_plane(axes, grid, np.maximum(grid.predicted[name], least), ERRORS, LogNorm(least, worst))
        axes.set_title(f"|{name}|, at most {number(worst)}", fontsize=10.5, loc="left", pad=6)
        bar = drawn.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=24)
        bar.ax.tick_params(labelsize=8)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    return Picture(save(drawn, path), caption)


def _largest(values: np.ndarray) -> float:
    """The largest finite value; zero where there is none."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0
