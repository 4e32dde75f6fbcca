"""Fields of one coordinate: the curves against the reference, and the error below on a logarithmic scale."""

from pathlib import Path

import numpy as np

from pinnkit.results.fields import GridFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, dress, figure, label, logarithmic, save
from pinnkit.results.unit_text import with_unit


def draw_curves(path: Path, grid: GridFields) -> Picture:
    """Draw every field of a problem in one coordinate into one figure.

    Raises:
        ValueError: the grid has more than one coordinate.
    """
    if len(grid.names) != 1:
        raise ValueError(f"curves need one coordinate, not {len(grid.names)}")
    along, across = grid.axes[0], grid.names[0]
    names = tuple(grid.predicted)
    drawn = figure(8.0, 5.6 if grid.reference else 4.0)
    if grid.reference:
        upper, lower = drawn.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    else:
        upper, lower = drawn.add_subplot(), None
    for k, name in enumerate(names):
        colour = COLOURS[k % len(COLOURS)]
        if name in grid.reference:
            upper.plot(along, grid.reference[name], color=colour, linewidth=5, alpha=0.3, label=f"{name} reference")
        upper.plot(along, grid.predicted[name], color=colour, linewidth=1.4, label=name)
        if lower is not None and name in grid.reference:
            error = np.abs(grid.predicted[name] - grid.reference[name])
            # A logarithm has no zero: exact agreement is a gap in the curve.
            lower.plot(along, np.where(error > 0, error, np.nan), color=colour, linewidth=1.1, label=name)
    title = label(names[0], grid.names, grid.fixed, grid.units) if len(names) == 1 else ""
    dress(upper, "" if lower is not None else with_unit(across, grid.units), title)
    upper.set_xlim(along[0], along[-1])
    if len(names) > 1 or grid.reference:
        upper.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    if lower is not None:
        logarithmic(lower)
        dress(lower, with_unit(across, grid.units), "|error|")
    below = "; below, the absolute error" if grid.reference else ""
    return Picture(save(drawn, path), f"{', '.join(names)} along {across}{below}.")
