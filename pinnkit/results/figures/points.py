"""Where the equations are asked: interior points coloured by their density, the points of each condition by colour."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, SOFT, dress, figure, save

_MARKERS = ("s", "^", "D", "v", "P", "X")


def draw_points(
    path: Path,
    names: Sequence[str],
    interior: np.ndarray,
    density: np.ndarray | None = None,
    conditions: Mapping[str, np.ndarray] | None = None,
    time: str | None = None,
) -> Picture:
    """Draw points (n, d): in the plane for two coordinates, pair by pair for the first three of more.

    Args:
        path: the file to write.
        names: the d coordinates.
        interior: the points of the equations, (n, d).
        density: of each interior point relative to uniform; shown as colour where it varies.
        conditions: the points (m, d) of each condition by name.
        time: the coordinate that is drawn from left to right.
    """
    groups = dict(conditions or {})
    varies = density is not None and density.size > 0 and float(np.ptp(density)) > 1e-9
    pairs = _pairs(names, time)
    drawn = figure(*((8.2, 4.6) if len(pairs) == 1 else (13.2, 4.4)))
    panels: Sequence[Axes] = list(np.atleast_1d(drawn.subplots(1, len(pairs))))
    for axes, (across, up) in zip(panels, pairs, strict=True):
        shades = density if varies else None
        cloud = _scatter(axes, interior, across, up, shades)
        for k, (name, points) in enumerate(groups.items()):
            right, top = _coordinates(points, across, up)
            marker, colour = _MARKERS[k % len(_MARKERS)], COLOURS[(k + 1) % len(COLOURS)]
            axes.scatter(right, top, s=9, marker=marker, color=colour, linewidths=0, label=name, clip_on=False)
        dress(axes, names[across], names[up] if up is not None else "", grid=False)
        axes.margins(0.02)
        if up is None:
            axes.set_yticks([])
        elif time not in (names[across], names[up]) and comparable(interior[:, [across, up]]):
            axes.set_aspect("equal")
    if varies:
        bar = drawn.colorbar(cloud, ax=panels[-1], fraction=0.05, pad=0.02, aspect=24)
        bar.set_label("density relative to uniform", fontsize=9)
        bar.ax.tick_params(labelsize=8)
    if groups:
        drawn.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=9
        )
    return Picture(save(drawn, path), f"{len(interior)} points for the equations{_counts(groups)}.")


def comparable(points: np.ndarray) -> bool:
    """Whether the extents of two lengths are close enough to be drawn in their true proportions."""
    width, height = np.ptp(points, axis=0) if len(points) else (0.0, 0.0)
    return bool(0.4 * width <= height <= 2.5 * width and width > 0)


def _pairs(names: Sequence[str], time: str | None) -> list[tuple[int, int | None]]:
    """Which coordinates are drawn against which: time goes to the right."""
    if len(names) == 1:
        return [(0, None)]
    shown = list(range(min(3, len(names))))
    pairs: list[tuple[int, int | None]] = []
    for a, b in combinations(shown, 2):
        pairs.append((b, a) if names[b] == time else (a, b))
    return pairs


def _scatter(axes: Axes, points: np.ndarray, across: int, up: int | None, shades: np.ndarray | None) -> PathCollection:
    """The interior points, denser ones drawn last so that they are seen."""
    right, top = _coordinates(points, across, up)
    size = float(np.clip(6000 / max(1, len(points)), 1.5, 14))
    if shades is None:
        return axes.scatter(right, top, s=size, color=SOFT, linewidths=0, label=None, alpha=0.8)
    order = np.argsort(shades)
    return axes.scatter(right[order], top[order], c=shades[order], s=size, cmap="viridis", linewidths=0)


def _coordinates(points: np.ndarray, across: int, up: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of points; a single coordinate lies on a line."""
    return points[:, across], points[:, up] if up is not None else np.zeros(len(points))


def _counts(groups: Mapping[str, np.ndarray]) -> str:
    """How many points each condition has, as the rest of a sentence."""
    if not groups:
        return ""
    return ", " + ", ".join(f"{len(points)} for `{name}`" for name, points in groups.items())
