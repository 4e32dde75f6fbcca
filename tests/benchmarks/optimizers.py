"""Every optimizer on the same problems for the same time, and DeepXDE beside them.

A problem has one network, one set of points and one set of exact conditions for all optimizers, which run with their
default options in float64 until their time is over or nothing more can be gained. DeepXDE, which has no layer that
starts as waves, gets a plain network of a usual shape, as many points, soft conditions, float64, Adam for half of the
time and L-BFGS for the rest. Every run is a process of its own, warmed up before its clock starts; they come one after
the other, problem by problem. Parameters are stored while a run trains and scored afterwards on points that no run
sees. Runs that are stored already, with the same seconds, threads and seed, are not made again.

.venv/bin/python tests/benchmarks/optimizers.py --write
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from report import RESULTS, origin, table, write
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import Sobol
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.training import Record, train
from pinnkit.verification import reference_for, relative_l2, test_grid

INTERIOR, FACE, SCORED, KEPT = 2000, 200, 4096, 100
"""Points of the equations, of every face, of a score, and the most times at which a run is scored."""

PEER = "deepxde"

SETUPS = {
    "burgers": (MLP(20, 3, "tanh"), MLP(20, 3, "tanh"), "auto"),
    "burgers_periodic": (MLP(20, 3, "tanh"), MLP(20, 3, "tanh"), "auto"),
    "wave": (MLP(64, 1, "sin", 14.0), MLP(20, 2, "sin"), "none"),
    "helmholtz_2d": (MLP(64, 1, "sin", 14.0), MLP(20, 2, "sin"), "none"),
    "poisson_multiscale": (MLP(200, 1, "sin", 27.0), MLP(30, 2, "sin"), "none"),
    "poisson_5d": (MLP(64, 1, "sin"), MLP(20, 2, "tanh"), "none"),
}
"""The network of every problem, DeepXDE's, and which conditions are exact: in `poisson_5d` they would be the answer."""


SEEN = """## What was seen on 2026-11-21, and why

- **Burgers' equation, both.** `levenberg_marquardt` leads: the valley is curved, and it alone follows the curve within
  a step. Self-scaled quasi-Newton steps come next, a decade or two behind. Points are fixed and uniform here, as the
  quasi-Newton methods need them; with points that follow the residual `levenberg_marquardt` is far ahead of its own row
  ([the parts of its step](lm_parts.md), [the records](records.md)).
- **Waves.** The other four answers are sums of a few plane waves, and a layer of sines that starts as waves of the
  right range can be them exactly. Where a method finds the frequencies at all, it ends at rounding: quasi-Newton
  methods near 1e-15, `levenberg_marquardt` and `sketched_gauss_newton` between 1e-13 and 1e-14; why earlier was not
  looked into. Only `levenberg_marquardt` is below 1e-9 on all four.
- **`sketched_gauss_newton`** is made for networks ten times as large; with its 1,000 columns nothing is sketched here.
- **`natural_gradient`** chooses the length of a step by the loss, but its damping is fixed; it succeeds on three of the
  problems and fails on the other three.
- **`sven`** takes steps of a fixed rate without looking at the loss, and solves an eigenvalue problem of all rows for
  each.
- **`nncg`** is meant to finish what Adam and L-BFGS began; here it begins itself.
- **`adam`, `soap`, `muon`** do not leave the first plateau in so short a time on networks so small.
- **DeepXDE** has soft conditions, no declared symmetry and its own usual networks; it is no comparison of optimizers
  alone.

One seed and ten seconds: methods that differ by less than a decade are not told apart. The defaults of
`levenberg_marquardt`, and the frequencies of the first layers, were chosen on these problems."""
"""Written by hand after the run of that day; a new run needs a new look."""


@dataclass(frozen=True)
class Run:
    """One method on one problem: its curve of (seconds, relative L2 error), or why there is none."""

    problem: str
    method: str
    seconds: float
    threads: int
    seed: int
    steps: int = 0
    ended: str = ""
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two runs the same."""
        return self.problem, self.method, self.seconds, self.threads, self.seed

    @property
    def final(self) -> str:
        """The last error, as a cell of a table."""
        return f"{self.curve[-1][1]:.1e}" if self.curve and np.isfinite(self.curve[-1][1]) else "failed"


def main() -> None:
    given = _arguments()
    store = given.store or (RESULTS / "optimizers.json" if given.write else None)
    runs = stored(store)
    wanted = [Run(p, m, given.seconds, given.threads, given.seed) for p in given.problems for m in given.methods]
    for blank in wanted:
        if blank.key not in runs:
            runs[blank.key] = deepxde(blank) if blank.method == PEER else apart(blank)
            made = runs[blank.key]
            print(f"{made.problem:20} {made.method:22} {made.final:8} {made.steps:6} steps  {made.ended}", flush=True)
            if store is not None:
                store.write_text(json.dumps([asdict(run) for run in runs.values()]) + "\n", encoding="utf-8")
    own = [runs[blank.key] for blank in wanted]
    text = page(own, given.problems, given.methods)
    print(text)
    if given.write:
        write("optimizers.md", text)
        picture(own, given.problems, given.methods).savefig(RESULTS / "optimizers.png", dpi=110)


def stored(path: Path | None) -> dict[tuple[Any, ...], Run]:
    """The runs of a file that goes on growing."""
    if path is None or not path.is_file():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    runs = [Run(**{**entry, "curve": tuple(map(tuple, entry["curve"]))}) for entry in data]
    return {run.key: run for run in runs}


def apart(blank: Run) -> Run:
    """A run in a process of its own, so that none inherits what another left in the allocator."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(pinnkit, blank).result()


def pinnkit(blank: Run) -> Run:
    """One optimizer for its time."""
    torch.set_num_threads(blank.threads)
    network, _, hard = SETUPS[blank.problem]
    optimizer = OPTIMIZERS.build({"name": blank.method, "steps": 10**7, "seconds": blank.seconds})
    config = Config(
        network=network,
        points=Sobol(INTERIOR),
        condition_points=Sobol(FACE),
        renew=0,
        hard=hard,
        phases=(optimizer,),
        threads=blank.threads,
        device="cpu",
        seed=blank.seed,
    )
    problem = load_problem(blank.problem)
    kept: list[tuple[float, Tensor]] = []

    def note(record: Record, theta: Tensor) -> None:
        """Keep what is `seconds / KEPT` later than what was kept before it, and always the last."""
        if len(kept) > 1 and kept[-1][0] - kept[-2][0] < blank.seconds / KEPT:
            kept.pop()
        kept.append((record["seconds"], theta))

    try:
        run = build_run(problem, config)
        phases = [(blank.method, phase) for phase in run.config.phases]
        theta = run.trial.layout.start(run.trial.network)
        warm = run.assembly.draw(theta, np.random.default_rng(blank.seed))
        for _, phase in phases:
            phase.step(warm, theta, phase.start(theta))
        found = train(run.assembly, theta, phases, 0, np.random.default_rng(blank.seed), note)
    except UserError as refusal:
        return _filled(blank, 0, str(refusal).partition("\n")[0], [])
    points, truth = grid(problem)
    curve = [(when, float(relative_l2(Solution.of(run, theta)(points), truth).max())) for when, theta in kept]
    return _filled(blank, found.steps, found.stops[-1].reason, curve)


def deepxde(blank: Run) -> Run:
    """DeepXDE for the same time."""
    points, truth = grid(load_problem(blank.problem))
    network = SETUPS[blank.problem][1]
    sizes = {"width": network.width, "depth": network.depth, "activation": network.activation}
    options = {**sizes, "interior": INTERIOR, "face": FACE}
    options |= {"seconds": blank.seconds, "threads": blank.threads, "seed": blank.seed}
    with tempfile.TemporaryDirectory() as folder:
        where, found = Path(folder) / "grid.npz", Path(folder) / "found.json"
        np.savez(where, points=points, truth=truth[:, 0])
        command = [sys.executable, str(Path(__file__).with_name("deepxde_problems.py")), blank.problem]
        words = [f"--{name}={value}" for name, value in options.items()]
        subprocess.run([*command, str(where), str(found), *words], check=True)
        made = json.loads(found.read_text(encoding="utf-8"))
    return _filled(blank, made["steps"], f"DeepXDE {made['version']}", made["curve"])


def _filled(blank: Run, steps: int, ended: str, curve: Sequence[tuple[float, float]]) -> Run:
    digits = tuple((round(when, 3), float(f"{error:.4g}")) for when, error in curve)
    return Run(blank.problem, blank.method, blank.seconds, blank.threads, blank.seed, steps, ended, digits)


def grid(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, d) of the test grid and the fields (n, f) there."""
    reference = reference_for(problem)
    assert reference is not None
    _, points = test_grid(problem)
    chosen = points[np.random.default_rng(0).choice(len(points), min(SCORED, len(points)), replace=False)]
    return chosen, reference.values(chosen)


def page(runs: Sequence[Run], problems: Sequence[str], methods: Sequence[str]) -> str:
    """The table of final errors, as a page of the docs."""
    by_name = {(run.problem, run.method): run for run in runs}
    rows = [[method, *(by_name[problem, method].final for problem in problems)] for method in methods]
    some = runs[0]
    threads = f"{some.threads} thread{'s' * (some.threads > 1)}"
    settings = (
        f"{some.seconds:g} s a run, {threads}, seed {some.seed}, {INTERIOR} points inside and {FACE} on every face."
    )
    sizes = [f"`{name}` {shape(SETUPS[name][0])} (DeepXDE {shape(SETUPS[name][1])})" for name in problems]
    networks = f"Networks: {', '.join(sizes)}. The error is the relative L2 error at the end of the time."
    lead = (__doc__ or "").split("\n\n")[1]
    early = [
        f"- `{r.method}` on `{r.problem}`: {r.ended}." for r in runs if r.method != PEER and "s are over" not in r.ended
    ]
    parts = [
        "# Every optimizer for the same time",
        origin(),
        lead,
        f"{settings} {networks}",
        table(["method", *problems], rows),
    ]
    if early:
        parts.append("Ended before their time:\n\n" + "\n".join(early))
    return "\n\n".join([*parts, "![error against time](optimizers.png)", SEEN])


def shape(network: MLP) -> str:
    """A network in a few words."""
    waves = f" starting as waves up to {network.frequency:g}" if network.frequency is not None else ""
    return f"{network.depth}x{network.width} {network.activation}{waves}"


def picture(runs: Sequence[Run], problems: Sequence[str], methods: Sequence[str]) -> Figure:
    """Error against time, one panel a problem."""
    from matplotlib import colormaps

    drawn = Figure(figsize=(12.5, 3.9 * -(-len(problems) // 3) + 0.6), layout="constrained")
    FigureCanvasAgg(drawn)
    panels = drawn.subplots(-(-len(problems) // 3), min(3, len(problems)), squeeze=False).ravel()
    for axes, problem in zip(panels, problems, strict=False):
        for run in (run for run in runs if run.problem == problem and run.curve):
            peer = run.method == PEER
            colour = "black" if peer else colormaps["tab20"](methods.index(run.method) % 20)
            label = "DeepXDE" if peer else run.method
            axes.loglog(*zip(*run.curve, strict=True), color=colour, linestyle="--" if peer else "-", label=label)
        axes.set(title=problem, xlabel="seconds of training", ylabel="relative L2 error")
        axes.grid(alpha=0.25)
    for axes in panels[len(problems) :]:
        axes.set_visible(False)
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    return drawn


def _arguments() -> argparse.Namespace:
    methods = [name for name in OPTIMIZERS.names() if name != "auto"]  # which is one of the others
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--problems", nargs="+", choices=list(SETUPS), default=list(SETUPS))
    arguments.add_argument("--methods", nargs="+", choices=[*methods, PEER], default=[*methods, PEER])
    arguments.add_argument("--seconds", type=float, default=20.0, help="of training, a run")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--store", type=Path, default=None, help="a JSON file of runs to go on with")
    arguments.add_argument("--write", action="store_true", help="write docs/results/optimizers.{md,png,json}")
    return arguments.parse_args()


if __name__ == "__main__":
    main()
