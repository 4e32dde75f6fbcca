"""Ways to balance losses, compared on the same problems with the same network, points and optimizer.

Seven methods on three problems, each at the best of three learning rates, over three seeds: after equal numbers of
steps, and, in runs of their own, after the time that Adam takes for them. The rate is chosen by the error of seed 0.
Time is that of the processor, on one thread, so that two runs may go on side by side. Runs that are stored already are
not made again, so that the command can be stopped and given again. Two more parts are made where they are asked for:
`notebook`, the set-up of the ConFIG paper on Burgers' equation, and `squares`, one field on squares of four sizes.

.venv/bin/python tests/benchmarks/balancing.py --write
.venv/bin/python tests/benchmarks/balancing.py --only notebook squares --write
.venv/bin/python tests/benchmarks/balancing.py --redraw                    # the page, from what was run
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, final

import balancing_page
import numpy as np
import torch
from report import RESULTS, origin

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.adaptive import AdaptiveWeights
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.steering import Steering
from pinnkit.objective.weightings import WEIGHTINGS
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import LatinHypercube
from pinnkit.problem.load import load_problem
from pinnkit.results.solution import Solution
from pinnkit.training import train
from pinnkit.verification import relative_l2, test_grid

STORE = RESULTS / "balancing.json"

METHODS = ("sum", "grad_norm", "ntk", "config", "m_config", "multi_adam", "upgrad")
RATES = (5e-4, 1e-3, 2e-3)
SEEDS = (0, 1, 2)
SIZES = (8, 4, 2, 1)
FACE, FLOOR = 50, 0.1
"""Points of every face of a condition, and the share of the rate that is left in the end."""

EVERY = 100
"""The steps between two looks of a weighting at the gradients, a tenth of its default as the runs are short."""

SQUARES = "squares"
"""What `--only` calls the squares of four sizes."""


@final
@dataclass(frozen=True)
class Setup:
    """A problem file, how many steps Adam makes, with how many points of the equations, and which methods there are."""

    problem: str
    steps: int
    interior: int
    methods: tuple[str, ...] = METHODS


COMPARED = {
    "burgers": Setup("burgers", 1200, 500),
    "kovasznay": Setup("kovasznay", 700, 500),
    "helmholtz_scaled": Setup("helmholtz_scaled", 1800, 500),
}
NOTEBOOK = {"notebook": Setup("burgers", 5000, 2000, ("sum", "config", "m_config"))}
SCALED = {
    "helmholtz squares": Setup("helmholtz_scaled", 20000, 1000, ("sum", "multi_adam")),
    "poisson squares": Setup("poisson_scaled", 2500, 2000, ("sum", "multi_adam")),
}
SETUPS = {**COMPARED, **NOTEBOOK, **SCALED}


@final
@dataclass(frozen=True)
class Job:
    """One run: `equal` says what it has as much of as Adam, steps or seconds; `size` is the side of a scaled square."""

    setup: str
    method: str
    rate: float
    seed: int
    steps: int
    equal: str = "steps"
    size: float | None = None

    @property
    def key(self) -> str:
        """Its name in the store, where its steps are those of the last time it was run."""
        size = f" s={self.size:g}" if self.size is not None else ""
        return f"{self.setup}{size} {self.method} {self.rate:g} seed {self.seed} equal {self.equal}"


def config_of(job: Job) -> Config:
    """The set-up that all methods share: 5 layers of 50 tanh, fresh Latin hypercubes a step, a rate that falls."""
    own = job.method if job.method in OPTIMIZERS else "adam"
    entry = {"name": own, "steps": job.steps, "lr": job.rate, "decay": 1.0, "warmup": min(100, job.steps // 100)}
    optimizer = OPTIMIZERS.build({**entry, "restart": job.steps, "restart_floor": FLOOR})
    return Config(
        network=MLP(width=50, depth=5),
        points=LatinHypercube(SETUPS[job.setup].interior),
        condition_points=LatinHypercube(FACE),
        renew=1,
        hard="none",
        balance=False,
        groups="kind",
        weighting=WEIGHTINGS.build({"name": job.method, "every": EVERY}) if job.method in WEIGHTINGS else None,
        aggregator=AGGREGATORS.build(job.method) if job.method in AGGREGATORS and job.method != "sum" else None,
        conflict_every=0,
        phases=(optimizer,),
        precision="float32",
        threads=1,
        seed=job.seed,
    )


def done(job: Job) -> dict[str, Any]:
    """The errors of every field, the mean square error of the first, and the processor's seconds of training."""
    torch.set_num_threads(1)
    problem = load_problem(f"problems/{SETUPS[job.setup].problem}.yaml")
    problem = problem.with_parameters(s=job.size) if job.size is not None else problem
    run = build_run(problem, config_of(job))
    weights = AdaptiveWeights(run.config.weighting) if run.config.weighting is not None else None
    steering = Steering(run.config.aggregator) if run.config.aggregator is not None else None
    theta = run.trial.layout.start(run.trial.network)
    phases = [("only", run.config.phases[0])]
    began = time.process_time()
    generator = np.random.default_rng(job.seed)
    trained = train(run.assembly, theta, phases, 1, generator, weights=weights, steering=steering)
    seconds = time.process_time() - began
    solution = Solution.of(run, trained.theta)
    _, points = test_grid(problem)
    reference = solution.reference()
    assert reference is not None
    values, truth = solution(points), reference.values(points)
    errors = dict(zip(problem.fields, map(float, relative_l2(values, truth)), strict=True))
    square = float(np.mean((values[:, 0] - truth[:, 0]) ** 2))
    return {"errors": errors, "mse": square, "seconds": seconds, "steps": trained.steps, "failure": trained.failure}


def stored() -> dict[str, Any]:
    """The runs that were made before, by key."""
    return dict(json.loads(STORE.read_text("utf-8"))) if STORE.is_file() else {}


def error_of(found: Mapping[str, Any]) -> float:
    """The largest relative L2 error of any field but the pressure."""
    if found["failure"] is not None:
        return float("inf")
    return max(error for name, error in found["errors"].items() if name != "p")


def best_rate(setup: str, method: str, store: Mapping[str, Any]) -> float | None:
    """The rate with the smallest error for seed 0; None while one of them has not been run."""
    errors = {}
    for rate in RATES:
        found = store.get(Job(setup, method, rate, 0, 0).key)
        if found is None:
            return None
        errors[rate] = error_of(found)
    return min(errors, key=lambda rate: errors[rate])


def wanted(setup: str, methods: Sequence[str], store: Mapping[str, Any], steps: int) -> Iterator[Job]:
    """What can be run next of a set-up: seed 0 at all rates, then in equal time, then the other seeds."""
    for method in methods:
        for rate in RATES:
            yield Job(setup, method, rate, 0, steps)
    adam = best_rate(setup, "sum", store)
    for seed in SEEDS:
        for method in methods:
            best = best_rate(setup, method, store)
            if best is None or adam is None:
                continue
            yield Job(setup, method, best, seed, steps)
            if method == "sum":
                continue
            theirs, own = (store[Job(setup, m, r, 0, steps).key] for m, r in (("sum", adam), (method, best)))
            ratio = (theirs["seconds"] / theirs["steps"]) / (own["seconds"] / own["steps"])
            yield Job(setup, method, best, seed, max(1, round(steps * ratio)), "seconds")


def scaled(steps: int | None = None) -> Iterator[Job]:
    """Adam and MultiAdam on squares of four sizes."""
    for name, setup in SCALED.items():
        for size in SIZES:
            for method in setup.methods:
                yield Job(name, method, 1e-3, 0, steps or setup.steps, size=size)


def next_jobs(parts: Sequence[str], methods: Sequence[str], store: Mapping[str, Any], steps: int | None) -> list[Job]:
    """What is still to be run and can be, in this order."""
    jobs = []
    for part in parts:
        if part == SQUARES:
            jobs += list(scaled(steps))
        else:
            own = [method for method in SETUPS[part].methods if method in methods]
            jobs += list(wanted(part, own, store, steps or SETUPS[part].steps))
    return [job for job in jobs if job.key not in store]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=85.0, help="no new run after this time")
    parts = (*COMPARED, *NOTEBOOK, SQUARES)
    arguments.add_argument("--only", nargs="+", default=tuple(COMPARED), choices=parts, help="some parts")
    arguments.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS, help="some of the methods")
    arguments.add_argument("--steps", type=int, help="of every run; fewer to try the command")
    arguments.add_argument("--processes", type=int, default=2, help="runs side by side")
    arguments.add_argument("--write", action="store_true", help="keep the runs, and write docs/results/balancing.md")
    arguments.add_argument("--redraw", action="store_true", help="run nothing, and write the page of what was run")
    given = arguments.parse_args()
    if given.write and given.steps is not None:
        arguments.error("--write keeps runs of all steps alone; leave out --write to try the command")
    store = stored() if given.steps is None else {}
    if not given.redraw:
        run_all(given, store)
    if given.write or given.redraw:
        balancing_page.write_page(by_method(store), SETUPS, SEEDS, SIZES)


def run_all(given: argparse.Namespace, store: dict[str, Any]) -> None:
    """Make the runs that are missing, some side by side; what comes next depends on what was found."""
    ends, running = time.monotonic() + 60.0 * given.minutes, dict[Future[dict[str, Any]], Job]()
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        while True:
            busy = {job.key for job in running.values()}
            jobs = [j for j in next_jobs(given.only, given.methods, store, given.steps) if j.key not in busy]
            if time.monotonic() < ends:
                for job in jobs[: given.processes - len(running)]:
                    running[pool.submit(done, job)] = job
            elif jobs:
                print(f"the time is over, with {len(jobs)} runs to go", flush=True)
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job, found = running.pop(future), future.result()
                store[job.key] = {**found, "origin": origin()}
                print(f"{job.key}: {error_of(found):.2e}, {found['steps']} steps, {found['seconds']:.0f} s", flush=True)
                if given.write:
                    STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")


def by_method(store: Mapping[str, Any]) -> dict[tuple[str, str, str, float | None], list[dict[str, Any]]]:
    """The runs by set-up, method, what is equal, and size: each at its best rate, all seeds."""
    found: dict[tuple[str, str, str, float | None], list[dict[str, Any]]] = {}
    for name in (*COMPARED, *NOTEBOOK):
        for method in METHODS:
            rate = best_rate(name, method, store)
            if rate is None:
                continue
            for equal in ("steps", "seconds"):
                jobs = [Job(name, method, rate, seed, 0, equal) for seed in SEEDS]
                runs = [{**store[j.key], "rate": rate, "error": error_of(store[j.key])} for j in jobs if j.key in store]
                if runs:
                    found[name, method, equal, None] = runs
    for job in scaled():
        if job.key in store:
            own = store[job.key]
            found[job.setup, job.method, "steps", job.size] = [{**own, "rate": job.rate, "error": error_of(own)}]
    return found


if __name__ == "__main__":
    main()
