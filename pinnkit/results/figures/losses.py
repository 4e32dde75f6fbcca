"""How the losses fell: every term and the total on a logarithmic scale, phases or windows, and the error if known."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import (
    COLOURS,
    INK,
    SOFT,
    STYLES,
    dress,
    figure,
    logarithmic,
    number_windows,
    save,
)


def draw_losses(path: Path, history: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the records of a history: `step`, `phase`, `loss`, `losses` {term: value} and `relative_l2` where known.

    Raises:
        ValueError: the history is empty.
    """
    if not history:
        raise ValueError("a history without records has no losses to draw")
    steps = np.array([record["step"] for record in history], dtype=float)
    errors = _column([record.get("relative_l2") for record in history])
    known = bool(np.isfinite(errors).any())
    drawn = figure(8.6, 6.0 if known else 4.2)
    if known:
        upper, lower = drawn.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    else:
        upper, lower = drawn.add_subplot(), None
    terms = list(dict.fromkeys(term for record in history for term in record.get("losses") or {}))
    marker = "." if len(history) < 3 else None
    for k, term in enumerate(terms):
        values = _column([(record.get("losses") or {}).get(term) for record in history])
        style = {"color": COLOURS[k % len(COLOURS)], "linestyle": STYLES[k // len(COLOURS) % len(STYLES)]}
        upper.plot(steps, values, linewidth=1.1, label=term, marker=marker, **style)
    total = _column([record.get("loss") for record in history])
    upper.plot(steps, total, color=INK, linewidth=1.8, label="total", marker=marker, zorder=1.5)
    logarithmic(upper)
    dress(upper, "" if lower is not None else "step", "loss")
    upper.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    if lower is not None:
        seen = np.isfinite(errors)
        lower.plot(steps[seen], errors[seen], color=COLOURS[1], linewidth=1.4, marker="." if seen.sum() < 60 else None)
        logarithmic(lower)
        dress(lower, "step", "relative L2 error")
    # Set by hand, since records without one finite loss would leave the names of the phases off the page.
    margin = 0.01 * (steps[-1] - steps[0]) or 0.5
    upper.set_xlim(steps[0] - margin, steps[-1] + margin)
    panels = [upper] if lower is None else [upper, lower]
    windows = window_starts(history)
    if len(windows) > 1:
        number_windows(panels, windows)
    else:
        _phases(panels, history)
    return Picture(save(drawn, path), "Losses by term" + (", and the relative L2 error." if known else "."))


def window_starts(history: Sequence[Mapping[str, Any]]) -> list[float]:
    """The steps with which the windows of time begin, where there are any."""
    starts: dict[Any, float] = {}
    for record in history:
        if record.get("window") is not None:
            starts.setdefault(record["window"], float(record["step"]))
    return list(starts.values())


_LETTER = 0.0105
"""How wide a letter is, as a share of the axis."""


def _phases(panels: Sequence[Axes], history: Sequence[Mapping[str, Any]]) -> None:
    """A line where one phase follows another, and the phases' names along the top."""
    starts = [(float(history[0]["step"]), str(history[0].get("phase", "")))]
    for before, after in pairwise(history):
        if after.get("phase") != before.get("phase"):
            starts.append((float(after["step"]), str(after.get("phase", ""))))
            for axes in panels:
                axes.axvline(float(after["step"]), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    first, last = float(history[0]["step"]), float(history[-1]["step"])
    ends: list[float] = []
    for start, name in starts:
        # A name that would run into one before it goes to the lowest line where there is room.
        line = next((number for number, end in enumerate(ends) if start >= end), len(ends))
        ends[line : line + 1] = [start + _LETTER * len(name) * (last - first)]
        panels[0].annotate(
            name,
            (start, 1.0),
            (2, 3 + 10 * line),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=SOFT,
            fontsize=8,
        )


def _column(values: Sequence[Any]) -> np.ndarray:
    """Values as an array for a logarithmic axis: what is missing, not finite or not positive is a gap."""
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)
