"""How fast points are placed in shapes and on their boundaries, beside DeepXDE's geometries.

100,000 points each, the best of five draws, one thread. The shape is made once, before the clock: pinnkit finds the
kept parts of the boundary then, and what that takes stands in a column of its own. Points of the boundary are counted
by piece: shares are those of the circumferences where points are even.

.venv/bin/python tests/benchmarks/geometry.py --write
"""

import argparse
import contextlib
import io
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from report import origin, table, write

from pinnkit.shapes import Ball, Boolean, Box, Outline, Polygon, Shape

COUNT, REPEATS = 100_000, 5
STAR = [[0.0, 0.0], [2.0, 0.5], [1.0, 1.0], [2.0, 2.0], [0.5, 1.5]]

HEAD = """# Points in shapes

{origin}

{about}

{table}

The last columns are the share of the boundary's points that lie on the hole, the removed corner or the polygon, and
what it should be: its share of the circumference."""


def shapes() -> dict[str, tuple[Callable[[], Shape], Callable[[Any], Any], Callable[[np.ndarray], np.ndarray], float]]:
    """By name: how both make it, which points of the boundary are counted, and their share of the circumference."""

    def on_hole(points: np.ndarray) -> np.ndarray:
        return np.abs(np.hypot(points[:, 0] - 0.5, points[:, 1] - 0.5) - 0.2) < 1e-5

    def on_corner(points: np.ndarray) -> np.ndarray:
        return (points[:, 0] > 1 + 1e-5) & (points[:, 1] > 1 + 1e-5)

    def off_disc(points: np.ndarray) -> np.ndarray:
        return np.abs(np.hypot(points[:, 0], points[:, 1]) - 1) > 1e-5

    union = Boolean("union", Ball([0, 0], 1.0, "disc"), Polygon(STAR, "star"))
    star = sum(e.measure for e in union.elements if e.name.startswith("star"))
    hole = 0.4 * np.pi
    return {
        "square - disc": (
            lambda: Boolean("difference", Box([0, 0], [2, 2]), Ball([0.5, 0.5], 0.2)),
            lambda g: g.Rectangle([0, 0], [2, 2]) - g.Disk([0.5, 0.5], 0.2),
            on_hole,
            hole / (8 + hole),
        ),
        "L": (
            lambda: Boolean("difference", Box([0, 0], [2, 2]), Box([1, 1], [2, 2])),
            lambda g: g.Rectangle([0, 0], [2, 2]) - g.Rectangle([1, 1], [2, 2]),
            on_corner,
            0.0,
        ),
        "disc + polygon": (
            lambda: Boolean("union", Ball([0, 0], 1.0, "disc"), Polygon(STAR, "star")),
            lambda g: g.Disk([0, 0], 1.0) | g.Polygon(STAR),
            off_disc,
            star / union.perimeter,
        ),
    }


def best(function: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """The least milliseconds of some calls, and the points of the last."""
    times = []
    points = np.empty((0, 2))
    for _ in range(REPEATS):
        began = time.perf_counter()
        points = function()
        times.append(1e3 * (time.perf_counter() - began))
    return min(times), points


def peer() -> Any:
    """DeepXDE's geometries."""
    os.environ.setdefault("DDE_BACKEND", "pytorch")
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        import deepxde
    return deepxde.geometry


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true", help="write docs/results/geometry.md")
    given = arguments.parse_args()
    theirs, rows = peer(), []
    for name, (make, made_by_peer, counted, share) in shapes().items():
        began = time.perf_counter()
        shape = make()
        outline = Outline(shape.elements)
        building = 1e3 * (time.perf_counter() - began)
        generator = np.random.default_rng(0)
        inside, _ = best(lambda shape=shape, generator=generator: shape.draw(COUNT, generator))  # type: ignore[misc]
        edge, points = best(
            lambda outline=outline, generator=generator: outline.from_unit(generator.random((COUNT, 1)))  # type: ignore[misc]
        )
        figures = [f"{building:.0f}", f"{inside:.1f}", f"{edge:.1f}", f"{np.mean(counted(points)):.3f}", f"{share:.3f}"]
        rows.append([name, "pinnkit", *figures])
        other = made_by_peer(theirs)
        inside, _ = best(lambda other=other: other.random_points(COUNT))  # type: ignore[misc]
        edge, points = best(lambda other=other: other.random_boundary_points(COUNT))  # type: ignore[misc]
        figures = ["", f"{inside:.1f}", f"{edge:.1f}", f"{np.mean(counted(points)):.3f}", f"{share:.3f}"]
        rows.append([name, "DeepXDE", *figures])
    head = ["shape", "", "made, ms", "inside, ms", "boundary, ms", "share", "should be"]
    about = (__doc__ or "").split("\n\n")[1]
    text = HEAD.format(origin=origin(), about=about, table=table(head, rows))
    print(text)
    if given.write:
        print(f"wrote {write('geometry.md', text)}")


if __name__ == "__main__":
    main()
