"""All pictures of a run, chosen by the number of coordinates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pinnkit.results.fields import GridFields, ScatteredFields
from pinnkit.results.figures.causal import Spans, draw_causal
from pinnkit.results.figures.conflicts import draw_conflicts
from pinnkit.results.figures.curves import draw_curves
from pinnkit.results.figures.losses import draw_losses
from pinnkit.results.figures.middles import draw_middles
from pinnkit.results.figures.moving import draw_moving
from pinnkit.results.figures.parameters import draw_parameters
from pinnkit.results.figures.picture import Picture
from pinnkit.results.figures.planes import draw_planes
from pinnkit.results.figures.scattered import draw_scattered
from pinnkit.results.figures.slices import draw_slices
from pinnkit.results.figures.style import number
from pinnkit.results.figures.volume import draw_volume
from pinnkit.results.figures.weights import draw_weights
from pinnkit.results.figures.windows import draw_windows


def draw_fields(folder: Path, fields: GridFields | ScatteredFields) -> tuple[Picture, ...]:
    """Draw every field into `folder`, the most telling picture first.

    One coordinate gives curves; two give prediction, reference and error, and slices over time; three give slices over
    time or middle planes, and a spatial picture; three of space and time the same at the last time; more a comparison
    point by point, and the first three coordinates through the middle of the others.
    """
    if isinstance(fields, ScatteredFields):
        return tuple(picture for name in fields.predicted for picture in _many(folder, fields, name))
    if fields.family:
        return tuple(picture for k, member in enumerate(fields.members(), 1) for picture in _member(folder, member, k))
    if len(fields.names) == 1:
        return (draw_curves(folder / "curves.png", fields),)
    return tuple(picture for name in fields.predicted for picture in _one(folder, fields, name))


def draw_history(
    folder: Path, history: Sequence[Mapping[str, Any]], truth: Mapping[str, float] | None = None
) -> tuple[Picture, ...]:
    """Draw the losses of a run, their weights and conflicts, and its unknown parameters, where records have them."""
    pictures = [draw_losses(folder / "losses.png", history)] if history else []
    if any(record.get("weights") for record in history):
        pictures.append(draw_weights(folder / "weights.png", history))
    if any(record.get("conflicts") for record in history):
        pictures.append(draw_conflicts(folder / "conflicts.png", history))
    if any(record.get("parameters") for record in history):
        pictures.append(draw_parameters(folder / "parameters.png", history, truth or {}))
    return tuple(pictures)


def draw_march(
    folder: Path, fields: GridFields | ScatteredFields, history: Sequence[Mapping[str, Any]], time: str, spans: Spans
) -> tuple[Picture, ...]:
    """Draw the errors over the windows of time, where there are some and a reference, and the causal weights.

    Args:
        folder: where to draw.
        fields: the fields over all of time.
        history: the records of the run.
        time: the name of the time.
        spans: the trained windows, or all of time.
    """
    pictures = []
    if len(spans) > 1 and isinstance(fields, GridFields) and fields.reference:
        pictures.append(draw_windows(folder / "windows.png", fields, [low for low, _ in spans]))
    if any(record.get("causal") for record in history):
        pictures.append(draw_causal(folder / "causal.png", history, time, spans))
    return tuple(pictures)


def _member(folder: Path, member: GridFields, number: int) -> list[Picture]:
    """The pictures of one member of a family, in a folder of their own."""
    own = folder / f"member_{number}"
    own.mkdir(exist_ok=True)
    return [replace(p, caption=f"{p.caption[:-1]}, at {held(member)}.") for p in draw_fields(own, member)]


def _one(folder: Path, grid: GridFields, name: str) -> list[Picture]:
    """The pictures of one field over two to four coordinates."""
    if len(grid.names) == 4:
        if grid.time is None:
            grid = grid.cut(grid.names[-1], len(grid.axes[-1]) // 2)
        else:
            grid = grid.cut(grid.time, len(grid.axis(grid.time)) - 1)
    if len(grid.names) == 2:
        pictures = [draw_planes(folder / f"field_{name}.png", grid, name)]
        if grid.time is not None:
            pictures.append(draw_slices(folder / f"field_{name}_slices.png", grid, name))
            pictures.append(draw_moving(folder / f"field_{name}.gif", grid, name))
        return pictures
    return _three(folder, f"field_{name}.png", grid, name)


def _many(folder: Path, fields: ScatteredFields, name: str) -> list[Picture]:
    """The pictures of one field over five coordinates or more."""
    pictures = [draw_scattered(folder / f"field_{name}.png", fields, name)]
    if fields.middle is not None:
        pictures += _three(folder, f"field_{name}_middle.png", fields.middle, name)
    return pictures


def _three(folder: Path, file: str, grid: GridFields, name: str) -> list[Picture]:
    """Flat pictures and a spatial one of three coordinates, which say where any others are held."""
    flat = draw_slices if grid.time is not None else draw_middles
    pictures = [flat(folder / file, grid, name), draw_volume(folder / f"field_{name}_volume.png", grid, name)]
    if grid.time is not None:
        pictures.append(draw_moving(folder / f"{Path(file).stem}.gif", grid, name))
    where = held(grid)
    return [replace(p, caption=f"{p.caption[:-1]}, at {where}.") for p in pictures] if where else pictures


def held(grid: GridFields) -> str:
    """Where further coordinates are held, in words."""
    return ", ".join(f"{coordinate} = {number(value)}" for coordinate, value in grid.fixed.items())
