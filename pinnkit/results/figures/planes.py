"""A field over two coordinates: prediction, reference and |error| side by side."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import (
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


def draw_planes(path: Path, grid: GridFields, name: str) -> Picture:
    """Draw a field of two coordinates; with a reference, that and the absolute error stand beside it.

    Time runs from left to right; two space coordinates keep their true proportions where the picture allows it.
    """
    predicted = grid.predicted[name]
    truth = grid.reference.get(name)
    colours, limits = colour_scale(predicted, *([] if truth is None else [truth]))
    title = label(name, grid.names, grid.fixed, grid.units)
    if truth is None:
        drawn = figure(6.4, _height(grid, 4.9, 4.4))
        _panel(
            drawn,
            drawn.add_subplot(),
            grid,
            predicted,
            label(name, grid.names, grid.fixed, grid.units),
            colours,
            limits,
        )
        return Picture(save(drawn, path), f"Prediction of {name}; no reference is known.")
    error = np.abs(predicted - truth)
    drawn = figure(13.2, _height(grid, 3.3, 4.0))
    panels = drawn.subplots(1, 3)
    _panel(drawn, panels[0], grid, predicted, f"prediction  {title}", colours, limits)
    _panel(drawn, panels[1], grid, truth, "reference", colours, limits)
    scale = error_scale(error)
    _panel(drawn, panels[2], grid, error, f"|error|, at most {number(scale.vmax or 0.0)}", ERRORS, scale)
    return Picture(save(drawn, path), f"Prediction and reference of {name} on the same colours, and their difference.")


def show_plane(axes: Axes, grid: GridFields, values: np.ndarray, colours: str, limits: Normalize) -> AxesImage:
    """Draw values (n0, n1) over a grid of two coordinates and name the axes."""
    if grid.names[0] == grid.time:
        across, up, shown = 0, 1, values.T
    elif grid.names[1] == grid.time:
        across, up, shown = 1, 0, values
    else:
        across, up, shown = 0, 1, values.T
    right, top = grid.axes[across], grid.axes[up]
    # Grid values stand in the middle of their pixels, so the image is half a cell larger than the domain.
    half = [0.5 * float(axis[-1] - axis[0]) / max(1, len(axis) - 1) for axis in (right, top)]
    extent = (right[0] - half[0], right[-1] + half[0], top[0] - half[1], top[-1] + half[1])
    image = axes.imshow(
        shown, origin="lower", extent=extent, cmap=colours, norm=limits, aspect="auto", interpolation="bilinear"
    )
    dress(axes, with_unit(grid.names[across], grid.units), with_unit(grid.names[up], grid.units), grid=False)
    for curve in grid.edges:
        axes.plot(*curve.T, color=INK, linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlim(right[0], right[-1])
    axes.set_ylim(top[0], top[-1])
    if _proportion(grid) is not None:
        axes.set_aspect("equal")
    return image


def _proportion(grid: GridFields) -> float | None:
    """Height over width of a plane in space that is shown in its true shape; None where the shape is free."""
    if grid.time is not None:
        return None
    width, height = (float(axis[-1] - axis[0]) for axis in grid.axes)
    return height / width if 0.4 <= height / width <= 2.5 else None


def _height(grid: GridFields, width: float, usual: float) -> float:
    """Inches of height for a panel `width` inches wide, with room for its title and labels."""
    proportion = _proportion(grid)
    return usual if proportion is None else min(max(width * proportion + 0.8, 2.4), 6.5)


def _panel(
    drawn: Figure, axes: Axes, grid: GridFields, values: np.ndarray, title: str, colours: str, limits: Normalize
) -> None:
    """One picture with its title and colour bar."""
    image = show_plane(axes, grid, values, colours, limits)
    axes.set_title(title, fontsize=10.5, loc="left", pad=6)
    colour_bar(drawn, image, axes)
