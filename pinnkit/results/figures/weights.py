"""How losses were weighed: the weight of every group over the steps, or the least, the mean and the largest of rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from pinnkit.results.figures.losses import window_starts
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, STYLES, dress, figure, logarithmic, number_windows, save

ROWS = ("least", "mean", "most")
"""What is known of the weights of rows."""


def draw_weights(path: Path, history: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the records that have `weights`, {group: weight} or {least, mean, most} of the squared weights of rows.

    A weight holds until the next one is made, so curves are stairs that end with the last step.

    Args:
        path: the PNG file to write.
        history: the records.

    Raises:
        ValueError: no record has weights.
    """
    known = [record for record in history if record.get("weights")]
    if not known:
        raise ValueError("a history without weights has none to draw")
    made = [float(record["step"]) for record in known]
    first, last = made[0], max(float(history[-1]["step"]), made[0] + 1)
    steps = np.array([*made, max(last, made[-1])])
    names = list(dict.fromkeys(name for record in known for name in record["weights"]))
    curves = {name: _stairs([record["weights"].get(name) for record in known]) for name in names}
    of_rows = set(names) == set(ROWS)
    drawn = figure(8.6, 4.2)
    axes = drawn.add_subplot()
    if of_rows:
        _band(axes, steps, curves)
    else:
        for k, (name, curve) in enumerate(curves.items()):
            colour, line = COLOURS[k % len(COLOURS)], STYLES[k // len(COLOURS) % len(STYLES)]
            axes.step(steps, curve, where="post", label=name, color=colour, linestyle=line, linewidth=1.4)
    logarithmic(axes)
    dress(axes, "step", "square of the weight of a row" if of_rows else "weight of a loss")
    axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_xlim(first - 0.01 * (last - first), last + 0.01 * (last - first))
    if len(starts := window_starts(history)) > 1:
        number_windows([axes], starts)
    what = "least, the mean and the largest square of the rows' weights" if of_rows else "weight of every group's loss"
    return Picture(save(drawn, path), f"As training went on: the {what}.")


def _band(axes: Axes, steps: np.ndarray, curves: Mapping[str, np.ndarray]) -> None:
    """The mean as a line, within a band from the least to the largest."""
    least, mean, most = (curves[name] for name in ROWS)
    axes.fill_between(steps, least, most, step="post", color=COLOURS[0], alpha=0.18, linewidth=0)
    for name, curve, line, width in (
        ("largest", most, "--", 1.0),
        ("mean", mean, "-", 1.6),
        ("least", least, ":", 1.0),
    ):
        axes.step(steps, curve, where="post", label=name, color=COLOURS[0], linestyle=line, linewidth=width)


def _stairs(values: Sequence[float | None]) -> np.ndarray:
    """The values, the last one twice; what a logarithmic axis cannot show is a gap."""
    numbers = np.array([np.nan if value is None else float(value) for value in [*values, values[-1]]])
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)
