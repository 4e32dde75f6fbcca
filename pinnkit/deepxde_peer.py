"""The same problem solved by DeepXDE, in a process of its own: its geometry, its conditions, its usual recipe.

A plain network of the same width and depth, Glorot normal, as many points as the config has, soft conditions with equal
weights, float64; Adam with rate 1e-3 for half of the time and L-BFGS for the rest, as in DeepXDE's own examples. Fields
are evaluated after its time is over.

    python -m pinnkit.deepxde_peer JOB.json
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np

from pinnkit.config import Config
from pinnkit.equations import compile_tree, normal_component
from pinnkit.equations.expression import Expression, Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, SolveError, UserError
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Condition, Face, Problem
from pinnkit.shapes import Ball, Boolean, Ellipse, Polygon, Shape

_NEAR = 1e-9
"""Relative to the size of the domain, within which a point is on a face."""

_LOOK_EVERY = 25
"""Iterations between two looks at the clock."""


@final
@dataclass(frozen=True)
class Peer:
    """What DeepXDE found: fields (n, f) at the points asked for, its seconds of training, its steps and its version."""

    values: np.ndarray
    seconds: float
    steps: int
    version: str


@final
@dataclass(frozen=True)
class _Job:
    """What the process is told."""

    problem: str
    points: str
    found: str
    seconds: float
    width: int
    depth: int
    interior: int
    face: int
    threads: int
    seed: int


def require_peer(problem: Problem) -> None:
    """Refuse what cannot be handed to DeepXDE.

    Raises:
        UserError: the first thing that stands in the way.
    """
    why = next((sentence for found, sentence in _reasons(problem) if found), None)
    if why is not None:
        raise UserError(Mistake(f"`{problem.name}` cannot be handed to DeepXDE: {why}"))
    if find_spec("deepxde") is None:
        raise UserError(
            Mistake("DeepXDE is not installed", hint="It comes with pinnkit[dev], or by `pip install deepxde`.")
        )


def _reasons(problem: Problem) -> Sequence[tuple[object, str]]:
    known = {"box", "ball", "ellipse", "polygon"}
    kinds = {given["name"] for given in problem.body.given.values()} if problem.body is not None else set()
    start = problem.coordinate(problem.time).lower if problem.time is not None else None
    ends = (f for c in problem.conditions for f in c.faces if f.coordinate and f.coordinate == problem.time)
    return (
        (problem.parts or problem.regions, "its domain is divided into regions"),
        (problem.integrals, "it has conditions that are integrals"),
        (problem.unknowns or problem.observations, "it has unknown parameters or observations"),
        (problem.levels is not None, "it asks for eigenstates"),
        (problem.family, "it is a family"),
        (kinds - known, f"DeepXDE has no shape for `{next(iter(kinds - known), '')}` here"),
        (any(not c.axis.finite for c in problem.coordinates), "a coordinate has no end"),
        (any(not isinstance(e.residual, Expression) for e in problem.equations), "an equation is a function of Python"),
        (any(c.given is not None for c in problem.conditions), "a condition has values that no expression has"),
        (any(f.value != start for f in ends), "a condition stands at the end of time"),
        (problem.time not in (None, problem.scope.coordinates[-1]), "time is its last coordinate, and here it is not"),
    )


def solve_by_deepxde(problem: Problem, config: Config, points: np.ndarray, seconds: float, threads: int) -> Peer:
    """Hand a problem to DeepXDE for as long as a network of ours took.

    Args:
        problem: that `require_peer` lets pass.
        config: from which the numbers of points, the width and the depth are taken.
        points: (n, d) at which the fields are wanted.
        seconds: of training.
        threads: of the arithmetic.

    Raises:
        SolveError: DeepXDE came to no end; what it said last.
    """
    network = config.network
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        job = _Job(
            str(place / "problem.yaml"),
            str(place / "points.npy"),
            str(place / "found.npz"),
            seconds,
            int(getattr(network, "width", 20)),
            int(getattr(network, "depth", 3)),
            int(getattr(config.points, "count", 2000)),
            int(getattr(config.condition_points, "count", 200)),
            threads,
            config.seed,
        )
        Path(job.problem).write_text(dump_problem(problem), encoding="utf-8")
        np.save(job.points, points)
        (place / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
        command = [sys.executable, "-m", "pinnkit.deepxde_peer", str(place / "job.json")]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "DDE_BACKEND": "pytorch"}
        )
        if ran.returncode != 0:
            last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise SolveError(f"DeepXDE ended with an error: {last}")
        with np.load(job.found, allow_pickle=False) as found:
            version = bytes(found["version"]).decode()
            return Peer(found["values"], float(found["seconds"]), int(found["steps"]), version)


def main(path: str) -> None:
    """Do a job that is written in a file."""
    job = _Job(**json.loads(Path(path).read_text(encoding="utf-8")))
    problem = load_problem(Path(job.problem))
    import torch

    torch.set_num_threads(job.threads)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        import deepxde as dde

        dde.config.set_default_float("float64")
        dde.config.set_random_seed(job.seed)
        model, seconds = _trained(dde, problem, job)
        values = np.asarray(model.predict(np.load(job.points, allow_pickle=False)), dtype=np.float64)
    version = np.frombuffer(dde.__version__.encode(), dtype=np.uint8)
    np.savez(job.found, values=values, seconds=seconds, steps=model.train_state.step, version=version)


def _trained(dde: Any, problem: Problem, job: _Job) -> tuple[Any, float]:
    """The model after its time, and the seconds."""
    domain, conditions = _domain(dde, problem), []
    faces = [face for condition in problem.conditions for face in condition.faces]
    for condition in problem.conditions:
        conditions += [_condition(dde, problem, condition, face, domain) for face in condition.faces]
    for c in problem.coordinates:
        if c.periodic:
            joined = _on_ends(problem.index(c.name), c.lower, c.upper)
            pairs = ((k, order) for k in range(len(problem.fields)) for order in (0, 1))
            conditions += [
                dde.icbc.PeriodicBC(domain, problem.index(c.name), joined, derivative_order=order, component=k)
                for k, order in pairs
            ]

    def residuals(x: Any, y: Any) -> list[Any]:
        dde.grad.clear()
        trees = [e.residual.tree for e in problem.equations if isinstance(e.residual, Expression)]
        return [_value(dde, problem, tree, x, y, {}) for tree in trees]

    counts = {"num_domain": job.interior, "num_boundary": job.face * max(1, len(faces))}
    if problem.time is not None and len(problem.coordinates) > 1:
        data = dde.data.TimePDE(domain, residuals, conditions, num_initial=job.face, **counts)
    else:
        data = dde.data.PDE(domain, residuals, conditions, **counts)
    sizes = [len(problem.coordinates), *[job.width] * job.depth, len(problem.fields)]
    network = dde.nn.FNN(sizes, "tanh", "Glorot normal")
    model = dde.Model(data, network)
    dde.optimizers.config.LBFGS_options.update(iter_per_step=_LOOK_EVERY, fun_per_step=32, maxiter=10**9)
    began = time.perf_counter()
    for rule, share in (({"optimizer": "adam", "lr": 1e-3}, 0.5), ({"optimizer": "L-BFGS"}, 1.0)):
        model.compile(**rule, verbose=0)
        stop = _clock(dde, began + share * job.seconds)
        options = {"iterations": 10**9, "display_every": 10**9} if "lr" in rule else {}
        model.train(**options, callbacks=[stop], verbose=0)
        model.stop_training = False
    return model, time.perf_counter() - began


def _clock(dde: Any, until: float) -> Any:
    """A callback that ends a phase when its time is over."""

    class Clock(dde.callbacks.Callback):
        def on_epoch_end(self) -> None:
            if time.perf_counter() >= until:
                self.model.stop_training = True

    return Clock()


def _domain(dde: Any, problem: Problem) -> Any:
    """Its geometry, over time where there is time."""
    geometry = dde.geometry
    space = [c for c in problem.coordinates if c.name != problem.time]
    if not space:
        only = problem.coordinates[0]
        return geometry.TimeDomain(only.lower, only.upper)
    if problem.body is not None:
        domain = _combined(geometry, problem.body.shape)
    else:
        domain = _box(geometry, [c.lower for c in space], [c.upper for c in space])
    if problem.time is None:
        return domain
    clock = problem.coordinate(problem.time)
    return geometry.GeometryXTime(domain, geometry.TimeDomain(clock.lower, clock.upper))


def _combined(geometry: Any, shape: Shape) -> Any:
    """A boolean by its members, a primitive by DeepXDE's own; `require_peer` lets no other kind pass."""
    if isinstance(shape, Boolean):
        left, right = _combined(geometry, shape.left), _combined(geometry, shape.right)
        if shape.kind == "union":
            return left | right
        return left & right if shape.kind == "intersection" else left - right
    if isinstance(shape, Ball) and shape.dimension > 1:
        return (geometry.Disk if shape.dimension == 2 else geometry.Sphere)(list(shape.center), shape.radius)
    if isinstance(shape, Ellipse):
        return geometry.Ellipse(list(shape.center), *shape.semi_axes, angle=-np.deg2rad(shape.angle))
    if isinstance(shape, Polygon):
        return geometry.Polygon([list(corner) for corner in shape.corners])
    return _box(geometry, *(end.tolist() for end in shape.bounds))


def _box(geometry: Any, low: list[float], high: list[float]) -> Any:
    """An interval, a rectangle, a cuboid, or one of more dimensions."""
    if len(low) == 1:
        return geometry.Interval(low[0], high[0])
    return {2: geometry.Rectangle, 3: geometry.Cuboid}.get(len(low), geometry.geometry_nd.Hypercube)(low, high)


def _condition(dde: Any, problem: Problem, condition: Condition, face: Face, domain: Any) -> Any:
    """A condition on a face, as a residual of DeepXDE's own kind."""
    tree = condition.tree_on(face, problem.scope)

    def residual(x: Any, y: Any, there: np.ndarray) -> Any:
        return _value(dde, problem, tree, x, y, _normals(problem, face, there, y))

    return dde.icbc.OperatorBC(domain, residual, _on(problem, face))


def _on(problem: Problem, face: Face) -> Callable[[np.ndarray, bool], bool]:
    """Whether a point of the boundary is on a face."""
    if face.piece:
        assert problem.body is not None
        body = problem.body
        columns = [problem.index(name) for name in body.coordinates]
        elements, near = body.outline(face.piece).elements, _NEAR * body.shape.size

        def on_piece(x: np.ndarray, on: bool) -> bool:
            at = x[None, columns]
            return bool(on) and min(float(element.gap(at)[0]) for element in elements) < 1e3 * near

        return on_piece
    along = problem.index(face.coordinate)
    size = problem.coordinate(face.coordinate).upper - problem.coordinate(face.coordinate).lower
    return lambda x, on: abs(float(x[along]) - face.value) <= _NEAR * size


def _on_ends(along: int, lower: float, upper: float) -> Callable[[np.ndarray, bool], bool]:
    """Whether a point is at an end of a periodic coordinate."""
    near = _NEAR * (upper - lower)
    return lambda x, on: min(abs(float(x[along]) - lower), abs(float(x[along]) - upper)) <= near


def _normals(problem: Problem, face: Face, there: np.ndarray, like: Any) -> dict[Partial | str, Any]:
    """The components of the outward normal at points of a piece of a shape's boundary."""
    if not face.piece or problem.body is None:
        return {}
    body = problem.body
    columns = [problem.index(name) for name in body.coordinates]
    normals = body.outline(face.piece).normals(np.asarray(there, dtype=float)[:, columns])
    return {str(normal_component(x)): like.new_tensor(normals[:, k : k + 1]) for k, x in enumerate(body.coordinates)}


def _value(dde: Any, problem: Problem, tree: Any, x: Any, y: Any, more: dict[Partial | str, Any]) -> Any:
    """The value (n, 1) of a residual, its derivatives by DeepXDE."""
    scope = problem.scope
    values: dict[Partial | str, Any] = {name: x[:, k : k + 1] for k, name in enumerate(scope.coordinates)}
    values.update(problem.values)
    values.update(more)
    for partial in partials_in(tree, scope):
        derivative = y[:, problem.fields.index(partial.field) : problem.fields.index(partial.field) + 1]
        for axis, order in enumerate(partial.orders):
            for _ in range(order):
                derivative = dde.grad.jacobian(derivative, x, i=0, j=axis)
        values[partial] = derivative
    return compile_tree(tree, scope).broadcast(values, y[:, :1])


if __name__ == "__main__":
    main(sys.argv[1])
