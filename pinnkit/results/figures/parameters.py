"""How unknown parameters went from their starts to what was found, each on an axis of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, SOFT, dress, figure, save

_HEIGHT = 1.7
"""Inches for each parameter, of which the first few take more."""


def draw_parameters(path: Path, history: Sequence[Mapping[str, Any]], truth: Mapping[str, float]) -> Picture:
    """Draw the records of a history that have `parameters` {name: value} over their steps.

    Args:
        path: the PNG file to write.
        history: the records.
        truth: values that the reference gives, drawn as dashed lines.

    Raises:
        ValueError: no record has parameters.
    """
    known = [record for record in history if record.get("parameters")]
    if not known:
        raise ValueError("a history without parameters has no course of them to draw")
    names = list(known[-1]["parameters"])
    steps = np.array([record["step"] for record in known], dtype=float)
    drawn = figure(8.6, max(3.0, 0.8 + _HEIGHT * len(names)))
    panels = drawn.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for k, (name, axes) in enumerate(zip(names, panels, strict=True)):
        numbers = [record["parameters"].get(name) for record in known]
        values = np.array([np.nan if value is None else float(value) for value in numbers])
        marker = "." if len(known) < 3 else None
        axes.plot(steps, np.where(np.isfinite(values), values, np.nan), color=COLOURS[k % len(COLOURS)], marker=marker)
        if name in truth:
            axes.axhline(truth[name], color=SOFT, linewidth=0.9, linestyle="--", zorder=1.5)
        dress(axes, "step" if k + 1 == len(names) else "", name)
    margin = 0.01 * (steps[-1] - steps[0]) or 0.5
    panels[0].set_xlim(steps[0] - margin, steps[-1] + margin)
    dashed = "; dashed, the reference" if set(names) & set(truth) else ""
    return Picture(save(drawn, path), f"{', '.join(names)} as training went on{dashed}.")
