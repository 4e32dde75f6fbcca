"""How the losses fought: the norms of the groups' gradients, the cosines between them, and what each had of a step."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from pinnkit.results.figures.losses import window_starts
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, SOFT, STYLES, dress, figure, logarithmic, number_windows, save

_NAMED = 10
"""Curves beyond which a panel does not name them."""


def draw_conflicts(path: Path, history: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the records that have `conflicts` {norms, cosines, shares}: three panels, the same steps along.

    Args:
        path: the PNG file to write.
        history: the records.

    Raises:
        ValueError: no record has conflicts.
    """
    known = [record for record in history if record.get("conflicts")]
    if not known:
        raise ValueError("a history without conflicts has none to draw")
    steps = np.array([record["step"] for record in known], dtype=float)
    drawn = figure(8.6, 7.6)
    panels = list(drawn.subplots(3, 1, sharex=True))
    for axes, key, title in zip(panels, ("norms", "cosines", "shares"), _TITLES, strict=True):
        _panel(axes, steps, [record["conflicts"][key] for record in known])
        dress(axes, "step" if axes is panels[-1] else "", "", title)
    logarithmic(panels[0])
    for axes in panels[1:]:
        axes.axhline(0.0, color=SOFT, linewidth=0.8)
        axes.set_ylim(-1.08, 1.08)
    starts = window_starts(history)
    if len(starts) > 1:
        number_windows(panels, starts)
    caption = "Gradients of the groups of terms: their norms, the cosines between them, and their shares of each step."
    return Picture(save(drawn, path), caption)


_TITLES = (
    "norm of the gradient",
    "cosine of two gradients: below zero, one loss rises where the other falls",
    "share of a step: above zero the loss falls",
)


def _panel(axes: Axes, steps: np.ndarray, values: Sequence[Mapping[str, float]]) -> None:
    """A curve for every name, with gaps where it is not there."""
    names = list(dict.fromkeys(name for own in values for name in own))
    for k, name in enumerate(names):
        curve = np.array([own.get(name, np.nan) for own in values])
        colour, line = COLOURS[k % len(COLOURS)], STYLES[k // len(COLOURS) % len(STYLES)]
        marker = "." if len(steps) < 60 else None
        axes.plot(steps, curve, linewidth=1.2, marker=marker, label=name, color=colour, linestyle=line)
    if 0 < len(names) <= _NAMED:
        axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
