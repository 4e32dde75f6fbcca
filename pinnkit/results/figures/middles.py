"""A field over three coordinates as flat pictures: the three planes through the middle of the domain."""

from pathlib import Path

import numpy as np

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.planes import show_plane
from pinnkit.results.figures.style import (
    ERRORS,
    INK,
    colour_bar,
    colour_scale,
    error_scale,
    figure,
    label,
    number,
    save,
)


def draw_middles(path: Path, grid: GridFields, name: str, compare: bool = True) -> Picture:
    """Draw the middle planes of a field of three coordinates; with `compare`, the reference and |error| below it.

    Raises:
        ValueError: the grid does not have three coordinates.
    """
    if len(grid.names) != 3:
        raise ValueError(f"middle planes need three coordinates, not {len(grid.names)}")
    predicted = grid.predicted[name]
    truth = grid.reference.get(name) if compare else None
    colours, limits = colour_scale(predicted, *([] if truth is None else [truth]))
    rows = [(label(name, grid.names, units=grid.units), predicted, colours, limits)]
    if truth is not None:
        error = np.abs(predicted - truth)
        rows += [("reference", truth, colours, limits), ("|error|", error, ERRORS, error_scale(error))]
    drawn = figure(11.4, 3.3 * len(rows) + 0.3)
    panels = drawn.subplots(len(rows), 3, squeeze=False)
    for row, (kind, values, shades, scale) in enumerate(rows):
        for column, fixed in enumerate(reversed(grid.names)):
            position = grid.names.index(fixed)
            middle = len(grid.axis(fixed)) // 2
            plane = np.take(values, middle, axis=position)
            axes = panels[row, column]
            image = show_plane(axes, grid.cut(fixed, middle), plane, shades, scale)
            if row == 0:
                axes.set_title(f"{fixed} = {number(grid.axis(fixed)[middle])}", fontsize=10.5, loc="left")
        panels[row, 0].set_ylabel(f"{kind}\n{panels[row, 0].get_ylabel()}", color=INK)
        colour_bar(drawn, image, list(panels[row]))
    return Picture(save(drawn, path), f"{name} on the three planes through the middle of the domain.")
