"""A field at the start, the quarters and the end of time: curves for one space coordinate, pictures for two."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.planes import show_plane
from pinnkit.results.figures.style import (
    COLOURS,
    ERRORS,
    INK,
    colour_bar,
    colour_scale,
    dress,
    error_scale,
    figure,
    label,
    number,
    save,
)
from pinnkit.results.unit_text import with_unit


def draw_slices(path: Path, grid: GridFields, name: str) -> Picture:
    """Draw a time-dependent field at t = 0, 1/4, 1/2, 3/4 and 1 of the interval, against the reference where known.

    Raises:
        ValueError: the grid has no time, or not one or two space coordinates.
    """
    if grid.time is None or len(grid.space) not in (1, 2):
        raise ValueError("slices over time need a time and one or two space coordinates")
    return _curves(path, grid, name) if len(grid.space) == 1 else _pictures(path, grid, name)


def quarters(count: int) -> list[int]:
    """The grid indices of the start, the quarters and the end, without repetition.

    Example:
        >>> quarters(201)
        [0, 50, 100, 150, 200]
    """
    return sorted({round(part * (count - 1) / 4) for part in range(5)})


def _curves(path: Path, grid: GridFields, name: str) -> Picture:
    """One panel a time; the reference is a broad pale line below the prediction, so that both are seen."""
    assert grid.time is not None
    times = quarters(len(grid.axis(grid.time)))
    drawn = figure(2.7 * len(times), 3.0)
    panels = np.atleast_1d(drawn.subplots(1, len(times), sharey=True))
    for axes, k in zip(panels, times, strict=True):
        frame = grid.cut(grid.time, k)
        along = frame.axes[0]
        if name in frame.reference:
            axes.plot(along, frame.reference[name], color=COLOURS[3], linewidth=4.0, alpha=0.75, label="reference")
        axes.plot(along, frame.predicted[name], color=COLOURS[0], linewidth=1.3, label="prediction")
        dress(axes, with_unit(frame.names[0], grid.units), "", f"{grid.time} = {number(grid.axis(grid.time)[k])}")
        axes.set_xlim(along[0], along[-1])
        axes.locator_params(axis="x", nbins=4)
    panels[0].set_ylabel(label(name, grid.names, grid.fixed, grid.units), color=INK)
    if name in grid.reference:
        panels[0].legend(frameon=False, fontsize=8.5)
    against = " against the reference" if name in grid.reference else ""
    return Picture(save(drawn, path), f"{name} at the start, the quarters and the end of {grid.time}{against}.")


def _pictures(path: Path, grid: GridFields, name: str) -> Picture:
    """One column a time: the prediction, and below it the reference and the absolute error."""
    assert grid.time is not None
    times = quarters(len(grid.axis(grid.time)))
    values = grid.arrays()
    colours, limits = colour_scale(values[name], values.get(f"{name}_reference", values[name]))
    rows = [("prediction", values[name], colours, limits)]
    if name in grid.reference:
        error = np.abs(grid.predicted[name] - grid.reference[name])
        rows += [("reference", grid.reference[name], colours, limits), ("|error|", error, ERRORS, error_scale(error))]
    drawn = figure(2.5 * len(times) + 0.9, 2.3 * len(rows) + 0.5)
    panels = drawn.subplots(len(rows), len(times), squeeze=False)
    position = grid.names.index(grid.time)
    for row, (kind, shown, shades, scale) in enumerate(rows):
        for column, k in enumerate(times):
            axes: Axes = panels[row, column]
            frame = grid.cut(grid.time, k)
            image = show_plane(axes, frame, np.take(shown, k, axis=position), shades, scale)
            axes.locator_params(nbins=3)
            axes.label_outer()
            if row == 0:
                axes.set_title(f"{grid.time} = {number(grid.axis(grid.time)[k])}", fontsize=10.5, loc="left")
        panels[row, 0].set_ylabel(f"{kind}\n{panels[row, 0].get_ylabel()}", color=INK)
        colour_bar(drawn, image, list(panels[row]))
    return Picture(save(drawn, path), f"{name} at the start, the quarters and the end of {grid.time}.")
