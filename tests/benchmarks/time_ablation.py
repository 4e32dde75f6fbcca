"""What causal weights, windows of time and the order of the optimizer each bring, in equal time from the same seed.

.venv/bin/python tests/benchmarks/time_ablation.py --seconds 60 --write
.venv/bin/python tests/benchmarks/time_ablation.py allen_cahn --seconds 10     # one problem, printed
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

import numpy as np
from report import RESULTS, origin, table, write

import pinnkit
from pinnkit.config import Config
from pinnkit.networks import MLP, Scaled
from pinnkit.objective.causal import Causal
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.results.figures.style import COLOURS, dress, figure, save
from pinnkit.verification import ReferenceSolution, reference_for, relative_l2, test_grid
from pinnkit.windows import Windows

STORE = RESULTS / "time_ablation.json"

PLAIN: Mapping[str, Config] = {
    "allen_cahn": Config(
        MLP(20, 3, "tanh"), Scaled(harmonics=2), Sobol(2500), condition_points=Sobol(400), hard="none", threads=1
    ),
    "ks_regular": Config(MLP(24, 2, "sin"), Scaled(harmonics=3), Sobol(2500), threads=1),
}
"""Networks and points of the shipped configs, but points that ignore the residual: they would ignore the weights."""

MANY = {"allen_cahn": 4, "ks_regular": 10}


@final
@dataclass(frozen=True)
class Way:
    """One of the eight ways through a problem."""

    second: bool
    many: bool
    causal: bool

    def __str__(self) -> str:
        order = "Levenberg-Marquardt" if self.second else "Adam"
        return f"{order}, {'windows' if self.many else 'all at once'}, {'causal' if self.causal else 'no weights'}"

    def config(self, name: str, seconds: float) -> Config:
        """The config, with the time shared among the windows."""
        count = MANY[name] if self.many else 1
        own: Any = (
            LevenbergMarquardt(steps=10**6, seconds=seconds / count)
            if self.second
            else Adam(steps=10**6, seconds=seconds / count, decay=0.9, decay_every=300)
        )
        causal = Causal(stop=False) if self.causal else None
        return replace(PLAIN[name], phases=(own,), windows=Windows(count) if self.many else None, causal=causal)


WAYS = [Way(*choice) for choice in product((False, True), repeat=3)]

REMARK = """Every way has the same seed, network, points, number of drawn points and total time; windows share it. The
network and the points are those of the shipped config, without its stage of trained parameters and with points that do
not follow the residual. One run each, on one thread, with other work on the machine. The time is short: it is enough
for second order to tell the ways apart, and not for first order, whose published runs take more than a hundred times as
long."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", choices=[*PLAIN, []], help="names; all if none")
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/time_ablation.md and its picture")
    given = arguments.parse_args()
    for name in given.problems or PLAIN:
        problem = pinnkit.load_problem(name)
        reference = reference_for(problem)
        assert reference is not None
        truth = replace(problem, reference=None)  # the runs need not make it again
        found = {str(way): _error(pinnkit.solve(truth, way.config(name, given.seconds)), reference) for way in WAYS}
        print(name, json.dumps(found, indent=1), flush=True)
        if given.write:
            made = {**stored(), name: {"errors": found, "seconds": given.seconds, "origin": origin()}}
            STORE.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
            write("time_ablation.md", page(made))


def stored() -> dict[str, Any]:
    """What was run before."""
    return dict(json.loads(STORE.read_text("utf-8"))) if STORE.is_file() else {}


def _error(solution: pinnkit.Solution, reference: ReferenceSolution) -> float:
    _, points = test_grid(solution.problem)
    return float(np.max(relative_l2(solution(points), reference.values(points))))


def page(made: Mapping[str, Any]) -> str:
    """docs/results/time_ablation.md, and its picture beside it."""
    names = list(made)
    draw(made)
    rows = [[str(way), *(f"{made[name]['errors'][str(way)]:.1e}" for name in names)] for way in WAYS]
    head = ["way", *(f"`{name}`, {made[name]['seconds']:.0f} s" for name in names)]
    origins = "\n".join(f"- `{name}`: {made[name]['origin']}" for name in names)
    picture = "![error of the eight ways on each problem](time_ablation.png)"
    text = f"Relative L2 error on the test grid.\n\n{origins}\n\n{REMARK}\n\n{table(head, rows)}\n\n{picture}\n"
    return f"# Causal weights, windows and the order of the optimizer\n\n{text}"


def draw(made: Mapping[str, Any]) -> None:
    """One bar a way, one panel a problem."""
    drawn = figure(4.6 * len(made) + 2.4, 3.8)
    panels: Sequence[Any] = np.atleast_1d(drawn.subplots(1, len(made), sharey=True))
    for axes, (name, own) in zip(panels, made.items(), strict=True):
        errors = [own["errors"][str(way)] for way in WAYS]
        colours = [COLOURS[int(way.second)] for way in WAYS]
        bars = axes.barh([str(way) for way in WAYS], errors, color=colours, height=0.62, left=1e-9)
        axes.bar_label(bars, [f"{error:.1e}" for error in errors], padding=3, fontsize=8)
        axes.set_xscale("log")
        axes.set_xlim(min(errors) / 8, max(errors) * 30)
        dress(axes, "relative L2 error", "")
        axes.set_title(f"{name}, {own['seconds']:.0f} s", fontsize=10)
    panels[0].invert_yaxis()  # the axis is shared
    save(drawn, RESULTS / "time_ablation.png")


if __name__ == "__main__":
    main()
