"""The Lagrangian frame beside fixed positions: transport, diffusion and fronts at speeds from 0 to 70.

First order at fixed positions is the set-up of the papers on transport, made smaller: the plain network, a curriculum
of speeds, windows of time one after the other, causal weights. Every run has one thread, two go on side by side, and
time is that of the processor. What was run is kept in a store and not run again.

.venv/bin/python tests/benchmarks/lagrangian.py --write
.venv/bin/python tests/benchmarks/lagrangian.py --redraw                 # page and picture, from what was run
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from report import RESULTS, table, write
from stored import load, origins, run_all

from pinnkit.config import Config, load_config
from pinnkit.curriculum import Curriculum
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal
from pinnkit.optimizers import Adam
from pinnkit.points import LatinHypercube
from pinnkit.problem.load import load_problem
from pinnkit.results.figures.style import COLOURS, SOFT, dress, figure, save
from pinnkit.results.paths import positions
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.verification import reference_for, relative_l2, test_grid
from pinnkit.windows import Windows

STORE = RESULTS / "lagrangian.json"
PICTURE = RESULTS / "lagrangian.png"

SPEEDS = (0, 2, 5, 10, 20, 30, 40, 50, 60, 70)
STEPS = 3000
WINDOWS = 10

PLAIN = Config(
    network=MLP(width=50, depth=4),
    points=LatinHypercube(1000),
    condition_points=LatinHypercube(200),
    renew=1,
    hard="none",
    balance=False,
    conflict_every=0,
    phases=(Adam(steps=STEPS, lr=1e-3, decay=1.0, restart=STEPS, restart_floor=0.01, warmup=100),),
    precision="float32",
    threads=1,
)
"""The plain network: all of time at once, fixed positions, first order."""

SHARED = Adam(steps=STEPS // WINDOWS, lr=1e-3, decay=1.0, restart=STEPS // WINDOWS, restart_floor=0.01, warmup=20)

FIXED: Mapping[str, Config] = {
    "plain": PLAIN,
    "curriculum": replace(
        PLAIN, curriculum=Curriculum("c", values=tuple(map(float, range(5, 70, 5))), steps=STEPS // WINDOWS)
    ),
    "windows": replace(PLAIN, windows=Windows(WINDOWS, start="last"), phases=(SHARED,)),
    "causal": replace(PLAIN, causal=Causal(epsilons=(0.01, 0.1, 1.0), stop=False, most=STEPS // 3)),
}
COMPARED, FASTEST = (10, 30, 50, 70), (30, 70)
"""The speeds at which the plain network is run, and those of its remedies."""


@final
@dataclass(frozen=True)
class Job:
    """One run: a problem, a way to solve it, and the speed, where the problem has one."""

    problem: str
    way: str
    speed: float | None = None

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"{self.problem} {self.way}" + (f" c={self.speed:g}" if self.speed is not None else "")

    @property
    def config(self) -> Config:
        """How it is solved, on one thread."""
        if self.way in FIXED:
            return FIXED[self.way]
        return replace(load_config(self.way), threads=1)


def jobs() -> Iterator[Job]:
    """All runs, the long ones first."""
    for speed in SPEEDS:
        yield Job("burgers_moving_shock", "lagrangian", speed)
    yield Job("transport_2d", "rotation")
    for way in FIXED:
        for speed in COMPARED if way == "plain" else FASTEST:
            yield Job("advection", way, speed)
    for speed in COMPARED:
        yield Job("advection", "transport", speed)
    yield Job("inviscid_burgers", "lagrangian")
    for speed in SPEEDS:
        yield Job("convection_diffusion", "lagrangian", speed)
        yield Job("advection", "lagrangian", speed)


def done(job: Job) -> dict[str, Any]:
    """Errors, time and steps; and, for the picture, where labels go."""
    torch.set_num_threads(1)
    problem = load_problem(job.problem)
    problem = problem.with_parameters(c=job.speed) if job.speed is not None else problem
    began = time.process_time()
    solution = solve(problem, job.config)
    seconds = time.process_time() - began
    _, points = test_grid(problem)
    reference = solution.reference()
    assert reference is not None
    values, truth = solution(points)[:, 0], reference.values(points)[:, 0]
    error = float(relative_l2(values[:, None], truth[:, None])[0])
    apart = float(np.linalg.norm(values - truth) / np.linalg.norm(truth - truth.mean()))
    found: dict[str, Any] = {"error": error, "apart": apart, "seconds": seconds, "steps": solution.result["steps"]}
    found |= {"parameters": solution.result["network_parameters"], "verdict": solution.result["verdict"]}
    if job == Job("burgers_moving_shock", "lagrangian", 2):
        found["paths"] = _paths(solution)
    return found


def _paths(solution: Solution) -> dict[str, Any]:
    """Where labels are at some times, and the field on a line at the end."""
    labels, times = np.linspace(0.0, 2 * np.pi, 49), np.linspace(0.0, 1.0, 41)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(labels, times, indexing="ij")], axis=1)
    x = np.linspace(0.0, 2 * np.pi, 401)
    last = np.stack([x, np.ones_like(x)], axis=1)
    placed = positions(solution.run, grid, solution.theta)[:, 0].reshape(49, 41)
    return {"times": times.tolist(), "x": placed.tolist(), "line": x.tolist(), "u": solution(last)[:, 0].tolist()}


def floor_of_label_derivatives(viscosity: float = 0.01) -> float:
    """How far the exact solution of the published equations is from that of Burgers', relative L2.

    With U_xixi in place of u_xx, U = c + e^(-nu t) sin xi and X = xi + c t + sin(xi) (1 - e^(-nu t))/nu (R. Mojgani and
    others (2023), section 3); seen in the frame that moves with c.
    """
    problem = load_problem("burgers_moving_shock").with_parameters(c=0)
    t = np.linspace(0.0, 1.0, 65)
    xi = np.linspace(0.0, 2 * np.pi, 20001)
    x = np.linspace(0.0, 2 * np.pi, 513)[:-1]
    found = []
    for when in t:
        place = xi + np.sin(xi) * (-np.expm1(-viscosity * when) / viscosity)
        found.append(np.interp(x, place, np.exp(-viscosity * when) * np.sin(xi)))
    points = np.stack([np.tile(x, len(t)), np.repeat(t, len(x))], axis=1)
    reference = reference_for(problem)
    assert reference is not None
    return float(relative_l2(np.concatenate(found)[:, None], reference.values(points))[0])


HEAD = """# The Lagrangian frame

{origin}

Seed 0, one thread a run, two runs side by side; seconds are the processor's, with the reference and the measurement.
`frame` is `pinnkit solve ... --config lagrangian --parameter c=...`, Levenberg-Marquardt on labels that are carried
along ([how](../methods/lagrangian.md)).

## Transport

`advection`: a sine that is carried around a ring at speed c until t = 1, relative L2.

{transport}

The last five columns have fixed positions. `transport` is a shipped config of second order whose sines are stretched in
time. The others are first order, {steps:,} steps of Adam of a network of four layers of 50 tanh on 1,000 fresh points a
step: all of time at once, a curriculum of speeds in steps of five with {share} steps for each, {windows} windows of
time with {share} steps for each, causal weights. A. S. Krishnapriyan and others (NeurIPS 2021) found the plain network
to fail at c = 30, with an error near one, and the curriculum and the windows to help.

| c | error, frame | seconds, frame |
|---|---|---|
{flat}

## Diffusion and fronts

`convection_diffusion` has a small viscosity beside the transport. `burgers_moving_shock` steepens into a layer while it
is carried along; its second error is relative to the field less its mean, which is as large as c.

{fronts}

With U_ξξ in place of u_xx, as published, the exact solution of the equations for the labels is already {floor:.1e} away
from that of Burgers' equation, in the frame that moves with c: no training can do better. The metric makes the
difference.

![Labels and the field of a moving front](lagrangian.png)

Labels of `burgers_moving_shock` with c = 2: they gather in the front by themselves.

## To the brink, and in the plane

{others}

`inviscid_burgers` ends just before its characteristics cross; `transport_2d` is one turn of solid-body rotation, with
labels from the disc around the square."""


def page(store: Mapping[str, Any]) -> str:
    """The page, from what was run."""

    def cell(job: Job, what: str = "error") -> str:
        found = store.get(job.key)
        if found is None:
            return ""
        return f"{found[what]:.0f}" if what == "seconds" else f"{found[what]:.1e}"

    ways = ("lagrangian", "transport", *FIXED)
    transport = [[f"{c:g}", *(cell(Job("advection", way, c)) for way in ways)] for c in COMPARED]
    flat = "\n".join(
        f"| {c:g} | {cell(Job('advection', 'lagrangian', c))} | {cell(Job('advection', 'lagrangian', c), 'seconds')} |"
        for c in SPEEDS
    )
    fronts = []
    for c in SPEEDS:
        carried, front = Job("convection_diffusion", "lagrangian", c), Job("burgers_moving_shock", "lagrangian", c)
        own = [cell(carried), cell(carried, "seconds"), cell(front), cell(front, "apart"), cell(front, "seconds")]
        fronts.append([f"{c:g}", *own])
    others = [
        [name, cell(Job(name, way)), cell(Job(name, way), "seconds")]
        for name, way in (("inviscid_burgers", "lagrangian"), ("transport_2d", "rotation"))
    ]
    return HEAD.format(
        origin=origins(store),
        transport=table(["c", "frame", "`transport`", *FIXED], transport),
        steps=STEPS,
        share=STEPS // WINDOWS,
        windows=WINDOWS,
        flat=flat,
        fronts=table(["c", "diffusion", "seconds", "front", "less its mean", "seconds"], fronts),
        floor=floor_of_label_derivatives(),
        others=table(["problem", "error", "seconds"], others),
    )


def draw(paths: Mapping[str, Any]) -> None:
    """Labels over time, and the field at the end."""
    drawn = figure(9.4, 3.8)
    left, right = drawn.subplots(1, 2)
    times = np.asarray(paths["times"])
    for place in np.asarray(paths["x"]):
        broken = np.where(np.abs(np.diff(place, prepend=place[0])) > np.pi, np.nan, place)
        left.plot(times, broken, color=SOFT, linewidth=0.5)
    dress(left, "t", "x", "where labels go")
    right.plot(paths["line"], paths["u"], color=COLOURS[0], linewidth=1.4)
    ends = np.asarray(paths["x"])[:, -1]
    right.plot(ends, np.interp(ends, paths["line"], paths["u"]), "o", color=COLOURS[1], markersize=3)
    dress(right, "x", "u(x, 1)", "the field at the end, and labels on it")
    save(drawn, PICTURE)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", help="runs whose name holds this text")
    arguments.add_argument("--write", action="store_true", help="write docs/results/lagrangian.md and its picture")
    arguments.add_argument("--redraw", action="store_true", help="page and picture from what was run, without runs")
    given = arguments.parse_args()
    store = load(STORE)
    if not given.redraw:
        wanted = [job for job in jobs() if given.only is None or given.only in job.key]
        store = run_all(STORE, wanted, done, lambda found: f"{found['error']:.2e}, {found['seconds']:.0f} s")
    text = page(store)
    print(text)
    if given.write or given.redraw:
        write("lagrangian.md", text)
        paths = store.get(Job("burgers_moving_shock", "lagrangian", 2).key, {}).get("paths")
        if paths is not None:
            draw(paths)


if __name__ == "__main__":
    main()
