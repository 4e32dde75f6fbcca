"""Fields for ParaView: images on grids, a series of them over time, a line for one coordinate, points for many.

| coordinates | files |
|---|---|
| one (space or time) | `solution.vtp`, a line along the first axis |
| two or three, none of them time | `solution.vti` |
| four, none of them time | `solution.vti`, the first three with the fourth held at its middle |
| one of space, and time | `solution.vti` (time is the second axis), `solution.pvd` and `solution/*.vti` over time |
| two or three of space, and time | `solution.pvd` and `solution/*.vti` over time |
| more | `solution.vtu`: points placed by the first three coordinates, all coordinates as data |
| | `solution_middle.vti`: the first three, with the others held at their middles |
| of a shape | `solution.vtu`, a mesh of it; over time `solution.pvd` and `solution/*.vtu` |

A family has such files for some of its members, `solution_1`, `solution_2`, ..., and each says of which.

The field, its reference and its error are point data called `u`, `u_reference` and `u_error`. Nothing here draws, so
no graphics library is needed.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pinnkit.results.fields import GridFields, MeshFields, ScatteredFields, thinned
from pinnkit.results.writing import cannot_write, write_text

FRAMES = 51
"""The most files in a series over time."""


def write_vtk(
    folder: Path, fields: GridFields | ScatteredFields | MeshFields, name: str = "solution"
) -> tuple[Path, ...]:
    """Write the files of the table above into `folder`; the first one returned is the one to open.

    Raises:
        UserError: the folder cannot be written to.
    """
    if isinstance(fields, MeshFields):
        return _meshes(folder, fields, name)
    if isinstance(fields, ScatteredFields):
        slices = () if fields.middle is None else (_save(image(fields.middle), folder / f"{name}_middle.vti"),)
        return (_save(_points(fields), folder / f"{name}.vtu"), *slices)
    if fields.family:
        each = (write_vtk(folder, member, f"{name}_{k}") for k, member in enumerate(fields.members(), 1))
        return tuple(path for paths in each for path in paths)
    if len(fields.names) == 1:
        return (_save(_line(fields), folder / f"{name}.vtp"),)
    if fields.time is None:
        if len(fields.names) > 3:
            fields = fields.cut(fields.names[-1], len(fields.axes[-1]) // 2)
        return (_save(image(fields), folder / f"{name}.vti"),)
    series = _series(folder, fields, name)
    if len(fields.space) > 1:
        return series
    return (*series, _save(image(_time_last(fields)), folder / f"{name}.vti"))


def image(grid: GridFields) -> Any:
    """A VTK image of one to three coordinates; those that are missing get one layer.

    Raises:
        ValueError: more than three coordinates, or an axis that is not evenly spaced.
    """
    import pyvista

    if len(grid.axes) > 3:
        raise ValueError(f"an image has at most three coordinates, not {len(grid.axes)}")
    spacing = [_spacing(axis, name) for axis, name in zip(grid.axes, grid.names, strict=True)]
    missing = 3 - len(grid.axes)
    made = pyvista.ImageData(
        dimensions=[len(axis) for axis in grid.axes] + [1] * missing,
        spacing=spacing + [1.0] * missing,
        origin=[float(axis[0]) for axis in grid.axes] + [0.0] * missing,
    )
    for name, values in grid.arrays().items():
        # VTK's first coordinate runs fastest.
        made.point_data[name] = np.asarray(values, dtype=np.float64).ravel(order="F")
    made.field_data["coordinates"] = list(grid.names)
    if grid.fixed:
        made.field_data["fixed"] = [f"{coordinate} = {value:g}" for coordinate, value in grid.fixed.items()]
    return made


def _series(folder: Path, grid: GridFields, name: str) -> tuple[Path, ...]:
    """One image a time, and the collection that names them; the collection is written last, when all are there."""
    clock = grid.time
    assert clock is not None
    grid = thinned(grid, clock, FRAMES)
    frames = []
    for k, time in enumerate(grid.axis(clock)):
        frame = image(grid.cut(clock, k))
        frame.field_data["TimeValue"] = np.array([time])
        frames.append((float(time), _save(frame, folder / name / f"{k:04d}.vti")))
    return _collection(folder, name, frames)


def _collection(folder: Path, name: str, frames: list[tuple[float, Path]]) -> tuple[Path, ...]:
    """The file that says which frame is of which time, and the frames behind it."""
    lines = [f'    <DataSet timestep="{time!r}" part="0" file="{name}/{path.name}"/>' for time, path in frames]
    collection = folder / f"{name}.pvd"
    head = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1" byte_order="LittleEndian">\n  <Collection>'
    write_text(collection, "\n".join([head, *lines, "  </Collection>\n</VTKFile>\n"]))
    return (collection, *(path for _, path in frames))


def _meshes(folder: Path, fields: MeshFields, name: str) -> tuple[Path, ...]:
    """A mesh of the shape with the fields on it, or one a time."""
    if fields.times is None:
        return (_save(_mesh(fields, fields.arrays()), folder / f"{name}.vtu"),)
    frames = []
    for k, time in enumerate(fields.times):
        frame = _mesh(fields, {key: values[k] for key, values in fields.arrays().items()})
        frame.field_data["TimeValue"] = np.array([time])
        frames.append((float(time), _save(frame, folder / name / f"{k:04d}.vtu")))
    return _collection(folder, name, frames)


def _mesh(fields: MeshFields, arrays: Mapping[str, np.ndarray]) -> Any:
    """Segments, triangles or tetrahedra."""
    import pyvista

    points, cells = fields.mesh.points, fields.mesh.cells
    places = np.zeros((len(points), 3))
    places[:, : points.shape[1]] = points
    kind = {2: pyvista.CellType.LINE, 3: pyvista.CellType.TRIANGLE, 4: pyvista.CellType.TETRA}[cells.shape[1]]
    made = pyvista.UnstructuredGrid({kind: cells.astype(np.int64)}, places)
    for name, values in arrays.items():
        made.point_data[name] = np.asarray(values, dtype=np.float64)
    made.field_data["coordinates"] = list(fields.names)
    return made


def _line(grid: GridFields) -> Any:
    """A line along the first axis, with the coordinate itself as data too."""
    import pyvista

    axis = grid.axes[0]
    places = np.zeros((len(axis), 3))
    places[:, 0] = axis
    made = pyvista.PolyData(places, lines=np.concatenate([[len(axis)], np.arange(len(axis))]))
    for name, values in {grid.names[0]: axis, **grid.arrays()}.items():
        made.point_data[name] = np.asarray(values, dtype=np.float64)
    return made


def _points(fields: ScatteredFields) -> Any:
    """Points placed by the first three coordinates; every coordinate is data too, since the rest have no axis."""
    import pyvista

    count, dimension = fields.points.shape
    places = np.zeros((count, 3))
    places[:, : min(3, dimension)] = fields.points[:, :3]
    cells = np.column_stack([np.ones(count, dtype=np.int64), np.arange(count)]).ravel()
    made = pyvista.UnstructuredGrid(cells, np.full(count, pyvista.CellType.VERTEX), places)
    coordinates = {name: fields.points[:, k] for k, name in enumerate(fields.names)}
    for name, values in {**coordinates, **fields.arrays()}.items():
        made.point_data[name] = np.asarray(values, dtype=np.float64)
    return made


def _time_last(grid: GridFields) -> GridFields:
    """The same grid of one space coordinate and time, with space first, as a person draws it."""
    if grid.names[-1] == grid.time:
        return grid
    return GridFields(
        names=grid.names[::-1],
        axes=grid.axes[::-1],
        predicted={name: values.T for name, values in grid.predicted.items()},
        reference={name: values.T for name, values in grid.reference.items()},
        time=grid.time,
        units=grid.units,
    )


def _spacing(axis: np.ndarray, name: str) -> float:
    """The constant step of an axis."""
    if len(axis) == 1:
        return 1.0
    step = float(axis[-1] - axis[0]) / (len(axis) - 1)
    if not np.allclose(np.diff(axis), step, rtol=1e-6):
        raise ValueError(f"an image needs evenly spaced values along `{name}`")
    return step


def _save(mesh: Any, path: Path) -> Path:
    """Write a mesh under a passing name, then rename it, so that no half-written file carries the real one.

    VTK reports a failed write on the console only, so the folder is tried first.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}.") as passing:
            temporary = Path(passing) / path.name
            mesh.save(temporary)
            os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from None
    return path
