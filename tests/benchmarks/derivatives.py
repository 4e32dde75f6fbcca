"""What the residual of Burgers' equation and its gradient cost: nested reverse mode, Taylor sweeps, compiled ones.

A network 4x64 tanh, 10,000 points, the equation alone. Nested reverse mode is written as anybody would with torch's own
modules: two nested calls of `torch.autograd.grad`. All ways get the same points and parameters, and agree on the
gradient before anything is timed. Each has a process of its own, since what one leaves behind in the allocator changes
the time of another; they take turns, so that other load on the machine falls on all of them.

.venv/bin/python tests/benchmarks/derivatives.py --threads 1 2 --write
"""

import argparse
import itertools
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np
import torch
from report import origin, table, write
from torch import Tensor, nn

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.assembly import Assembly
from pinnkit.optimizers import Adam
from pinnkit.points import Uniform
from pinnkit.problem.load import load_problem

WIDTH, DEPTH, POINTS = 64, 4, 10_000
SCALE, SHIFT, NU = (1.0, 2.0), (0.0, -1.0), 0.01 / math.pi

WAYS = ("nested reverse mode", "jets", "jets, compiled")

Way = Callable[[], tuple[float, Tensor]]
"""One evaluation: half the mean squared residual and its gradient (P,)."""


def main() -> None:
    """Time every way for every number of threads and print the tables."""
    given = _arguments()
    sections = []
    for threads in given.threads:
        workers = {name: Worker(name, given.precision, threads) for name in given.ways}
        agree(workers, 1e-12 if given.precision == "float64" else 1e-5)
        times = measure(workers, given.repetitions)
        sections.append(f"{threads} thread{'s' * (threads > 1)}:\n\n{rows(times)}")
        print(sections[-1] + "\n", flush=True)
        for worker in workers.values():
            worker.stop()
    title = f"# Residual and gradient, {DEPTH}x{WIDTH} tanh, {POINTS} points, {given.precision}"
    text = "\n\n".join([title, origin(), (__doc__ or "").split("\n\n")[1], *sections])
    if given.write:
        print(f"wrote {write('derivatives.md', text)}")


class Worker:
    """A way in a process of its own, which evaluates when it is asked to."""

    def __init__(self, name: str, precision: str, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there, name, precision, threads), daemon=True)
        self._process.start()
        self.gradient: np.ndarray = self._here.recv()

    def seconds(self) -> float:
        """The time of one evaluation."""
        self._here.send(True)
        return float(self._here.recv())

    def stop(self) -> None:
        """End the process."""
        self._here.send(False)
        self._process.join()


def serve(connection: Connection, name: str, precision: str, threads: int) -> None:
    """What a worker's process does: send the gradient, then the seconds of every evaluation asked for."""
    torch.set_num_threads(threads)
    way = way_of(name, precision)
    connection.send(way()[1].numpy())  # the first evaluation also compiles
    while connection.recv():
        start = time.perf_counter()
        way()
        connection.send(time.perf_counter() - start)


def way_of(name: str, precision: str) -> Way:
    """One of WAYS."""
    # Without symmetry and conditions the trial field is the network itself, and the loss the equation's alone.
    bare = replace(load_problem("burgers"), conditions=(), symmetries=())
    config = Config(network=MLP(WIDTH, DEPTH), points=Uniform(POINTS), precision=precision, phases=(Adam(),))
    assembly = build_run(bare, replace(config, device="cpu", compile=name == "jets, compiled")).assembly
    theta = assembly.trial.layout.start(assembly.trial.network)
    if name != "nested reverse mode":
        return jets(assembly, theta)
    drawn = assembly.interior_points(theta, np.random.default_rng(0))
    return nested(assembly.trial.tensor(drawn.coordinates), theta)


def nested(points: Tensor, theta: Tensor) -> Way:
    """The residual by two nested gradients, and the gradient of its mean square."""
    sizes = [2, *[WIDTH] * DEPTH, 1]
    linear = [nn.Linear(a, b, dtype=points.dtype) for a, b in itertools.pairwise(sizes)]
    hidden = [layer for pair in zip(linear[:-1], [nn.Tanh()] * DEPTH, strict=True) for layer in pair]
    network = nn.Sequential(*hidden, linear[-1])
    nn.utils.vector_to_parameters(theta, network.parameters())
    scale, shift = points.new_tensor(SCALE), points.new_tensor(SHIFT)

    def evaluate() -> tuple[float, Tensor]:
        at = points.detach().requires_grad_()
        u = network(scale * at + shift)
        (du,) = torch.autograd.grad(u.sum(), at, create_graph=True)
        u_x, u_t = du[:, 0], du[:, 1]
        (du_x,) = torch.autograd.grad(u_x.sum(), at, create_graph=True)
        residual = u_t + u[:, 0] * u_x - NU * du_x[:, 0]
        loss = 0.5 * residual.square().mean()
        # The last bias moves no derivative: its gradient comes through u in u u_x alone.
        slopes = torch.autograd.grad(loss, list(network.parameters()))
        return float(loss.detach()), torch.cat([slope.reshape(-1) for slope in slopes])

    return evaluate


def jets(assembly: Assembly, theta: Tensor) -> Way:
    """The objective as optimizers see it."""
    objective = assembly.draw(theta, np.random.default_rng(0))

    def evaluate() -> tuple[float, Tensor]:
        found = objective.evaluate(theta)
        return found.loss, found.gradient

    return evaluate


def agree(workers: Mapping[str, Worker], tolerance: float) -> None:
    """Stop if a way gives another gradient."""
    expected, *others = [worker.gradient for worker in workers.values()]
    for gradient in others:
        error = float(np.linalg.norm(gradient - expected) / np.linalg.norm(expected))
        if not error <= tolerance:
            raise SystemExit(f"the gradients differ by {error:.1e}")


def measure(workers: Mapping[str, Worker], repetitions: int) -> dict[str, list[float]]:
    """The seconds of every evaluation; the ways take turns."""
    times: dict[str, list[float]] = {name: [] for name in workers}
    for repetition in range(repetitions + 2):
        for name, worker in workers.items():
            time.sleep(0.02)  # the threads of the one before come to rest
            seconds = worker.seconds()
            if repetition >= 2:  # the first rounds warm up
                times[name].append(seconds)
    return times


def rows(times: Mapping[str, list[float]]) -> str:
    """Best and median, and their ratios to nested reverse mode, the first way."""
    best = {name: min(own) for name, own in times.items()}
    middle = {name: statistics.median(own) for name, own in times.items()}
    first = next(iter(times))
    head = ["way", "best, ms", "median, ms", "ratio of the best", "ratio of the medians"]
    return table(
        head,
        [
            [
                name,
                f"{best[name] * 1e3:.1f}",
                f"{middle[name] * 1e3:.1f}",
                f"{best[name] / best[first]:.2f}",
                f"{middle[name] / middle[first]:.2f}",
            ]
            for name in times
        ],
    )


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--precision", choices=["float32", "float64"], default="float32")
    arguments.add_argument("--repetitions", type=int, default=30)
    arguments.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="the first is what others are held to")
    arguments.add_argument("--write", action="store_true", help="write docs/results/derivatives.md")
    return arguments.parse_args()


if __name__ == "__main__":
    main()
