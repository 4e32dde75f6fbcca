"""How every figure looks, and how it becomes a file: one place for sizes, colours, ticks and saving."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from pinnkit.results.writing import write_bytes

DPI = 150
INK = "#1c2430"
SOFT = "#6b7683"
GRID = "#dfe3e8"
COLOURS = ("#1f5fa8", "#d1495b", "#2e8b6a", "#e09f3e", "#7a4fa3", "#3aa6b9", "#8c6d4f", "#5b6470")
STYLES = ("-", "--", "-.", ":")
ERRORS = "magma"
_NUMBERED = 8


def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches that lays itself out and draws without a display."""
    layout = ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.07)
    made = Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")
    FigureCanvasAgg(made)
    return made


def dress(axes: Axes, across: str = "", up: str = "", title: str = "", grid: bool = True) -> Axes:
    """Give axes their names and the common look."""
    axes.set_xlabel(across, color=INK, fontsize=10)
    axes.set_ylabel(up, color=INK, fontsize=10)
    axes.set_title(title, color=INK, fontsize=10.5, loc="left", pad=6)
    axes.tick_params(colors=INK, labelcolor=INK, labelsize=8.5, width=0.6, length=3)
    for side, spine in axes.spines.items():
        spine.set_color(SOFT)
        spine.set_linewidth(0.6)
        spine.set_visible(not grid or side in ("left", "bottom"))
    if grid:
        axes.grid(True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def logarithmic(axes: Axes) -> None:
    """Make the upward axis logarithmic if any curve has a value that a logarithm can show."""
    values = [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]
    if any((curve[np.isfinite(curve)] > 0).any() for curve in values):
        axes.set_yscale("log")


def number_windows(panels: Sequence[Axes], starts: Sequence[float]) -> None:
    """A thin line where each window of time but the first begins, and along the top the numbers of a few of them."""
    for axes in panels:
        for start in starts[1:]:
            axes.axvline(start, color=SOFT, linewidth=0.4, alpha=0.6, zorder=0.5)
    every = -(-len(starts) // _NUMBERED)
    for number, start in list(enumerate(starts, 1))[::every]:
        name = f"window {number}" if number == 1 else str(number)
        panels[0].annotate(
            name,
            (start, 1.0),
            (2, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=SOFT,
            fontsize=8,
        )


def colour_bar(drawn: Figure, mapped: ScalarMappable, axes: Axes | list[Axes], label: str = "") -> None:
    """A slim colour bar beside axes, with a few round ticks and a power of ten where the values are small or large."""
    bar = drawn.colorbar(mapped, ax=axes, fraction=0.05, pad=0.02, aspect=24)
    style = ScalarFormatter(useMathText=True)
    style.set_powerlimits((-3, 4))
    bar.locator = MaxNLocator(nbins=6)
    bar.formatter = style
    bar.ax.tick_params(colors=INK, labelsize=8, width=0.6, length=2.5)
    bar.outline.set_linewidth(0.4)
    bar.ax.yaxis.get_offset_text().set(fontsize=8, color=INK)
    bar.ax.yaxis.set_offset_position("left")
    bar.set_label(label, fontsize=9)
    bar.update_ticks()


def colour_scale(*arrays: np.ndarray) -> tuple[str, Normalize]:
    """The colour map and the common limits for values: two-sided about zero where both signs matter.

    A constant field gets limits a little apart, since a colour bar of no length cannot be drawn.
    """
    known = [array[np.isfinite(array)] for array in arrays]
    lower = min((float(array.min()) for array in known if array.size), default=0.0)
    upper = max((float(array.max()) for array in known if array.size), default=1.0)
    if min(-lower, upper) > 0.1 * max(-lower, upper):
        bound = max(-lower, upper)
        return "RdBu_r", Normalize(-bound, bound)
    margin = 1e-12 + 1e-3 * max(abs(lower), abs(upper))
    return "viridis", Normalize(lower, upper) if upper - lower > 1e-9 * margin else Normalize(
        lower - margin, upper + margin
    )


def error_scale(error: np.ndarray) -> Normalize:
    """Colour limits from zero to the largest finite error; exact agreement gets the size of round-off."""
    known = error[np.isfinite(error)]
    worst = float(known.max()) if known.size else 0.0
    return Normalize(0.0, worst or 1e-16)


def label(
    name: str,
    names: tuple[str, ...],
    fixed: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
) -> str:
    """A field with its arguments, `u(x, t)`, with those that are held, `u(x, t; nu = 0.01)`, and with its unit."""
    held = ", ".join(f"{coordinate} = {number(value)}" for coordinate, value in (fixed or {}).items())
    unit = f" [{units[name]}]" if units is not None and name in units else ""
    return f"{name}({', '.join(names)}{'; ' if held else ''}{held}){unit}"


def number(value: float) -> str:
    """A number of three digits for a title: `0.25`, `3.2e-07`."""
    return f"{value:.3g}"


def save(drawn: Figure, path: Path) -> Path:
    """Write a figure as PNG of exactly its size times the resolution, whole or not at all.

    Raises:
        UserError: the folder cannot be written to.
    """
    content = BytesIO()
    drawn.savefig(content, format="png", dpi=DPI)
    write_bytes(path, content.getvalue())
    return path
