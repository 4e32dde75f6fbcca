"""How points that follow the residual have moved: some draws of training side by side, coloured by their density."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.colors import Normalize

from pinnkit.points import Points
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.points import comparable
from pinnkit.results.figures.style import SOFT, colour_bar, dress, figure, save

_PANELS = 4


def draw_course(
    path: Path, names: Sequence[str], course: Sequence[tuple[int, Points]], time: str | None = None
) -> Picture:
    """Draw up to four draws of points in the plane of the first two coordinates, time to the right.

    Args:
        path: the file to write.
        names: the coordinates, two at least.
        course: the numbers of draws and their points, the first draw first.
        time: the coordinate that is time.
    """
    places = sorted({round(k * (len(course) - 1) / (_PANELS - 1)) for k in range(_PANELS)})
    looks = [course[place] for place in places]
    across, up = (1, 0) if names[1] == time else (0, 1)
    densities = np.concatenate([points.density for _, points in looks])
    shades = np.log10(np.maximum(densities, 1e-12))
    varies = float(np.ptp(shades)) > 1e-9
    limits = Normalize(float(shades.min()), float(shades.max()))
    whole = np.concatenate([points.coordinates for _, points in looks])
    drawn = figure(3.3 * len(looks) + 0.6, 3.6)
    panels = np.atleast_1d(drawn.subplots(1, len(looks)))
    cloud: PathCollection | None = None
    for axes, (number, points) in zip(panels, looks, strict=True):
        order = np.argsort(points.density)
        x, y = points.coordinates[order, across], points.coordinates[order, up]
        size = float(np.clip(5000 / max(1, points.count), 1.0, 10))
        if varies:
            colours = np.log10(np.maximum(points.density[order], 1e-12))
            cloud = axes.scatter(x, y, c=colours, s=size, cmap="viridis", norm=limits, linewidths=0)
        else:
            axes.scatter(x, y, s=size, color=SOFT, linewidths=0)
        dress(axes, names[across], names[up], f"draw {number}", grid=False)
        for limit, column in ((axes.set_xlim, across), (axes.set_ylim, up)):
            low, high = whole[:, column].min(), whole[:, column].max()
            limit(low - 0.02 * (high - low), high + 0.02 * (high - low))
        if time not in (names[across], names[up]) and comparable(whole[:, [across, up]]):
            axes.set_aspect("equal")
    if cloud is not None:
        colour_bar(drawn, cloud, list(panels), "density, power of ten")
    shown = "; colours are the density relative to uniform, as a power of ten" if varies else ""
    return Picture(save(drawn, path), f"Points for the equations in the course of training{shown}.")
