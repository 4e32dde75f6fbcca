"""Make the meshes of the shipped problems: a heat sink with two fins, and the surface of a wavy ring.

.venv/bin/python tests/benchmarks/meshes.py
"""

import argparse
from pathlib import Path

import meshio
import numpy as np

from pinnkit.shapes import Polygon, meshed

DATA = Path(__file__).resolve().parents[2] / "problems" / "data"
STEP = 0.125
BENDS = 12
"""Segments of a rounded root."""

AROUND, ACROSS = 48, 20


def turned(x: float, y: float, start: float, end: float) -> list[tuple[float, float]]:
    """Corners on a quarter of a circle of radius 1/4 around (x, y), from an angle to another one, in degrees."""
    angles = np.deg2rad(np.linspace(start, end, BENDS + 1))
    return [(x + 0.25 * float(np.cos(a)), y + 0.25 * float(np.sin(a))) for a in angles]


def heat_sink() -> meshio.Mesh:
    """A base of 3 by 1/2 under two fins of 1/2 by 1 that are rounded at their roots, and named groups of edges."""
    right = [(3.0, 0.0), *turned(3.0, 0.75, 270, 180), (2.75, 1.5), (2.25, 1.5), *turned(2.0, 0.75, 0, -90)]
    outline = [*right, *((3.0 - x, y) for x, y in reversed(right))]
    shape = Polygon([list(corner) for corner in outline])
    mesh = meshed(shape, STEP)
    if abs(mesh.measure - shape.measure) > 1e-9:
        raise SystemExit("the mesh does not fill the outline")
    points, triangles = mesh.points, mesh.cells
    edges = np.sort(np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    rim = unique[counts == 1]
    middle = points[rim].mean(axis=1)
    tags = np.where(middle[:, 1] < 1e-9, 1, np.where(np.abs(middle[:, 0] - 1.5) > 1.5 - 1e-9, 3, 2))
    cells = [("line", rim), ("triangle", triangles)]
    tagged = [tags, np.full(len(triangles), 4)]
    names = {"base": [1, 1], "cooled": [2, 1], "sides": [3, 1], "metal": [4, 2]}
    return meshio.Mesh(
        np.column_stack([points, np.zeros(len(points))]),
        cells,
        cell_data={"gmsh:physical": tagged, "gmsh:geometrical": tagged},
        field_data={name: np.array(value) for name, value in names.items()},
    )


def ring() -> meshio.Mesh:
    """A ring of radius 1 whose thickness has three waves around it."""
    theta, phi = np.meshgrid(*(2 * np.pi * np.arange(n) / n for n in (AROUND, ACROSS)), indexing="ij")
    thick = 0.35 * (1 + 0.25 * np.cos(3 * theta))
    away = 1 + thick * np.cos(phi)
    points = np.stack([away * np.cos(theta), away * np.sin(theta), thick * np.sin(phi)], axis=-1).reshape(-1, 3)
    index = np.arange(AROUND * ACROSS).reshape(AROUND, ACROSS)
    a, b = index, np.roll(index, -1, axis=0)
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    triangles = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    return meshio.Mesh(points.round(6), [("triangle", triangles)])


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    heat_sink().write(DATA / "heat_sink.msh", file_format="gmsh22", binary=False)
    ring().write(DATA / "ring.stl", file_format="stl", binary=True)
    for name in ("heat_sink.msh", "ring.stl"):
        print(f"wrote {DATA / name}, {(DATA / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
