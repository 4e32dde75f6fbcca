"""Some of the shipped problems in DeepXDE's own idioms, in a process of its own: writes the error over time as JSON.

A plain network, points as DeepXDE draws them, soft conditions with equal weights, float64, Adam with rate 1e-3 for half
of the time and L-BFGS for the rest. Parameters are stored while it trains and scored afterwards, so that scoring is not
part of its time.

.venv/bin/python tests/benchmarks/deepxde_problems.py wave GRID.npz FOUND.json --seconds 20
"""

import argparse
import contextlib
import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

os.environ["DDE_BACKEND"] = "pytorch"  # before it is imported
with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
    import deepxde as dde
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Case:
    """A problem: where it holds, its residual, the conditions on its domain, and how many faces they have."""

    domain: Any
    residual: Callable[[Tensor, Tensor], Tensor]
    conditions: Callable[[Any], list[Any]]
    faces: int


def first(x: Tensor, y: Tensor, along: int) -> Tensor:
    """The first derivative along a coordinate."""
    return dde.grad.jacobian(y, x, i=0, j=along)


def second(x: Tensor, y: Tensor, along: int) -> Tensor:
    """The second derivative along a coordinate."""
    return dde.grad.hessian(y, x, i=along, j=along)


def on_boundary(x: np.ndarray, on: bool) -> bool:
    """Whether a point is on a wall; DeepXDE knows."""
    return on


def sines(x: Any, numbers: tuple[int, ...], sin: Callable[[Any], Any]) -> list[Any]:
    """sin(w pi x) sin(w pi y) for some w."""
    return [sin(w * np.pi * x[:, 0:1]) * sin(w * np.pi * x[:, 1:2]) for w in numbers]


def in_time(low: float, high: float) -> Any:
    """An interval over the time from 0 to 1."""
    return dde.geometry.GeometryXTime(dde.geometry.Interval(low, high), dde.geometry.TimeDomain(0, 1))


def start(domain: Any, value: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Values at the start of time."""
    return dde.icbc.IC(domain, value, lambda _, on_initial: on_initial)


def held(domain: Any, value: Callable[[np.ndarray], Any] = lambda _: 0) -> Any:
    """Values on the walls."""
    return dde.icbc.DirichletBC(domain, value, on_boundary)


def burgers(nu: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, y: first(x, y, 1) + y * first(x, y, 0) - nu * second(x, y, 0)


def ring(domain: Any) -> list[Any]:
    """Equal values and slopes at both ends, from the sine."""
    joined = [dde.icbc.PeriodicBC(domain, 0, on_boundary, derivative_order=order) for order in (0, 1)]
    return [*joined, start(domain, lambda x: -np.sin(np.pi * x[:, 0:1]))]


def string(domain: Any) -> list[Any]:
    """Fixed ends, two modes, let go at rest."""
    shape = start(domain, lambda x: np.sin(np.pi * x[:, 0:1]) + 0.5 * np.sin(4 * np.pi * x[:, 0:1]))
    rest = dde.icbc.OperatorBC(domain, lambda x, y, _: first(x, y, 1), lambda x, _: bool(np.isclose(x[1], 0)))
    return [held(domain), shape, rest]


def helmholtz(x: Tensor, y: Tensor) -> Tensor:
    source = (1 - 17 * np.pi**2) * torch.sin(np.pi * x[:, 0:1]) * torch.sin(4 * np.pi * x[:, 1:2])
    return second(x, y, 0) + second(x, y, 1) + y - source


def multiscale(x: Tensor, y: Tensor) -> Tensor:
    waves = (4, 8, 12, 16)
    parts = zip(waves, sines(x, waves, torch.sin), strict=True)
    return second(x, y, 0) + second(x, y, 1) + np.pi**2 / 2 * sum(w**2 * part for w, part in parts)


def poisson(x: Tensor, y: Tensor) -> Tensor:
    laplace = sum(second(x, y, along) for along in range(5))
    return laplace + np.pi**2 * torch.cos(np.pi * x).sum(1, keepdim=True)


def cosines(x: np.ndarray) -> np.ndarray:
    return np.cos(np.pi * x).sum(1, keepdims=True)


def cases() -> dict[str, Callable[[], Case]]:
    """Every problem by the name of its file."""
    square, cube = dde.geometry.Rectangle, dde.geometry.geometry_nd.Hypercube
    return {
        "burgers": lambda: Case(
            in_time(-1, 1),
            burgers(0.01 / np.pi),
            lambda on: [held(on), start(on, lambda x: -np.sin(np.pi * x[:, 0:1]))],
            2,
        ),
        "burgers_periodic": lambda: Case(in_time(-1, 1), burgers(0.01), ring, 2),
        "wave": lambda: Case(in_time(0, 1), lambda x, y: second(x, y, 1) - 4 * second(x, y, 0), string, 2),
        "helmholtz_2d": lambda: Case(square([-1, -1], [1, 1]), helmholtz, lambda on: [held(on)], 4),
        "poisson_multiscale": lambda: Case(square([0, 0], [1, 1]), multiscale, lambda on: [held(on)], 4),
        "poisson_5d": lambda: Case(cube([0] * 5, [1] * 5), poisson, lambda on: [held(on, cosines)], 10),
    }


class Stored(dde.callbacks.Callback):  # type: ignore[misc]
    """Keeps parameters at some times, and ends a phase when its time is over."""

    def __init__(self, every: float) -> None:
        super().__init__()
        self.every = every
        self.began: float | None = None
        self.until = 0.0
        self.kept: list[tuple[float, dict[str, Tensor]]] = []

    def on_train_begin(self) -> None:
        self.began = time.perf_counter() if self.began is None else self.began

    def on_epoch_end(self) -> None:
        assert self.began is not None
        now = time.perf_counter() - self.began
        if not self.kept or now >= self.kept[-1][0] + self.every or now >= self.until:
            state = self.model.net.state_dict()
            self.kept.append((now, {name: value.clone() for name, value in state.items()}))
        if now >= self.until:
            self.model.stop_training = True


def trained(given: argparse.Namespace) -> tuple[Any, Stored]:
    """The model after its time, and what was kept on the way."""
    case = cases()[given.problem]()
    counts = {"num_domain": given.interior, "num_boundary": given.face * case.faces}
    conditions = case.conditions(case.domain)
    if isinstance(case.domain, dde.geometry.GeometryXTime):
        data = dde.data.TimePDE(case.domain, case.residual, conditions, num_initial=given.face, **counts)
    else:
        data = dde.data.PDE(case.domain, case.residual, conditions, **counts)
    sizes = [case.domain.dim, *[given.width] * given.depth, 1]
    model = dde.Model(data, dde.nn.FNN(sizes, given.activation, "Glorot normal"))
    # Calls of 25 iterations instead of 1000, so that the clock is looked at; L-BFGS remembers its history between them.
    dde.optimizers.config.LBFGS_options.update(iter_per_step=25, fun_per_step=32, maxiter=10**9)
    stored = Stored(given.seconds / 100)
    for rule, until in (({"optimizer": "adam", "lr": 1e-3}, 0.5), ({"optimizer": "L-BFGS"}, 1.0)):
        stored.until = until * given.seconds
        model.compile(**rule, verbose=0)
        options = {"iterations": 10**9, "display_every": 10**9} if "lr" in rule else {}
        model.train(**options, callbacks=[stored], verbose=0)
        model.stop_training = False
    return model, stored


def main() -> None:
    given = _arguments()
    torch.set_num_threads(given.threads)
    grid = np.load(given.grid)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        dde.config.set_default_float("float64")
        dde.config.set_random_seed(given.seed)
        model, stored = trained(given)
        curve = []
        for when, state in stored.kept:
            model.net.load_state_dict(state)
            values = model.predict(grid["points"])[:, 0]
            curve.append((when, float(np.linalg.norm(values - grid["truth"]) / np.linalg.norm(grid["truth"]))))
    found = {"version": dde.__version__, "steps": int(model.train_state.step), "curve": curve}
    with open(given.found, "w", encoding="utf-8") as file:
        json.dump(found, file)


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problem", choices=list(cases()))
    arguments.add_argument("grid", help="an archive of `points` (n, d) and `truth` (n,)")
    arguments.add_argument("found", help="the JSON file to write")
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--width", type=int, default=20)
    arguments.add_argument("--depth", type=int, default=3)
    arguments.add_argument("--activation", default="tanh")
    arguments.add_argument("--interior", type=int, default=2000, help="points of the equation")
    arguments.add_argument("--face", type=int, default=200, help="points of every face")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=0)
    return arguments.parse_args()


if __name__ == "__main__":
    main()
