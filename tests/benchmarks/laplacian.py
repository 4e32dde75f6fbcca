"""What a Laplacian in 10 and 100 coordinates costs: nested reverse mode, plain jets, jets with the sum as one entry.

A network of three layers of 64 tanh, half the mean squared Laplacian and its gradient. Nested reverse mode is written
as anybody would with torch's own modules: a gradient, and one more for every coordinate. All ways take turns in one
process, with one thread, and agree on the gradient. Memory is the largest that a process of its own held, less what it
held before; there the C library hands every freed array back at once, so that it is that of the arrays in use.

.venv/bin/python tests/benchmarks/laplacian.py --write
"""

import argparse
import itertools
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
from report import origin, table, write
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet, second_derivatives
from pinnkit.derivatives.layout import Layout
from pinnkit.networks import MLP

REVERSE, JETS, SUM = "nested reverse mode", "jets", "jets, one sum"
WAYS = (REVERSE, JETS, SUM)
CASES = {10: 2000, 100: 200}
"""Points by dimension."""
WIDTH, DEPTH, ROUNDS = 64, 3, 25
HANDED_BACK = "MALLOC_MMAP_THRESHOLD_"
"""The variable of the GNU C library with the size from which arrays are handed back when they are freed."""

HEAD = """# The cost of a Laplacian

{origin}

{about}

{tables}"""


def by_jets(dimension: int, points: Tensor, summed: bool) -> Callable[[Tensor], Tensor]:
    """The Laplacian (N,) at parameters, by one sweep."""
    module, layout = network(dimension)
    units = np.eye(dimension, dtype=int)
    entry = second_derivatives([True] * dimension)
    wanted = [entry] if summed else [tuple(map(int, 2 * unit)) for unit in units]
    indices = IndexSet.closure(wanted, dimension)

    def found(theta: Tensor) -> Tensor:
        fields = functional_call(module, layout.split(theta), (jet.coordinates(points, indices),))
        values: Tensor = torch.stack([fields.derivative(k)[:, 0] for k in wanted]).sum(0)
        return values

    return found


def by_reverse_mode(dimension: int, points: Tensor) -> Callable[[Tensor], Tensor]:
    """The same by nested gradients of a network of torch's own layers."""
    sizes = [dimension, *[WIDTH] * DEPTH, 1]
    layers: list[nn.Module] = []
    for one, other in itertools.pairwise(sizes):
        layers += [nn.Linear(one, other, dtype=torch.float64), nn.Tanh()]
    module = nn.Sequential(*layers[:-1])
    names = [name for name, _ in module.named_parameters()]
    shapes = [p.shape for p in module.parameters()]

    def found(theta: Tensor) -> Tensor:
        pieces = theta.split([shape.numel() for shape in shapes])
        own = {name: piece.view(shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)}
        at = points.clone().requires_grad_()
        value = functional_call(module, own, (at,))
        (slope,) = torch.autograd.grad(value.sum(), at, create_graph=True)
        total = torch.zeros_like(at[:, 0])
        for d in range(dimension):
            total = total + torch.autograd.grad(slope[:, d].sum(), at, create_graph=True)[0][:, d]
        return total

    return found


def network(dimension: int) -> tuple[nn.Module, Layout]:
    """The network and where its parameters are."""
    generator = torch.Generator().manual_seed(0)
    module = MLP(WIDTH, DEPTH).build(dimension, 1, generator, torch.float64, torch.device("cpu"))
    return module, Layout.of(module)


Gradient = Callable[[], Tensor]


def prepared(way: str, dimension: int, points: Tensor) -> Gradient:
    """The gradient of half the mean squared Laplacian by one way, as a function to be called."""
    module, _ = network(dimension)
    theta = Layout.start(module)
    found = by_reverse_mode(dimension, points) if way == REVERSE else by_jets(dimension, points, way == SUM)

    def once() -> Tensor:
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(0.5 * (found(leaf) ** 2).mean(), leaf)
        return slope

    return once


def places(dimension: int) -> Tensor:
    """The points."""
    generator = torch.Generator().manual_seed(1)
    return torch.rand(CASES[dimension], dimension, generator=generator, dtype=torch.float64)


def timed(dimension: int) -> dict[str, dict[str, float]]:
    """Seconds of one evaluation by every way, the best and the median, and the gradient's norm; the ways take turns."""
    torch.set_num_threads(1)
    ways = {way: prepared(way, dimension, places(dimension)) for way in WAYS}
    norms = {way: float(once().norm()) for way, once in ways.items()}
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, once in ways.items():
            began = time.perf_counter()
            once()
            times[way].append(time.perf_counter() - began)
    return {way: {"best": min(t), "median": float(np.median(t)), "norm": norms[way]} for way, t in times.items()}


def held(way: str, dimension: int) -> float:
    """Megabytes."""
    torch.set_num_threads(1)
    points = places(dimension)
    prepared(way, dimension, points[:2])()  # what torch loads on its first call is no part of the memory
    once = prepared(way, dimension, points)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    once()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def apart(function: Callable[..., Any], *given: Any) -> Any:
    """A function in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(function, *given).result()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true", help="write docs/results/laplacian.md")
    given = arguments.parse_args()
    parts = []
    for dimension, count in CASES.items():
        found = apart(timed, dimension)
        os.environ[HANDED_BACK] = "65536"
        for way in WAYS:
            found[way]["held"] = apart(held, way, dimension)
        del os.environ[HANDED_BACK]
        first = found[REVERSE]
        rows = []
        for way, own in found.items():
            if abs(own["norm"] - first["norm"]) > 1e-9 * first["norm"]:
                raise SystemExit(f"{way} does not agree: {own['norm']} and {first['norm']}")
            figures = [f"{1e3 * own['best']:.0f}", f"{1e3 * own['median']:.0f}", f"{own['held']:.0f}"]
            ratios = [own[key] / max(first[key], 1e-9) for key in ("best", "median", "held")]
            rows.append([way, *figures, *(f"{ratio:.2f}" for ratio in ratios)])
        head = ["way", "best, ms", "median, ms", "memory, MiB", "ratio of best", "of medians", "of memory"]
        parts += [f"{dimension} coordinates, {count:,} points:", table(head, rows)]
        print("\n".join(parts[-2:]), flush=True)
    about = (__doc__ or "").split("\n\n")[1]
    text = HEAD.format(origin=origin(), about=about, tables="\n\n".join(parts))
    if given.write:
        print(f"wrote {write('laplacian.md', text)}")


if __name__ == "__main__":
    main()
