"""The lid-driven cavity at three Reynolds numbers: errors in the interior, and of the extrema on the centre lines.

Truth is the shipped classical reference, which away from the lid's corners agrees with tables of spectral solutions to
1e-5; where `PINNKIT_REFERENCES` has such tables, they are taken.

.venv/bin/python tests/benchmarks/cavity.py --write
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
from report import origin, table, write

from pinnkit.config import load_config
from pinnkit.problem.load import load_problem
from pinnkit.solving import solve
from pinnkit.verification import reference_for, relative_l2

SPEEDS = (100, 400, 1000)
BORDER = 0.05
"""What is left out on every side."""

HEAD = """# The lid-driven cavity

{origin}

Seed 0, one thread, one run each of `pinnkit solve lid_driven_cavity --parameter Re=...`. Errors are those of u and v at
{count} points at least {border:g} from every wall, relative L2 and the largest, against {truth}.

{rows}

All four walls are exact, and so is continuity; the vorticity jumps to infinity where the lid meets the walls, which
[the problem file](../../problems/lid_driven_cavity.yaml) treats. Above Re = 100 training begins with slower lids
([curriculum](../methods/curriculum.md)), whose time is in the table."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true", help="write docs/results/cavity.md")
    given = arguments.parse_args()
    rows, count, truth = [], 0, ""
    for speed in SPEEDS:
        problem = load_problem("lid_driven_cavity").with_parameters(Re=speed)
        began = time.perf_counter()
        solution = solve(problem, load_config("cavity", ["threads=1"]))
        seconds = time.perf_counter() - began
        points, values, truth = known(speed)
        count, found = len(points), solution(points)
        u, v = relative_l2(found, values)
        worst = float(np.abs(found - values).max())
        figures = [f"{u:.1e}", f"{v:.1e}", f"{worst:.1e}", f"{seconds:.0f}", str(solution.result["steps"])]
        rows.append([str(speed), *figures])
        print(" ".join(rows[-1]), flush=True)
    text = HEAD.format(
        origin=origin(),
        count=count,
        border=BORDER,
        truth=truth,
        rows=table(["Re", "u", "v", "largest", "seconds", "steps"], rows),
    )
    print(text)
    if given.write:
        write("cavity.md", text)


def known(speed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Interior points (n, 2), u and v there (n, 2), and where they are from."""
    path = Path(os.environ.get("PINNKIT_REFERENCES", "")) / "lid_driven_cavity.npz"
    if path.is_file():
        with np.load(path) as tables:
            nodes = tables["s"]
            values = np.stack([tables[f"{name}{speed}"] for name in "uv"], axis=-1)
        said = "tables of a spectral solution, accurate to 1e-5 there"
    else:
        nodes = 0.5 - 0.5 * np.cos(np.pi * np.arange(65) / 64)
        values, said = np.empty(0), "Chebyshev collocation beside the corner flows, accurate to 1e-5 there"
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    inner = (np.minimum(x, y) >= BORDER) & (np.maximum(x, y) <= 1 - BORDER)
    points = np.stack([x[inner], y[inner]], axis=1)
    if values.size:
        return points, values[inner], said
    reference = reference_for(load_problem("lid_driven_cavity").with_parameters(Re=speed))
    assert reference is not None
    return points, reference.values(points), said


if __name__ == "__main__":
    main()
