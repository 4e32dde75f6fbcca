"""A field over time as an animation: one coordinate of space as a curve, two as a picture in colours."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pinnkit.results.fields import GridFields, thinned
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.planes import show_plane
from pinnkit.results.figures.style import COLOURS, colour_bar, colour_scale, dress, label, number
from pinnkit.results.unit_text import with_unit
from pinnkit.results.writing import write_bytes

_FRAMES, _SECONDS, _DPI = 51, 4.0, 80
_LAST = 1000
"""Milliseconds for which the last frame stays."""


def draw_moving(path: Path, grid: GridFields, name: str) -> Picture:
    """Animate a field of time and one or two coordinates of space, as a GIF that any browser shows.

    Raises:
        ValueError: the grid has no time, or not one or two coordinates of space.
        UserError: the folder cannot be written to.
    """
    if grid.time is None or len(grid.space) not in (1, 2):
        raise ValueError("an animation needs a time and one or two coordinates of space")
    grid = thinned(grid, grid.time, _FRAMES)
    assert grid.time is not None
    times = grid.axis(grid.time)
    drawn = Figure(figsize=(6.4, 4.4), dpi=_DPI, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(drawn)
    axes = drawn.add_subplot()
    update = _curve(axes, grid, name) if len(grid.space) == 1 else _plane(drawn, axes, grid, name)
    frames = []
    for k, time in enumerate(times):
        update(k)
        axes.set_title(
            f"{label(name, grid.names, grid.fixed, grid.units)}, {grid.time} = {number(time)}",
            fontsize=10.5,
            loc="left",
        )
        canvas.draw()
        if k == 0:
            drawn.set_layout_engine("none")  # else axes would move with the width of their labels
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(128))
    content = BytesIO()
    pace = [int(1000 * _SECONDS / len(frames))] * (len(frames) - 1) + [_LAST]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=pace, loop=0)
    write_bytes(path, content.getvalue())
    against = " against the reference" if len(grid.space) == 1 and name in grid.reference else ""
    return Picture(path, f"{name} over {grid.time}{against}.")


def _curve(axes: Axes, grid: GridFields, name: str) -> Callable[[int], None]:
    """Draws the curves at a time, beside the reference where there is one."""
    assert grid.time is not None
    along = grid.axis(grid.space[0])
    shown = {"reference": grid.reference[name]} if name in grid.reference else {}
    shown["prediction"] = grid.predicted[name]
    position = grid.names.index(grid.time)
    styles = {"reference": (COLOURS[3], 4.0), "prediction": (COLOURS[0], 1.5)}
    lines = {}
    for kind in shown:
        colour, width = styles[kind]
        (lines[kind],) = axes.plot(along, np.full(len(along), np.nan), color=colour, linewidth=width, label=kind)
    dress(axes, with_unit(grid.space[0], grid.units))
    axes.set_xlim(along[0], along[-1])
    _, limits = colour_scale(*shown.values())
    lower, upper = min(map(_least, shown.values())), max(-_least(-v) for v in shown.values())
    room = 0.05 * (upper - lower) or abs(limits.vmax or 1.0) or 1.0
    axes.set_ylim(lower - room, upper + room)
    axes.legend(frameon=False, fontsize=8.5, loc="upper right")

    def update(k: int) -> None:
        for kind, values in shown.items():
            lines[kind].set_ydata(np.take(values, k, axis=position))

    return update


def _plane(drawn: Figure, axes: Axes, grid: GridFields, name: str) -> Callable[[int], None]:
    """Draws the picture at a time, in colours that hold for all of them."""
    assert grid.time is not None
    clock, values = grid.time, grid.predicted[name]
    position = grid.names.index(clock)
    colours, limits = colour_scale(values)
    image = show_plane(axes, grid.cut(clock, 0), np.take(values, 0, axis=position), colours, limits)
    colour_bar(drawn, image, axes)

    def update(k: int) -> None:
        image.set_data(np.take(values, k, axis=position).T)

    return update


def _least(values: np.ndarray) -> float:
    """The least finite value; zero where there is none."""
    known = values[np.isfinite(values)]
    return float(known.min()) if known.size else 0.0
