"""A mesh as arrays: what a file of one holds, its boundary, and a text that keeps it."""

import base64
import binascii
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.shapes.facets import across

MOST_CELLS = 200_000
"""Cells and facets each: a domain needs no finer mesh, since fields are not computed on it."""

_MOST_BYTES = 64_000_000
_MOST_TEXT = 1_500_000
_SHARP = np.cos(np.deg2rad(30.0))
"""Facets that meet at a larger angle belong to different pieces, where the file names none."""

_REST = "rest"


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """Points (n, d), d = 2 or 3, and what they make.

    Args:
        points: of the mesh.
        cells: triangles (c, 3) in the plane or tetrahedra (c, 4) in space; none (0, d + 1) of a surface alone.
        facets: of the boundary (m, d), in an order in which normals point outwards.
        groups: of every facet the number of its name, (m,).
        names: of the pieces of the boundary.
    """

    points: np.ndarray
    cells: np.ndarray
    facets: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return int(self.points.shape[1])

    @cached_property
    def corners(self) -> np.ndarray:
        """Of the facets, (m, d, d)."""
        return self.points[self.facets]

    def as_text(self) -> str:
        """The mesh as a text from which an equal one is made.

        Raises:
            UserError: it would be too long.
        """
        stream = io.BytesIO()
        arrays: dict[str, Any] = {key: getattr(self, key) for key in ("points", "cells", "facets", "groups")}
        # Names as code points, so that no array holds objects.
        letters = np.frombuffer("\n".join(self.names).encode("utf-8"), dtype=np.uint8)
        np.savez_compressed(stream, **arrays, names=letters)
        text = base64.b64encode(stream.getvalue()).decode("ascii")
        if len(text) > _MOST_TEXT:
            message = f"the mesh has {len(self.cells):,} cells and {len(self.facets):,} facets, too many to be kept"
            raise UserError(Mistake(message, hint="A coarser one serves: fields are not computed on its cells."))
        return text


def from_text(text: str) -> Cells:
    """The mesh that `as_text` wrote.

    Raises:
        UserError: a text that is none.
    """
    broken = UserError("`data` of a mesh is not what pinnkit writes")
    try:
        raw = base64.b64decode(text, validate=True)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise broken
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("points", "cells", "facets", "groups", "names")}
        names = tuple(arrays.pop("names").astype(np.uint8).tobytes().decode("utf-8").split("\n"))
    except (binascii.Error, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
        raise broken from None
    found = Cells(**arrays, names=names)
    if not _sound(found):
        raise broken
    return found


def _sound(mesh: Cells) -> bool:
    """Whether arrays that came from outside have their shapes, kinds and ranges."""
    points, cells, facets, groups = mesh.points, mesh.cells, mesh.facets, mesh.groups
    if points.ndim != 2 or points.shape[1] not in (2, 3) or points.dtype != np.float64:
        return False
    d, whole = points.shape[1], all(a.dtype.kind == "i" for a in (cells, facets, groups))
    shaped = cells.ndim == 2 and cells.shape[1] == d + 1 and facets.shape == (len(groups), d) and len(facets) > 0
    if not (whole and shaped and np.all(np.isfinite(points))):
        return False
    ranges = ((cells, len(points)), (facets, len(points)), (groups, len(mesh.names)))
    return all(a.size == 0 or (a.min() >= 0 and a.max() < most) for a, most in ranges)


def of_volume(points: np.ndarray, cells: np.ndarray, named: Mapping[str, np.ndarray]) -> Cells:
    """The mesh of triangles in the plane, or of tetrahedra in space.

    Args:
        points: (n, d).
        cells: (c, d + 1).
        named: by name the facets (k, d) of pieces of the boundary, in any order.

    Raises:
        UserError: no cells, too many, flat ones, a facet of more than two of them.
    """
    _bounded(cells)
    points, cells, named = _used(points, cells, named)
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    volumes = np.linalg.det(edges)
    size = float(np.max(np.ptp(points, axis=0)))
    if np.any(np.abs(volumes) <= 1e-14 * size ** points.shape[1]):
        raise UserError(f"the mesh has a cell without {'area' if points.shape[1] == 2 else 'volume'}")
    cells = np.where((volumes < 0)[:, None], cells[:, [1, 0, *range(2, cells.shape[1])]], cells)
    # The facet opposite to corner k of a cell that is positively oriented, seen from outside.
    opposite = ([1, 2], [2, 0], [0, 1]) if points.shape[1] == 2 else ([1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1])
    facets = np.concatenate([cells[:, own] for own in opposite])
    _, first, counts = np.unique(np.sort(facets, axis=1), axis=0, return_index=True, return_counts=True)
    if counts.max() > 2:
        raise UserError("the mesh has a facet that belongs to more than two cells")
    facets = facets[np.sort(first[counts == 1])]
    return Cells(points, cells, facets, *_grouped(points, facets, named))


def of_surface(points: np.ndarray, facets: np.ndarray) -> Cells:
    """The body that a closed surface of triangles in space bounds.

    Corners that lie in one place are one, as in STL files every triangle has its own.

    Raises:
        UserError: no triangles, too many, or a surface with holes or without sides.
    """
    _bounded(facets)
    _, first, same = np.unique(
        np.round(points / (1e-9 * _span(points))), axis=0, return_index=True, return_inverse=True
    )
    points, facets = points[first], same.reshape(-1)[facets]
    facets = facets[np.all(facets != np.roll(facets, 1, axis=1), axis=1)]
    directed = np.concatenate([facets[:, [0, 1]], facets[:, [1, 2]], facets[:, [2, 0]]])
    _, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    if np.any(counts != 2):
        alone, many = int(np.sum(counts == 1)), int(np.sum(counts > 2))
        what = (
            f"is open: {alone} of its edges belong to one triangle only" if alone else f"meets itself at {many} edges"
        )
        raise UserError(
            Mistake(f"the surface {what}", hint="A body needs a closed surface, of which each edge has two.")
        )
    if len(np.unique(directed, axis=0)) != len(directed):
        hint = "Let the program that made it turn all triangles to one side."
        raise UserError(Mistake("the triangles of the surface do not agree on which side is outside", hint=hint))
    corners = points[facets]
    if float(np.sum(np.linalg.det(corners))) < 0:
        facets = facets[:, ::-1]
    empty = np.empty((0, 4), dtype=np.int64)
    return Cells(points, empty, facets, *_grouped(points, facets, {}))


def _span(points: np.ndarray) -> float:
    return float(np.max(np.ptp(points, axis=0))) or 1.0


def _bounded(cells: np.ndarray) -> None:
    if not len(cells):
        raise UserError("the mesh has no cells")
    if len(cells) > MOST_CELLS:
        message = f"the mesh has {len(cells):,} cells, and {MOST_CELLS:,} is the most"
        raise UserError(Mistake(message, hint="A coarser one serves: fields are not computed on its cells."))


def _used(
    points: np.ndarray, cells: np.ndarray, named: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The points that cells have, renumbered."""
    kept = np.unique(cells)
    number = np.full(len(points), -1)
    number[kept] = np.arange(len(kept))
    return points[kept], number[cells], {name: number[facets] for name, facets in named.items()}


def _grouped(
    points: np.ndarray, facets: np.ndarray, named: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The number of every facet's name, and the names: those given, or numbers of the smooth parts."""
    if not len(facets):
        raise UserError("the mesh has no boundary")
    groups = np.full(len(facets), -1)
    place = {tuple(row): k for k, row in enumerate(np.sort(facets, axis=1).tolist())}
    names: list[str] = []
    for name, own in named.items():
        found = [place[key] for key in map(tuple, np.sort(own, axis=1).tolist()) if key in place]
        if found:
            groups[found] = len(names)
            names.append(name)
    if not names:
        parts = _smooth_parts(points, facets)
        return parts, tuple(str(k + 1) for k in range(int(parts.max()) + 1))
    if np.any(groups < 0):
        groups[groups < 0] = len(names)
        names.append(_REST)
    return groups, tuple(names)


def _smooth_parts(points: np.ndarray, facets: np.ndarray) -> np.ndarray:
    """The number (m,) of every facet's part; parts are connected, and bend by no sharp angle from facet to facet."""
    normals = across(points[facets])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    parent = list(range(len(facets)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for one, other in _neighbours(facets):
        if float(normals[one] @ normals[other]) >= _SHARP:
            parent[root(one)] = root(other)
    roots = np.array([root(k) for k in range(len(facets))])
    _, first, parts = np.unique(roots, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[parts.reshape(-1)]


def _neighbours(facets: np.ndarray) -> Sequence[tuple[int, int]]:
    """Pairs of facets that share all corners but one."""
    d = facets.shape[1]
    ridges = np.concatenate([np.sort(np.delete(facets, k, axis=1), axis=1) for k in range(d)])
    owners = np.tile(np.arange(len(facets)), d)
    order: Any = np.lexsort(ridges.T)
    ridges, owners = ridges[order], owners[order]
    same = np.flatnonzero(np.all(ridges[1:] == ridges[:-1], axis=1))
    return list(zip(owners[same].tolist(), owners[same + 1].tolist(), strict=True))
