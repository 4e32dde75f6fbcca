"""A run of a million steps: what the process holds, and what its folder holds, from the first steps to the last.

A network of one layer, eight points, Adam, points drawn anew every 100 steps, checkpoints every five seconds: a step is
as small as it can be, so that a million of them stand for the days that a large run takes. What the process holds is
its resident memory, by the system's account, after every 10,000 steps.

.venv/bin/python tests/benchmarks/million.py --write
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from report import origin, table, write

from pinnkit.results.folder import RunFolder
from pinnkit.results.history import read_history

SETTINGS = (
    *("network={name: mlp, width: 3, depth: 1}", "points={name: uniform, count: 8}", "condition_points.count=2"),
    *("test_points=50", "threads=1", "stages=[]", "renew=100", "seed=0", "causal=null"),
)

HEAD = """# A million steps

{origin}

{about}

{table}

From the first tenth of the steps to the last, the median of what the process holds grew by {growth:.2%}. All {steps:,}
records are in the folder; in memory are no more than 20,000."""


def resident(process: int) -> float:
    """MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def last_step(path: Path) -> int:
    """The last step in a history that is being written; 0 where there is none."""
    if not path.is_file() or path.stat().st_size < 20:
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4000))
        lines = file.read().splitlines()
    text = lines[-2] if len(lines) > 1 else b""
    start = text.find(b'"step": ')
    return int(text[start + 8 :].split(b",")[0]) if start >= 0 else 0


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, default=1_000_000)
    arguments.add_argument("--write", action="store_true", help="write docs/results/million.md")
    given = arguments.parse_args()
    seen: list[tuple[int, float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        files = RunFolder(Path(name) / "run")
        settings = [*SETTINGS, f"phases=[{{name: adam, steps: {given.steps}}}]"]
        words = [word for setting in settings for word in ("--set", setting)]
        command = [sys.executable, "-m", "pinnkit", "solve", "heat", "--quiet", "--out", str(files.path), *words]
        began = time.perf_counter()
        with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
            while process.poll() is None:
                step = last_step(files.history)
                if step >= (seen[-1][0] if seen else 0) + given.steps // 100:
                    size = sum(path.stat().st_size for path in files.path.rglob("*") if path.is_file())
                    seen.append((step, resident(process.pid), size / 2**20))
                    if len(seen) % 10 == 0:
                        print(f"{step:,} steps, {seen[-1][1]:.1f} MiB, {seen[-1][2]:.1f} MiB on disk", flush=True)
                time.sleep(0.05)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise SystemExit(process.returncode)
        count = sum(1 for _ in read_history(files.history))
    held = np.array([own for _, own, _ in seen])
    first, last = (float(np.median(part)) for part in (held[: len(held) // 10], held[-(len(held) // 10) :]))
    rows = [[f"{step:,}", f"{own:.1f}", f"{disk:.1f}"] for step, own, disk in seen[9::10]]
    text = HEAD.format(
        origin=origin(),
        about=(__doc__ or "").split("\n\n")[1],
        table=table(["steps", "resident memory, MiB", "folder, MiB"], rows),
        growth=last / first - 1.0,
        steps=count,
    )
    print(text, f"\n{seconds:.0f} s")
    if given.write:
        print(f"wrote {write('million.md', text)}")


if __name__ == "__main__":
    main()
