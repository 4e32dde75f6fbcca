"""What was observed beside the trained fields: over the one coordinate, or value against value."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, INK, SOFT, dress, figure, save

_WIDEST_PANEL = 8.0


@final
@dataclass(frozen=True, eq=False)
class Seen:
    """One observed expression: values (n,) with their noise at points (n, d), and what the fields give there.

    ``curve`` holds positions (k,) along the one coordinate and the fields' values there, where there is but one.
    """

    text: str
    points: np.ndarray
    values: np.ndarray
    noise: np.ndarray | None
    predicted: np.ndarray
    curve: tuple[np.ndarray, np.ndarray] | None = None


def draw_observations(path: Path, name: str, across: Sequence[str], seen: Sequence[Seen]) -> Picture:
    """Draw one set of observations, a panel an expression.

    Over one coordinate the fields are curves with the measurements on them; over more, predictions stand over
    measurements, and a perfect fit is the diagonal. Bars are one standard deviation.
    """
    alone = len(across) == 1
    drawn = figure(_WIDEST_PANEL, 0.6 + 2.4 * len(seen)) if alone else figure(min(4.2 * len(seen), 16.0), 4.2)
    shape = (len(seen), 1) if alone else (1, len(seen))
    panels = drawn.subplots(*shape, sharex=alone, squeeze=False).ravel()
    for k, (axes, one) in enumerate(zip(panels, seen, strict=True)):
        colour = COLOURS[k % len(COLOURS)]
        if one.curve is not None:
            axes.plot(*one.curve, color=colour, linewidth=1.4, label="trained field", zorder=2)
            horizontal, vertical = one.points[:, 0], one.values
        else:
            ends = [min(one.values.min(), one.predicted.min()), max(one.values.max(), one.predicted.max())]
            axes.plot(ends, ends, color=SOFT, linewidth=0.9, zorder=1)
            horizontal, vertical = one.predicted, one.values
        axes.errorbar(
            horizontal,
            vertical,
            yerr=one.noise,
            fmt="o",
            markersize=3.5,
            color=INK,
            ecolor=SOFT,
            elinewidth=0.8,
            label="measured",
            zorder=3,
        )
        last = k == len(seen) - 1
        dress(
            axes,
            (across[0] if last else "") if alone else f"{one.text}, trained",
            one.text if alone else f"{one.text}, measured",
        )
    if alone:
        panels[0].legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    over = f"along {across[0]}" if alone else "against the trained fields"
    bars = "; bars are one standard deviation" if any(one.noise is not None for one in seen) else ""
    return Picture(save(drawn, path), f"What was measured in `{name}` {over}{bars}.")
