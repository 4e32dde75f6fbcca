"""Meshes of files and of other libraries, read by meshio."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.cells import Cells, of_surface, of_volume

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

SUFFIXES = {".msh": "gmsh", ".vtu": "vtu", ".stl": "stl", ".ply": "ply"}
"""The files that are read, and what meshio calls their formats."""

_MOST_BYTES = 64_000_000

_MOST_MEMORY = 768 * 2**20
"""Bytes that reading a file may take."""

_FARTHEST = 1e60
"""Beyond, volumes are no numbers any more."""

# Corners come first in cells of higher order, whose other points are left out.
_FACETS = {2: {"line": 2, "line3": 2}, 3: {"triangle": 3, "triangle6": 3}}
_CELLS = {2: {"triangle": 3, "triangle6": 3}, 3: {"tetra": 4, "tetra10": 4}}
_QUADS = {"quad": 4, "quad8": 4, "quad9": 4}
_IGNORED = {"vertex", "line", "line3"}


def read_mesh(path: Path) -> Cells:
    """The mesh of a file: `.msh`, `.vtu`, `.stl` or `.ply`.

    Raises:
        UserError: another kind of file, one that is too large or broken, or a mesh that bounds no domain.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(f"`{suffix}`" for suffix in SUFFIXES)
        raise UserError(Mistake(f"`{path.name}` is no mesh that is known here", hint=f"Known are {known}."))
    if path.stat().st_size > _MOST_BYTES:
        message = f"`{path.name}` is larger than {_MOST_BYTES // 1_000_000} MB"
        raise UserError(Mistake(message, hint="A coarser mesh serves: fields are not computed on its cells."))
    if kind == "ply" and not any(line.strip() == b"end_header" for line in path.read_bytes().split(b"\n")):
        # meshio's reader would look for the end of the header for ever.
        raise UserError(f"`{path.name}` cannot be read as a mesh: its header has no end")
    import meshio

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), catch_warnings():
        simplefilter("ignore")
        try:
            with _memory_for_reading():
                found = meshio.read(path, file_format=kind)
        except (Exception, SystemExit) as error:  # its readers raise whatever a broken file makes them trip over
            raise UserError(f"`{path.name}` cannot be read as a mesh: {type(error).__name__}") from None
    return of_meshio(found)


@contextlib.contextmanager
def _memory_for_reading() -> Iterator[None]:
    """Where the system can, bound what may be allocated: a number in a file makes meshio ask for as much as it says."""
    if resource is None:
        yield
        return
    try:
        held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
    except OSError:  # no such account on this system
        yield
        return
    most = held + _MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most if before[0] < 0 else min(most, before[0]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def of_meshio(mesh: Any) -> Cells:
    """The mesh of an object of meshio.

    Physical groups of facets are pieces of the boundary by their names. Triangles in a plane z = constant are a domain
    in the plane.

    Raises:
        UserError: it bounds no domain.
    """
    points = np.asarray(mesh.points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] not in (2, 3) or not len(points) or not np.all(np.abs(points) < _FARTHEST):
        raise UserError("the mesh needs points of two or three finite coordinates")
    kinds = {block.type for block in mesh.cells}
    solid = bool(kinds & set(_CELLS[3]))
    if points.shape[1] == 3 and not solid and np.ptp(points[:, 2]) == 0.0:
        points = points[:, :2]
    d = points.shape[1]
    quads = _QUADS if d == 2 else {}
    strange = kinds - {*_CELLS[d], *_FACETS[d], *quads, *_IGNORED}
    if strange:
        raise UserError(f"cells of the kind `{sorted(strange)[0]}` are not read; triangles and tetrahedra are")
    if d == 3 and not solid:
        return of_surface(points, _of_kinds(mesh, _FACETS[3]))
    cells = _of_kinds(mesh, _CELLS[d])
    if quads and kinds & set(quads):
        corners = _of_kinds(mesh, quads)
        cells = np.concatenate((cells, corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]))
    return of_volume(points, cells, dict(_named(mesh, _FACETS[d])))


def _of_kinds(mesh: Any, sizes: dict[str, int]) -> np.ndarray:
    """The corners of all cells of some kinds, (n, corners)."""
    blocks = [_corners(b.data, sizes[b.type]) for b in mesh.cells if b.type in sizes]
    found = np.concatenate(blocks) if blocks else np.empty((0, max(sizes.values())), dtype=np.int64)
    if found.size and (found.min() < 0 or found.max() >= len(mesh.points)):
        raise UserError("the mesh has a cell with a point that is not there")
    return found


def _corners(data: Any, count: int) -> np.ndarray:
    """The first so many points of all cells of a block."""
    points = np.asarray(data, dtype=np.int64)
    if points.ndim != 2 or points.shape[1] < count:
        raise UserError(f"the mesh has cells of {count} corners with fewer")
    return points[:, :count]


def _named(mesh: Any, sizes: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """The facets of every physical group, by the group's name, or by its number where it has none."""
    tags = mesh.cell_data.get("gmsh:physical")
    if tags is None:
        return
    dimension = max(sizes.values()) - 1
    names = {int(tag): name for name, (tag, own) in mesh.field_data.items() if int(own) == dimension}
    facets = [(b.data[:, : sizes[b.type]], t) for b, t in zip(mesh.cells, tags, strict=True) if b.type in sizes]
    if not facets:
        return
    corners = np.concatenate([np.asarray(own, dtype=np.int64) for own, _ in facets])
    numbers = np.concatenate([np.asarray(own).ravel() for _, own in facets])
    for number in np.unique(numbers[numbers > 0]).tolist():
        yield _word(names.get(int(number), f"group_{int(number)}")), corners[numbers == number]


def _word(name: str) -> str:
    """A name as the text of a condition can hold it: letters of any script, digits and underscores."""
    return re.sub(r"\W+", "_", name).strip("_") or "unnamed"
