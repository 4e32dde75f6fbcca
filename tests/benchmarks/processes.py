"""One process with one thread, and several that share the points of every step, each with one thread.

Medians of ten steps on `burgers` without exact conditions, on points drawn once. With n processes a step on N points
takes t_n(N) = a + b N/n + c_n. a and b, the cost of a step beside its points and that of a point, are fitted to
one process at all N; c_n is what the messages of a step take between processes that do nothing else: the gradient and
the losses for Adam, the matrix J^T J and the products with J for Levenberg-Marquardt.

.venv/bin/python tests/benchmarks/processes.py --write
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report import origin, table, write

import pinnkit
from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinnkit.points import Uniform
from pinnkit.processes import Team, joined
from pinnkit.training import train

CASES: dict[str, tuple[MLP, Optimizer, tuple[int, ...]]] = {
    "adam, 4x64": (MLP(64, 4, "tanh"), Adam(steps=12), (25_000, 50_000, 100_000)),
    "levenberg_marquardt, 2x24": (MLP(24, 2, "tanh"), LevenbergMarquardt(steps=12), (10_000, 20_000, 40_000)),
}
"""Network, optimizer and points."""

HEAD = """# Several processes

{origin}

{about}

{tables}"""


def measured(network: MLP, optimizer: Optimizer, points: int, team: Team) -> tuple[float, int]:
    """The median seconds of a step after the first two, and P."""
    config = Config(
        network=network, points=Uniform(points), phases=(optimizer,), hard="none", renew=0, threads=1, chunk=4096
    )
    run = build_run(pinnkit.load_problem("burgers"), config)
    seconds: list[float] = []
    train(
        replace(run.assembly, team=team),
        run.trial.layout.start(run.trial.network),
        [("phase", optimizer)],
        0,
        np.random.default_rng(0),
        lambda record, theta: seconds.append(record["step_seconds"]),
        team=team,
    )
    return float(np.median(seconds[2:])), run.trial.layout.size


def message(action: Callable[[], object]) -> float:
    """The median seconds of an exchange."""
    taken = []
    for _ in range(30):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def messages(optimizer: Optimizer, size: int, rows: int, team: Team) -> float:
    """What a step's exchanges take by themselves."""
    vector, numbers = torch.zeros(size, dtype=torch.float64), torch.zeros(8, dtype=torch.float64)
    found = message(lambda: team.total(vector)) + 3 * message(lambda: team.total(numbers))
    if isinstance(optimizer, LevenbergMarquardt):
        matrix, long = torch.zeros(size, size, dtype=torch.float64), torch.zeros(rows, dtype=torch.float64)
        found += message(lambda: team.total(matrix)) + 6 * message(lambda: team.total(long))
    return found


def work(folder: Path) -> None:
    """Measure all cases as one of the processes."""
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    with joined() as team:
        for name, (network, optimizer, counts) in CASES.items():
            for points in counts:
                seconds, size = measured(network, optimizer, points, team)
                sent = messages(optimizer, size, points, team) if team.count > 1 else 0.0
                found[f"{name} {points}"] = {"seconds": seconds, "messages": sent, "size": size}
        if team.first:
            (folder / f"{team.count}.json").write_text(json.dumps(found), "utf-8")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--write", action="store_true", help="write docs/results/processes.md")
    given = arguments.parse_args()
    if given.work is not None:
        work(given.work)
        return
    count = given.processes
    with tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        for launcher in ([], torchrun):
            command = [sys.executable, *launcher, __file__, "--work", name]
            subprocess.run(command, check=True, env=environment)
        alone, shared = (json.loads((Path(name) / f"{n}.json").read_text("utf-8")) for n in (1, count))
    parts = []
    for case, (_, _, counts) in CASES.items():
        times = [alone[f"{case} {n}"]["seconds"] for n in counts]
        slope, rest = np.polyfit(counts, times, 1)
        rows = []
        for n, one in zip(counts, times, strict=True):
            several = shared[f"{case} {n}"]
            model = max(0.0, rest) + slope * n / count + several["messages"]
            figures = [f"{1e3 * t:.0f}" for t in (one, several["seconds"], model)]
            figures += [f"{1e3 * several['messages']:.1f}", f"{one / several['seconds']:.2f}"]
            rows.append([f"{n:,}", *figures])
        head = ["points", "one, ms", f"{count}, ms", f"model of {count}, ms", "of it messages, ms", "gain"]
        parts += [f"{case}, {alone[f'{case} {counts[0]}']['size']:,} parameters:", table(head, rows)]
    about = "\n\n".join((__doc__ or "").split("\n\n")[:2])
    text = HEAD.format(origin=origin(), about=about, tables="\n\n".join(parts))
    print(text)
    if given.write:
        print(f"wrote {write('processes.md', text)}")


if __name__ == "__main__":
    main()
