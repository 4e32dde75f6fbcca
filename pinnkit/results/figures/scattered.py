"""Fields of many coordinates: prediction against reference point by point, or the values over two coordinates."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from pinnkit.results.fields import ScatteredFields
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, colour_bar, colour_scale, dress, error_scale, figure, save


def draw_scattered(path: Path, fields: ScatteredFields, name: str) -> Picture:
    """Draw a field known at scattered points.

    With a reference: prediction over reference, which lie on the diagonal where they agree, and how the errors are
    spread. Without one: the predicted values over the first two coordinates.
    """
    predicted = fields.predicted[name]
    truth = fields.reference.get(name)
    if truth is None:
        colours, limits = colour_scale(predicted)
        drawn = figure(6.4, 4.6)
        axes = drawn.add_subplot()
        cloud = axes.scatter(
            fields.points[:, 0], fields.points[:, 1], c=predicted, cmap=colours, norm=limits, s=4, linewidths=0
        )
        dress(axes, fields.names[0], fields.names[1], f"prediction  {name}", grid=False)
        colour_bar(drawn, cloud, axes)
        return Picture(
            save(drawn, path), f"Prediction of {name} over the first two of {len(fields.names)} coordinates."
        )
    error = np.abs(predicted - truth)
    known = np.isfinite(error)
    positive = error[known & (error > 0)]
    drawn = figure(10.4, 4.4)
    left, right = drawn.subplots(1, 2)
    if known.any():
        both = np.concatenate([truth[known], predicted[known]])
        left.plot([both.min(), both.max()], [both.min(), both.max()], color=COLOURS[3], linewidth=1.0, zorder=1)
    scale = LogNorm(positive.min(), positive.max()) if positive.size and np.ptp(positive) else error_scale(error)
    cloud = left.scatter(truth[known], predicted[known], c=np.maximum(error[known], scale.vmin or 0.0), norm=scale, s=5)
    dress(left, f"reference {name}", f"prediction {name}")
    drawn.colorbar(cloud, ax=left, fraction=0.05, pad=0.02, aspect=24, label="|error|").ax.tick_params(labelsize=8)
    if positive.size:
        right.hist(positive, bins=np.geomspace(positive.min() / 1.01, positive.max() * 1.01, 41), color=COLOURS[0])
        right.set_xscale("log")
    dress(right, f"|error| of {name}", "points")
    return Picture(save(drawn, path), f"{name} at {len(truth)} points: prediction over reference, and the errors.")
