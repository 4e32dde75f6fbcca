"""How causal weights opened the time: steps along, time up, the weight as colour, and below the epsilon in use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import Normalize

from pinnkit.results.figures.losses import window_starts
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, colour_bar, dress, figure, number_windows, save

Spans = Sequence[tuple[float, float]]
"""The ends of every window of time, or of all of it."""


def draw_causal(path: Path, history: Sequence[Mapping[str, Any]], time: str, spans: Spans) -> Picture:
    """Draw the weights of the records that have them, `causal` {epsilon, weights}, each in the time of its window.

    Args:
        path: the PNG file to write.
        history: the records.
        time: the name of the time.
        spans: the windows of time.

    Raises:
        ValueError: no record has weights.
    """
    known = [record for record in history if record.get("causal")]
    if not known:
        raise ValueError("a history without causal weights has none to draw")
    drawn = figure(8.6, 5.0)
    upper, lower = drawn.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    last = float(history[-1]["step"])
    for number, (low, high) in enumerate(spans, 1):
        own = [record for record in known if (record.get("window") or 1) == number]
        if not own:
            continue
        after = [float(record["step"]) for record in known if (record.get("window") or 1) > number]
        steps = [float(record["step"]) for record in own]
        until = max(min(after, default=last), steps[-1] + 1e-3)
        weights = np.array([record["causal"]["weights"] for record in own]).T
        times = np.linspace(low, high, len(weights) + 1)
        mesh = upper.pcolormesh([*steps, until], times, weights, cmap="viridis", norm=Normalize(0, 1), rasterized=True)
    dress(upper, "", time, grid=False)
    upper.set_ylim(spans[0][0], spans[-1][1])
    colour_bar(drawn, mesh, upper)
    steps = [float(record["step"]) for record in known]
    epsilons = [float(record["causal"]["epsilon"]) for record in known]
    lower.step([*steps, last], [*epsilons, epsilons[-1]], where="post", color=COLOURS[1], linewidth=1.4)
    if min(epsilons) > 0 and max(epsilons) > min(epsilons):
        lower.set_yscale("log")
    dress(lower, "step", "epsilon")
    lower.set_xlim(float(known[0]["step"]), max(last, float(known[0]["step"]) + 1))
    starts = window_starts(history)
    if len(starts) > 1:
        number_windows([upper, lower], starts)
    return Picture(save(drawn, path), f"Causal weights over {time} as training went on, and below the epsilon in use.")
