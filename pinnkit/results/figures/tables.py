"""A table along a line: a panel for every expression, beside what is known of it."""

from pathlib import Path

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, dress, figure, number, save
from pinnkit.results.tables import Tabulated

_MOST = 8
"""Panels of one picture; the file has all columns."""


def draw_table(path: Path, found: Tabulated) -> Picture:
    """Draw the expressions of a table over the line, one below the other.

    Raises:
        UserError: the folder cannot be written to.
    """
    across, along = found.along
    shown = dict(list(found.columns.items())[:_MOST])
    drawn = figure(8.0, 1.2 + 1.9 * len(shown))
    panels = drawn.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for k, (axes, (text, values)) in enumerate(zip(panels, shown.items(), strict=True)):
        colour = COLOURS[k % len(COLOURS)]
        if text in found.reference:
            axes.plot(along, found.reference[text], color=colour, linewidth=5, alpha=0.3, label="reference")
        axes.plot(along, values, color=colour, linewidth=1.4, label="prediction")
        dress(axes, across if k == len(shown) - 1 else "", text if len(text) <= 30 else text[:29] + "…")
        if text in found.reference:
            axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    panels[-1].set_xlim(along[0], along[-1])
    held = [
        f"{name} = {number(x)}"
        for name, x in zip(found.coordinates, found.points[0], strict=True)
        if name not in found.moving
    ]
    at = f" at {', '.join(held)}" if held else ""
    moved = ", ".join(
        f"{name} from {number(found.points[0, i])} to {number(found.points[-1, i])}"
        for i, name in enumerate(found.coordinates)
        if name in found.moving
    )
    left = f"; {len(found.columns) - _MOST} more columns are in the file" if len(found.columns) > _MOST else ""
    return Picture(save(drawn, path), f"Table `{found.name}`: {moved}{at}{left}.")
