"""What a step of Levenberg-Marquardt costs, in units of J^T J and its Cholesky factor, and what memory it takes.

Burgers' equation on a network 3x21 tanh (1,009 parameters) at 3,000 points: the equation alone, and as shipped, where
the symmetry makes a row a matter of two points. Steps are those of a run with default options, one after the other on
the same points, with their acceleration, corrections and refusals. After each, the two products that no such method can
do without are timed on the Jacobian of the start: `J.T @ J` as a whole, and `torch.linalg.cholesky`. Memory is the peak
of one step above what the process held before it, in a process of its own that has warmed up on a small network; with
1,009 parameters it is mostly that of the sweep's own layers, with 4,137 that of the matrices.

.venv/bin/python tests/benchmarks/lm_step.py --write
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report import origin, table, write
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.load import load_problem

CASES = ("the equation alone", "as shipped")
POINTS, WIDTH, WIDE = 3000, 21, 44
PRODUCTS, JACOBIAN, STEP = "J^T J and Cholesky", "rows and Jacobian", "step"


def main() -> None:
    """Time the steps of both cases, measure the memory of the first, and print the tables."""
    given = _arguments()
    sections = []
    for case in CASES:
        times = apart(timed, case, given.repetitions, given.threads)
        sections.append(f"Burgers, {case}, {given.threads} thread{'s' * (given.threads > 1)}:\n\n{ratios(times)}")
        print(sections[-1] + "\n", flush=True)
    rows = []
    for width, chunk in product((WIDTH, WIDE), given.chunks):
        parameters, peak = apart(memory, chunk, given.threads, width)
        expected = 8 * (3 * parameters**2 + min(chunk, POINTS) * parameters)
        sizes = [f"{size / 2**20:.1f}" for size in (peak, expected)]
        rows.append([str(parameters), str(chunk), *sizes, f"{peak / expected:.2f}"])
    sections.append(table(["P", "chunk, rows", "peak, MiB", "8 bytes (3 P^2 + chunk P), MiB", "ratio"], rows))
    print(sections[-1], flush=True)
    if given.write:
        lead = (__doc__ or "").split("\n\n")[1]
        write("lm_step.md", "\n\n".join(["# A step of Levenberg-Marquardt", origin(), lead, *sections]))


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def problem_rows(case: str, points: int, width: int, chunk: int) -> tuple[Objective, Tensor]:
    """The rows of one case, and the parameters of the start."""
    problem = load_problem("burgers")
    if case == "the equation alone":
        problem = replace(problem, conditions=(), symmetries=())
    config = Config(network=MLP(width, 3), points=Sobol(points), device="cpu", chunk=chunk)
    run = build_run(problem, config)
    theta = run.trial.layout.start(run.trial.network)
    return run.assembly.draw(theta, np.random.default_rng(0)), theta


def timed(case: str, repetitions: int, threads: int) -> dict[str, list[float]]:
    """The seconds of steps, Jacobians and the two products, which take turns."""
    torch.set_num_threads(threads)
    rows, theta = problem_rows(case, POINTS, WIDTH, POINTS)
    optimizer = LevenbergMarquardt()
    state = optimizer.start(theta)
    jacobian = rows.linearize(theta).jacobian
    assert jacobian is not None
    damped = torch.eye(len(theta), dtype=theta.dtype)
    times: dict[str, list[float]] = {PRODUCTS: [], JACOBIAN: [], STEP: []}
    for repetition in range(repetitions + 3):
        step, made = clocked(partial(optimizer.step, rows, theta, state))
        theta, state = made.theta, made.state
        products, _ = clocked(partial(gram_and_factor, jacobian, damped))
        linear, _ = clocked(partial(rows.linearize, theta))
        if repetition >= 3:  # the first rounds warm up
            for name, seconds in ((PRODUCTS, products), (JACOBIAN, linear), (STEP, step)):
                times[name].append(seconds)
    return times


def gram_and_factor(jacobian: Tensor, damped: Tensor) -> Tensor:
    """The Cholesky factor of J^T J + D; D is added in place, as part of neither product."""
    return torch.linalg.cholesky((jacobian.T @ jacobian).add_(damped))


def clocked(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that some work took, and what it gave."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def memory(chunk: int, threads: int, width: int) -> tuple[int, int]:
    """P, and the bytes by which one step on the equation alone raises what the process holds at most."""
    torch.set_num_threads(threads)
    optimizer = LevenbergMarquardt()
    small, theta = problem_rows(CASES[0], 200, 4, chunk)
    optimizer.step(small, theta, optimizer.start(theta))
    rows, theta = problem_rows(CASES[0], POINTS, width, chunk)
    idle = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    optimizer.step(rows, theta, optimizer.start(theta))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if after == before:
        sys.exit("the step raised no high-water mark: warming up took more memory than the step itself")
    return len(theta), 1024 * after - idle


def ratios(times: Mapping[str, Sequence[float]]) -> str:
    """Best and median of everything, and their ratios to the two products."""
    rows = []
    for name, own in times.items():
        best, middle = min(own), statistics.median(own)
        to_best, to_middle = best / min(times[PRODUCTS]), middle / statistics.median(times[PRODUCTS])
        rows.append([name, f"{best * 1e3:.1f}", f"{middle * 1e3:.1f}", f"{to_best:.2f}", f"{to_middle:.2f}"])
    return table(["what", "best, ms", "median, ms", "ratio of the best", "ratio of the medians"], rows)


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repetitions", type=int, default=60)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument(
        "--chunks", type=int, nargs="+", default=[256, 1024, 3000], help="rows of a Jacobian at once"
    )
    arguments.add_argument("--write", action="store_true", help="write docs/results/lm_step.md")
    return arguments.parse_args()


if __name__ == "__main__":
    main()
