"""Fields as arrays: evaluated on a grid or at points in chunks of bounded memory, beside the reference if any."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from pinnkit.results.writing import whole
from pinnkit.shapes import Mesh

Field = Callable[[np.ndarray], np.ndarray]
"""Points (n, d) to values (n, f)."""

CHUNK = 65536
"""Points evaluated at once: a few megabytes a coordinate."""

_POINTS_AN_AXIS = {1: 1001, 2: 201, 3: 65, 4: 33}


@final
@dataclass(frozen=True)
class GridFields:
    """Fields on a regular grid.

    ``axes`` has one increasing array a coordinate, in declared order; every array of ``predicted`` and ``reference``
    has the shape of the axes' lengths. ``time`` names the coordinate that is time; ``fixed`` says where the domain's
    further coordinates are held; ``family`` names the coordinates that are parameters, with few values each.
    Values outside of a domain that is a shape are NaN; ``edges`` are curves (m, 2) that bound it in the plane; and
    ``units`` are those of coordinates and fields that have one.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    predicted: Mapping[str, np.ndarray]
    reference: Mapping[str, np.ndarray] = field(default_factory=dict)
    time: str | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)
    family: tuple[str, ...] = ()
    edges: tuple[np.ndarray, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def space(self) -> tuple[str, ...]:
        """The coordinates other than time and the parameters of a family."""
        return tuple(name for name in self.names if name != self.time and name not in self.family)

    def members(self) -> tuple["GridFields", ...]:
        """The fields of every member of a family; the fields themselves where there is none."""
        if not self.family:
            return (self,)
        name = self.family[0]
        cuts = (self.cut(name, k) for k in range(len(self.axis(name))))
        return tuple(member for cut in cuts for member in cut.members())

    @property
    def points(self) -> np.ndarray:
        """The points (n, d) of the grid, of which the last coordinate runs fastest."""
        return np.stack([axis.ravel() for axis in np.meshgrid(*self.axes, indexing="ij")], axis=1)

    def axis(self, name: str) -> np.ndarray:
        """The grid's values along a coordinate."""
        return self.axes[self.names.index(name)]

    def cut(self, name: str, index: int) -> "GridFields":
        """The same fields with one coordinate fixed at a grid value."""
        position = self.names.index(name)

        def taken(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {key: np.take(values, index, axis=position) for key, values in arrays.items()}

        return GridFields(
            names=tuple(n for n in self.names if n != name),
            axes=tuple(a for n, a in zip(self.names, self.axes, strict=True) if n != name),
            predicted=taken(self.predicted),
            reference=taken(self.reference),
            time=None if name == self.time else self.time,
            fixed={**self.fixed, name: float(self.axes[position][index])},
            family=tuple(n for n in self.family if n != name),
            edges=self.edges if name == self.time or name in self.family else (),
            units=self.units,
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array by name: `u`, and `u_reference` and `u_error` (prediction minus reference) where known."""
        return _named(self.predicted, self.reference)


@final
@dataclass(frozen=True, eq=False)
class MeshFields:
    """Fields on a mesh of a shape; over `times` every array has the shape (T, n), else (n,).

    ``names`` are those of the mesh's coordinates, ``time`` that of the time.
    """

    names: tuple[str, ...]
    mesh: Mesh
    predicted: Mapping[str, np.ndarray]
    reference: Mapping[str, np.ndarray] = field(default_factory=dict)
    time: str | None = None
    times: np.ndarray | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array by name, as those of a grid."""
        return _named(self.predicted, self.reference)


@final
@dataclass(frozen=True)
class ScatteredFields:
    """Fields at points (n, d) of a domain with too many coordinates for a grid.

    ``middle`` has them on a grid of the first three coordinates, the others at the middle of their intervals.
    """

    names: tuple[str, ...]
    points: np.ndarray
    predicted: Mapping[str, np.ndarray]
    reference: Mapping[str, np.ndarray] = field(default_factory=dict)
    middle: GridFields | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array by name: `u`, and `u_reference` and `u_error` (prediction minus reference) where known."""
        return _named(self.predicted, self.reference)


def regular_axes(bounds: Sequence[tuple[float, float]]) -> tuple[np.ndarray, ...]:
    """Evenly spaced axes, both ends included: 1001 points in one dimension, 201 in two, 65 in three, 33 in four.

    Raises:
        ValueError: more than four coordinates; a grid of them would not fit into memory.
    """
    if len(bounds) not in _POINTS_AN_AXIS:
        raise ValueError(f"a grid has one to four coordinates, not {len(bounds)}: evaluate at scattered points")
    count = _POINTS_AN_AXIS[len(bounds)]
    return tuple(np.linspace(lower, upper, count) for lower, upper in bounds)


def on_grid(
    prediction: Field,
    fields: Sequence[str],
    names: Sequence[str],
    axes: Sequence[np.ndarray],
    time: str | None = None,
    reference: Field | None = None,
    chunk: int = CHUNK,
) -> GridFields:
    """Evaluate a field, and its reference where there is one, on a regular grid.

    Args:
        prediction: points (n, d) to values (n, f).
        fields: the names of the f columns.
        names: the names of the d coordinates.
        axes: the grid's values along each coordinate.
        time: which coordinate is time, if any.
        reference: the true field in the same form; it may have the first of the columns alone.
        chunk: how many points are evaluated at once.
    """
    shape = tuple(len(axis) for axis in axes)

    def points(start: int, stop: int) -> np.ndarray:
        places = np.unravel_index(np.arange(start, stop), shape)
        return np.stack([axis[place] for axis, place in zip(axes, places, strict=True)], axis=1)

    def evaluated(function: Field) -> dict[str, np.ndarray]:
        columns = _chunked(function, points, math.prod(shape), chunk)
        return {name: column.reshape(shape) for name, column in zip(fields, columns.T, strict=False)}

    return GridFields(
        names=tuple(names),
        axes=tuple(np.asarray(axis, dtype=np.float64) for axis in axes),
        predicted=evaluated(prediction),
        reference=evaluated(reference) if reference is not None else {},
        time=time,
    )


def at_points(
    prediction: Field,
    fields: Sequence[str],
    names: Sequence[str],
    points: np.ndarray,
    reference: Field | None = None,
    chunk: int = CHUNK,
) -> ScatteredFields:
    """Evaluate a field, and its reference where there is one, at points (n, d)."""

    def evaluated(function: Field) -> dict[str, np.ndarray]:
        columns = _chunked(function, lambda start, stop: points[start:stop], len(points), chunk)
        return dict(zip(fields, columns.T, strict=False))

    return ScatteredFields(
        names=tuple(names),
        points=points,
        predicted=evaluated(prediction),
        reference=evaluated(reference) if reference is not None else {},
    )


def through_middle(
    prediction: Field,
    fields: Sequence[str],
    names: Sequence[str],
    bounds: Sequence[tuple[float, float]],
    time: str | None = None,
    reference: Field | None = None,
) -> GridFields:
    """Evaluate on a regular grid of the first three of d coordinates, the others at the middle of their intervals."""
    held = np.array([0.5 * (lower + upper) for lower, upper in bounds[3:]])

    def there(function: Field) -> Field:
        return lambda points: function(np.hstack([points, np.tile(held, (len(points), 1))]))

    own = time if time in names[:3] else None
    truth = there(reference) if reference is not None else None
    grid = on_grid(there(prediction), fields, names[:3], regular_axes(bounds[:3]), own, truth)
    return replace(grid, fixed=dict(zip(names[3:], held.tolist(), strict=True)))


def thinned(grid: GridFields, name: str, count: int) -> GridFields:
    """The same fields with at most `count` values along a coordinate, still evenly spaced and with both ends."""
    position = grid.names.index(name)
    last = len(grid.axes[position]) - 1
    if last < count:
        return grid
    step = next(s for s in range(2, last + 1) if last % s == 0 and last // s < count)
    chosen = np.arange(0, last + 1, step)
    return replace(
        grid,
        axes=tuple(axis[chosen] if k == position else axis for k, axis in enumerate(grid.axes)),
        predicted={key: np.take(values, chosen, axis=position) for key, values in grid.predicted.items()},
        reference={key: np.take(values, chosen, axis=position) for key, values in grid.reference.items()},
    )


def write_fields(path: Path, fields: GridFields | ScatteredFields) -> None:
    """Write `fields.npz`: the coordinates under their names, then every array; read it with `numpy.load`.

    The archive is put together here because `numpy.savez` cannot hold an array called `file`.
    """
    if isinstance(fields, GridFields):
        coordinates = dict(zip(fields.names, fields.axes, strict=True))
    else:
        coordinates = {name: fields.points[:, k] for k, name in enumerate(fields.names)}
    with whole(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, array in {**coordinates, **fields.arrays()}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def _chunked(function: Field, points: Callable[[int, int], np.ndarray], total: int, chunk: int) -> np.ndarray:
    """Values (total, columns), evaluated `chunk` points at a time."""
    starts = range(0, total, chunk)
    parts = (np.asarray(function(points(start, min(start + chunk, total)))) for start in starts)
    return np.concatenate([part.reshape(len(part), -1) for part in parts])


def _named(predicted: Mapping[str, np.ndarray], reference: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Predictions under the fields' names, references and errors behind them; a declared name is never replaced."""
    known = {f"{name}_reference": truth for name, truth in reference.items()}
    errors = {f"{name}_error": predicted[name] - truth for name, truth in reference.items()}
    return {**known, **errors, **predicted}
