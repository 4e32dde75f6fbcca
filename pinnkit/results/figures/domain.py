"""The domain before anything is trained: its shape, what is prescribed on which piece, and the outward normals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from matplotlib.axes import Axes

from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.style import COLOURS, GRID, INK, SOFT, colour_bar, colour_scale, dress, figure, save
from pinnkit.shapes import Mesh

_ARROWS = 28
"""The most arrows of a condition."""


@final
@dataclass(frozen=True, eq=False)
class Held:
    """What a condition says on its pieces.

    points: (n, k) in the coordinates that are drawn. normals: (n, k) there. values: what a field is there, (n,), where
    that is known. text: the condition.
    """

    points: np.ndarray
    normals: np.ndarray
    text: str
    values: np.ndarray | None = None


def draw_domain(path: Path, names: Sequence[str], mesh: Mesh | None, held: Mapping[str, Held], note: str) -> Picture:
    """Draw a domain of one to three coordinates with its conditions, each in a colour of its own, and their normals.

    Args:
        path: the file to write.
        names: the coordinates that are drawn.
        mesh: the domain in one or two of them, which is filled.
        held: what holds where, by the conditions' names.
        note: what the picture leaves out, as the rest of its caption.
    """
    solid = len(names) == 3
    drawn = figure(7.6, 6.2 if solid else 5.4)
    axes: Any = drawn.add_subplot(projection="3d" if solid else None)
    if mesh is not None and len(names) == 2:
        axes.tripcolor(*mesh.points.T, mesh.cells, facecolors=np.zeros(len(mesh.cells)), cmap="Greys", vmin=-1, vmax=9)
    elif mesh is not None and len(names) == 1:
        axes.plot(mesh.points[:, 0], np.zeros(len(mesh.points)), color=GRID, linewidth=6, solid_capstyle="butt")
    for number, (name, own) in enumerate(held.items()):
        colour = COLOURS[number % len(COLOURS)]
        columns = _columns(own.points)
        axes.scatter(*columns, s=5 if not solid else 3, color=colour, linewidths=0, label=f"{name}: {own.text}")
        _arrows(axes, own, colour, _reach(held) * 0.08, solid)
    _named(axes, names, solid)
    if held:
        drawn.legend(loc="outside lower left", frameon=False, fontsize=8.5, markerscale=3)
    return Picture(save(drawn, path), f"The domain, its boundary by condition, and the outward normals{note}.")


def draw_values(path: Path, names: Sequence[str], held: Mapping[str, Held], field: str) -> Picture:
    """Draw the values that a field is given on the boundary of a domain of two or three coordinates."""
    known = {name: own for name, own in held.items() if own.values is not None}
    solid = len(names) == 3
    drawn = figure(6.8, 5.2)
    axes: Any = drawn.add_subplot(projection="3d" if solid else None)
    values = [own.values for own in known.values() if own.values is not None]
    colours, limits = colour_scale(*values)
    cloud = None
    for own in known.values():
        cloud = axes.scatter(*_columns(own.points), c=own.values, s=9, cmap=colours, norm=limits, linewidths=0)
    _named(axes, names, solid)
    assert cloud is not None
    colour_bar(drawn, cloud, axes)
    return Picture(
        save(drawn, path), f"The values that are prescribed of {field}: {', '.join(f'`{n}`' for n in known)}."
    )


def _named(axes: Any, names: Sequence[str], solid: bool) -> None:
    """The names of the axes; true proportions where all of them are lengths."""
    if solid:
        axes.set(xlabel=names[0], ylabel=names[1], zlabel=names[2])
        axes.set_box_aspect(None)
        axes.tick_params(labelsize=8, colors=INK)
        return
    dress(axes, names[0], names[1] if len(names) > 1 else "", grid=False)
    axes.margins(0.08)
    if len(names) == 1:
        axes.set_yticks([])
    elif 0.3 <= _proportion(axes) <= 3.0:
        axes.set_aspect("equal")


def _proportion(axes: Axes) -> float:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    return abs(high - low) / max(abs(right - left), 1e-300)


def _columns(points: np.ndarray) -> list[np.ndarray]:
    """The coordinates; a single one lies on a line."""
    return [points[:, 0], np.zeros(len(points))] if points.shape[1] == 1 else list(points.T)


def _reach(held: Mapping[str, Held]) -> float:
    whole = np.concatenate([own.points for own in held.values()])
    return float(np.max(np.ptp(whole, axis=0))) or 1.0


def _arrows(axes: Any, own: Held, colour: str, length: float, solid: bool) -> None:
    """Some of the normals."""
    every = max(1, len(own.points) // _ARROWS)
    points, normals = own.points[::every], own.normals[::every]
    if solid:
        axes.quiver(*points.T, *normals.T, length=length, color=colour, linewidth=0.8)
        return
    columns, directions = _columns(points), _columns(normals)
    axes.quiver(
        *columns, *(length * d for d in directions), color=colour, angles="xy", scale_units="xy", scale=1, width=0.003
    )
    tips = [c + length * d for c, d in zip(columns, directions, strict=True)]
    axes.scatter(*tips, s=0.1, color=SOFT, alpha=0.0)
