"""What `test_processes` has several processes do: every answer of an objective at fixed parameters, and short runs.

torchrun --standalone --nproc-per-node 2 tests/numerics/team_work.py FOLDER
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.causal import Causal
from pinnkit.objective.objective import Objective
from pinnkit.objective.weightings import WEIGHTINGS
from pinnkit.optimizers import OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.optimizers.damped import damped_system
from pinnkit.points import RAD, SAMPLERS, Sobol
from pinnkit.problem.define import define
from pinnkit.processes import Team, joined
from pinnkit.running import Quiet, march
from pinnkit.stage import Stage
from pinnkit.windows import Windows

STEPS = 10
SOME = ("optimizer adam", "optimizer levenberg_marquardt in chunks", "weighting rba", "sampler rad", "windows")
HEAT = define(
    name="heat",
    coordinates={"x": [0, 1], "t": [0, 1]},
    time="t",
    fields=["u"],
    parameters={"k": 0.1},
    equations={"heat": "u_t = k*u_xx + u*(1 - u)"},
    conditions={
        "start": {"on": "t = 0", "equation": "u = x*(1 - x)"},
        "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
    },
)
PLATE = define(
    name="plate",
    coordinates={"x": [0, 1], "y": [0, 1]},
    fields=["u"],
    equations={"poisson": "laplace(u) = -2*pi^2*cos(pi*x)*cos(pi*y)"},
    conditions={
        "edges": {"on": "boundary", "equation": "dn(u) = 0"},
        "mean": {"equation": "integral(u) = 0"},
    },
)
QUICK = Config(
    network=MLP(6, 2, "tanh"),
    points=RAD(61),
    condition_points=Sobol(7),
    phases=(Adam(steps=STEPS),),
    hard="none",
    renew=4,
    device="cpu",
    threads=1,
    chunk=1000,
    test_points=50,
)


def answers(objective: Objective, theta: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """All that an objective can be asked."""
    generator = torch.Generator().manual_seed(1)
    vector = torch.randn(len(theta), generator=generator, dtype=theta.dtype)
    along = torch.randn(objective.count, generator=generator, dtype=theta.dtype)
    yield "rows", objective.rows(theta)
    found = objective.evaluate(theta)
    yield "loss", torch.tensor([found.loss, *found.losses.values()], dtype=torch.float64)
    yield "gradient", found.gradient
    yield "Hessian", objective.hessian_times(theta, vector)
    groups = objective.evaluate_groups(theta)
    yield "halves", torch.tensor([*groups.halves.values(), *groups.losses.values()], dtype=torch.float64)
    yield "gradients", torch.stack([*groups.gradients.values()])
    yield "traces", torch.tensor([*objective.traces(theta).values()], dtype=torch.float64)
    there = objective.linearize(theta)
    yield "rows beside J", there.rows
    yield "J v", there.times(vector)
    yield "J^T v", there.transposed_times(along)
    if there.jacobian is not None:
        yield "J", there.jacobian
    solved = damped_system(there, objective.size).solve(1e-2)
    assert solved is not None
    yield "damped step", solved.step
    yield "least", solved.least(along)


def objectives() -> Iterator[tuple[str, Objective, torch.Tensor]]:
    """Objectives with more and with fewer rows than parameters, in one chunk and in many, and with an integral."""
    for problem in (HEAT, PLATE):
        for points, chunk in ((61, 1000), (61, 9), (7, 1000)):
            run = build_run(problem, replace(QUICK, points=Sobol(points), chunk=chunk))
            theta = run.trial.layout.start(run.trial.network)
            assembly = replace(run.assembly, team=Team.here())
            yield f"{problem.name} {points} {chunk}", assembly.draw(theta, np.random.default_rng(0)), theta


def configs() -> Iterator[tuple[str, Config]]:
    """A short run for every part of the tables that asks an objective, and for what changes beside them."""
    for name in OPTIMIZERS.names():
        phase = OPTIMIZERS.build(name)
        yield f"optimizer {name}", replace(QUICK, phases=(replace(phase, steps=STEPS, seconds=None),))
        chunked = replace(QUICK, phases=(replace(phase, steps=STEPS, seconds=None),), chunk=20)
        if name != "sven":  # it needs all rows at once
            yield f"optimizer {name} in chunks", chunked
    for name in WEIGHTINGS.names():
        yield (
            f"weighting {name}",
            replace(QUICK, weighting=WEIGHTINGS.build(name), renew=0 if name == "self_adaptive" else 4),
        )
    for name in AGGREGATORS.names():
        yield f"aggregator {name}", replace(QUICK, aggregator=AGGREGATORS.build(name))
    small = {"steps": 3, "layers": 2, "width": 4, "bins": 4, "batch": 20}
    for name in SAMPLERS.names():
        entry = {
            "name": name,
            "count": 12 if name in ("rar", "rar_d") else 24,
            **(small if name in ("aas", "das") else {}),
        }
        yield f"sampler {name}", replace(QUICK, points=SAMPLERS.build(entry))
    yield "causal", replace(QUICK, causal=Causal(), phases=(LevenbergMarquardt(steps=STEPS),))
    yield "stages", replace(QUICK, stages=(Stage(network=MLP(5, 1, "sin")),))
    yield "windows", replace(QUICK, windows=Windows(count=2))
    yield "a limit of time", replace(QUICK, phases=(replace(Adam(steps=STEPS), seconds=100.0),))


def work(team: Team) -> dict[str, Any]:
    """All answers, and the parameters of all runs; of one process also those of runs from a start next to it."""
    found = {f"{name}: {key}": value for name, o, theta in objectives() for key, value in answers(o, theta)}
    for name, config in configs():
        if team.count > 2 and name not in SOME:  # more processes than cores take long to come together
            continue
        found[f"run {name}"] = march(HEAT, config, None, Quiet()).trained.theta
        if team.count == 1 and name.startswith("optimizer"):
            found[f"nudged {name}"] = march(HEAT, config, None, Quiet(), start=nudged).trained.theta
    return found


def nudged(run: Run) -> torch.Tensor:
    """The start with some of its parameters off by their last digit."""
    theta = run.trial.layout.start(run.trial.network)
    theta[::3] *= 1.0 + torch.finfo(theta.dtype).eps
    return theta


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with joined() as team:
        torch.save(work(team), folder / f"{team.count}_{team.number}.pt")


if __name__ == "__main__":
    partial(main, Path(sys.argv[1]))()
