"""Where points are placed, compared on narrow peaks: the same network, number of points and steps for every sampler.

Adversarial adaptive sampling and uniform points have five seeds in the plane and three in ten dimensions, the others
one. Every run has one thread, two go on side by side, and time is that of the processor. What was run is kept in a
store and not run again.

.venv/bin/python tests/benchmarks/sampling.py --write
.venv/bin/python tests/benchmarks/sampling.py --redraw                 # page and picture, from what was run
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from report import RESULTS, table, write
from stored import load, origins, run_all

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP, Network, Separable
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import SAMPLERS, Points, Sobol, Uniform
from pinnkit.problem.load import load_problem
from pinnkit.results.figures.style import colour_bar, dress, figure, save
from pinnkit.results.solution import Solution
from pinnkit.training import Record, train
from pinnkit.verification import relative_l2

STORE = RESULTS / "sampling.json"
PICTURE = RESULTS / "sampling.png"

SEEDS = (0, 1, 2, 3, 4)
GROWING = ("rar", "rar_d")
OTHERS = ("sobol", "rad", "rar", "rar_d", "r3", "das")
SMOOTHER = "aas, beta 1e-4"
ENTRIES: Mapping[str, Mapping[str, Any]] = {SMOOTHER: {"name": "aas", "beta": 1e-4}}
"""What a sampler is in a config where it is more than its name."""
RENEW = 25
LOOKS = (100, 300, -1)
"""The steps at which points are kept for the picture; the last is the end."""


@final
@dataclass(frozen=True)
class Setup:
    """A problem with the network, points and steps that all samplers have, and where its peaks are."""

    network: Network
    count: int
    steps: int
    peaks: tuple[tuple[float, ...], ...]
    seconds: float | None = None
    seeds: tuple[int, ...] = SEEDS
    others: tuple[str, ...] = OTHERS
    options: Mapping[str, Any] = field(default_factory=lambda: {"condition_points": Sobol(200)})


SETUPS = {
    "two_peaks": Setup(MLP(14, 3, "tanh"), 1000, 800, ((0.5, 0.5), (-0.5, -0.5))),
    "nine_peaks": Setup(MLP(20, 3, "tanh"), 2000, 800, tuple((x, y) for x in (-0.5, 0, 0.5) for y in (-0.5, 0, 0.5))),
    "nonlinear_10d": Setup(
        Separable(rank=8, width=8, depth=1),
        2000,
        100_000,
        ((0.0,) * 10,),
        seconds=300.0,
        seeds=(0, 1, 2),
        others=("rad",),
        options={"condition_points": Uniform(20), "hard": "none", "weights": {"balance": 1.0, "walls": 100.0}},
    ),
}

MISSED = 0.5
"""A peak of height one is missed where the field does not reach this."""


@final
@dataclass(frozen=True)
class Job:
    """One run."""

    problem: str
    sampler: str
    seed: int

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"{self.problem} {self.sampler} seed {self.seed}"

    @property
    def config(self) -> Config:
        """What all samplers share; those that grow begin with half the points and come to all of them."""
        setup = SETUPS[self.problem]
        share = 2 if self.sampler in GROWING else 1
        entry = {**ENTRIES.get(self.sampler, {"name": self.sampler}), "count": setup.count // share}
        return Config(
            network=setup.network,
            points=SAMPLERS.build(entry),
            renew=RENEW,
            phases=(LevenbergMarquardt(steps=setup.steps, seconds=setup.seconds),),
            threads=1,
            seed=self.seed,
            **setup.options,
        )


def jobs() -> Iterator[Job]:
    """All runs, the long ones first."""
    for name, setup in reversed(SETUPS.items()):
        for seed in setup.seeds:
            yield Job(name, "aas", seed)
        for seed in setup.seeds:
            yield Job(name, "uniform", seed)
        for sampler in setup.others:
            yield Job(name, sampler, 0)
    for seed in SEEDS:
        yield Job("two_peaks", SMOOTHER, seed)


def done(job: Job) -> dict[str, Any]:
    """Error, peaks, the spread of the squared residual over uniform points, time, and points for the picture."""
    torch.set_num_threads(1)
    setup, problem = SETUPS[job.problem], load_problem(job.problem)
    run = build_run(problem, job.config)
    drawn: dict[int, Points] = {}
    held = _Kept(run.assembly, drawn)
    theta, generator = run.trial.layout.start(run.trial.network), np.random.default_rng(job.seed)
    notes: list[str] = []

    def monitor(record: Record, theta: torch.Tensor) -> None:
        held.step = record["step"]
        if record.get("note"):
            notes.append(str(record["note"]))

    began = time.process_time()
    trained = train(held, theta, [("only", run.config.phases[0])], RENEW, generator, monitor)
    seconds = time.process_time() - began
    solution = Solution.of(run, trained.theta)
    reference = solution.reference()
    assert reference is not None
    dimension = len(problem.coordinates)
    if dimension == 2:
        points = _test_points()
        error = float(relative_l2(solution(points), reference.values(points))[0])
    else:
        error = solution.errors(reference)["u"]["relative_l2"]
    fresh = 2.0 * np.random.default_rng(99).random((100_000, dimension)) - 1.0
    squares = run.assembly.residuals(fresh, trained.theta)["balance"] ** 2
    heights = solution(np.array(setup.peaks))[:, 0]
    found: dict[str, Any] = {
        "error": error,
        "missed": int(np.sum(heights < MISSED)),
        "variance": float(np.var(squares)),
        "mean": float(np.mean(squares)),
        "seconds": seconds,
        "steps": trained.steps,
        "notes": notes,
    }
    if job.sampler == "aas" and job.seed == 0 and dimension == 2:
        last = max(drawn)
        looks = [last if look < 0 else max(step for step in drawn if step <= look) for look in LOOKS]
        found["points"] = {
            str(step): [np.round(drawn[step].coordinates, 4).tolist(), np.round(drawn[step].density, 3).tolist()]
            for step in looks
        }
    return found


class _Kept:
    """The assembly of a run, which keeps the points of every draw."""

    def __init__(self, assembly: Any, drawn: dict[int, Points]) -> None:
        self.assembly, self.drawn, self.step = assembly, drawn, 0

    def draw(self, theta: Any, generator: Any, memory: Any = None) -> Any:
        objective = self.assembly.draw(theta, generator, memory)
        if memory is not None and "" in memory.last:
            self.drawn[self.step] = memory.last[""]
        return objective


def _test_points() -> np.ndarray:
    """A uniform grid (n, 2), five of whose lines are as far apart as a peak is wide."""
    axis = np.linspace(-1.0, 1.0, 257)
    return np.stack([a.ravel() for a in np.meshgrid(axis, axis, indexing="ij")], axis=1)


HEAD = """# Where points are placed

{origin}

Narrow peaks, of width 0.02 in a square of side two, with the same network, number of points and steps of
Levenberg-Marquardt for all samplers: three layers of {two.network.width} tanh, {two.count:,} points and {two.steps}
steps for `two_peaks`; {nine.network.width}, {nine.count:,} and {nine.steps} for `nine_peaks`; points are drawn anew
every {renew} steps, and count one over their density. Errors are relative L2 on a grid of 257 by 257 points; a peak of
height one is missed where the field stays below {missed}. One thread a run, two runs side by side; seconds are the
processor's.

`nonlinear_10d` is a bell exp(-10 r²) in ten dimensions, of which even points see next to nothing. There every sampler
has the same {ten.seconds:.0f} seconds, {ten.count:,} points and a separable network of eight products of perceptrons of
eight tanh; the error is measured on 20,000 points, half of them normal around the bell, which count one over their
density. A separable network finds the bell from even points as well; adversarial points are no better there, and those
of `rad` ten times as good as either.

{tables}

The variance is that of the squared residual over 100,000 uniform points when training is over, which adversarial
sampling is to make small. The default `beta` of `aas`, 1e-5, was chosen on `two_peaks` with these
same seeds, between it and 1e-4; `nine_peaks` had no part in the choice, and no other sampler was tuned.

![Points of adversarial adaptive sampling](sampling.png)

Points of `aas` on `nine_peaks`, seed 0, after the steps above them, coloured by the density with which they were drawn,
relative to uniform, as a power of ten. A fifth of the points stays uniform. K. Tang, J. Zhai, X. Wan, C. Yang (ICLR
2024) have such problems for first order."""


def page(store: Mapping[str, Any]) -> str:
    """The page, from what was run."""
    parts = []
    for name in SETUPS:
        rows = []
        for sampler in ("uniform", *OTHERS, SMOOTHER, "aas"):
            own = [store[key] for seed in SEEDS if (key := Job(name, sampler, seed).key) in store]
            if not own:
                continue
            errors = [found["error"] for found in own]
            spread = f"{min(errors):.1e} to {max(errors):.1e}" if len(own) > 1 else ""
            whole = sum(found["missed"] == 0 for found in own)
            rows.append(
                [
                    f"`{sampler}`",
                    f"{np.median(errors):.1e}",
                    spread,
                    f"{whole} of {len(own)}",
                    f"{np.median([found['variance'] for found in own]):.1e}",
                    f"{np.median([found['seconds'] for found in own]):.0f}",
                ]
            )
        head = ["points", "error, median", "from, to", "no peak missed", "variance of r²", "seconds"]
        parts += [f"## {name}", table(head, rows)]
    return HEAD.format(
        origin=origins(store),
        two=SETUPS["two_peaks"],
        nine=SETUPS["nine_peaks"],
        ten=SETUPS["nonlinear_10d"],
        renew=RENEW,
        missed=MISSED,
        tables="\n\n".join(parts),
    )


def draw(looks: Mapping[str, Any]) -> None:
    """Points at some steps, side by side."""
    drawn = figure(12.0, 3.9)
    panels = drawn.subplots(1, len(looks))
    highest = max(max(density) for _, density in looks.values())
    cloud = None
    for axes, (step, (points, density)) in zip(panels, looks.items(), strict=True):
        order = np.argsort(density)
        x, y = np.asarray(points)[order].T
        shades = np.log10(np.asarray(density)[order])
        cloud = axes.scatter(x, y, c=shades, s=3, vmin=-1, vmax=np.log10(highest), cmap="viridis", linewidths=0)
        dress(axes, "x", "y", f"step {step}", grid=False)
        axes.set_aspect("equal")
    assert cloud is not None
    colour_bar(drawn, cloud, list(panels))
    save(drawn, PICTURE)


def _told(found: Mapping[str, Any]) -> str:
    return f"{found['error']:.2e}, {found['missed']} missed, {found['seconds']:.0f} s"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", help="runs whose name holds this text")
    arguments.add_argument("--write", action="store_true", help="write docs/results/sampling.md and its picture")
    arguments.add_argument("--redraw", action="store_true", help="page and picture from what was run, without runs")
    given = arguments.parse_args()
    store = load(STORE)
    if not given.redraw:
        wanted = [job for job in jobs() if given.only is None or given.only in job.key]
        store = run_all(STORE, wanted, done, _told)
    text = page(store)
    print(text)
    if given.write or given.redraw:
        write("sampling.md", text)
        looks = store.get(Job("nine_peaks", "aas", 0).key, {}).get("points")
        if looks is not None:
            draw(looks)


if __name__ == "__main__":
    main()
