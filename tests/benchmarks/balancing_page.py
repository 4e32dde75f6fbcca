"""docs/results/balancing.md, from the runs that `balancing.py` has stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from report import table, write

Runs = Mapping[tuple[str, str, str, float | None], Sequence[Mapping[str, Any]]]
"""By set-up, method, what is equal to Adam's (`steps` or `seconds`), and the side of a scaled square: all seeds."""

TITLES = {
    "burgers": "Burgers, nu = 0.01/pi: three losses",
    "kovasznay": "Kovasznay's flow, Re = 40: two losses",
    "helmholtz_scaled": "Helmholtz on a square of side 8: two losses",
    "notebook": "Burgers in the set-up of the ConFIG paper's notebook",
}
SQUARES = {"helmholtz squares": "Helmholtz", "poisson squares": "Poisson"}

PUBLISHED = """## Published

| what | number |
|---|---|
| Burgers, 5,000 steps, mean square error of Adam, ConFIG and M-ConFIG | 3.1e-2, 6.4e-3, 1.9e-3 |
| the same, steps a second on a graphics card | 124, 98, 203 |
| Kovasznay, two losses, improvement of ConFIG over Adam | up to 95 % |
| Poisson, sides 8 to 1, relative error of MultiAdam; of Adam | 2 to 4 % throughout; 2.6 % to 70 % |

The first three are of the authors of arXiv 2408.11104: for Burgers a notebook of theirs, with rates 1e-4, 1e-4 and
5e-4, and a reference that is itself 1.6e-4 off. The last is of arXiv 2306.02816, on a square with four holes.
"""


def write_page(runs: Runs, setups: Mapping[str, Any], seeds: Sequence[int], sizes: Sequence[int]) -> None:
    """Write what is known so far; of every set-up its `steps`, `interior` points and `methods`."""
    parts = [HEAD.format(seeds=len(seeds))]
    for name, title in TITLES.items():
        own = setups[name]
        if any(key[0] == name for key in runs):
            said = f"{own.interior:,} points of the equations; Adam makes {own.steps:,} steps."
            parts += [f"## {title}", said, _compared(runs, own.methods, name)]
    if any(key[3] is not None for key in runs):
        listed = [f"{SQUARES[n]} {setups[n].steps:,} with {setups[n].interior:,} points" for n in SQUARES]
        parts += ["## Squares of other sizes", SCALED.format(steps=", ".join(listed)), _scaled(runs, sizes)]
    parts += [PUBLISHED.rstrip(), MADE, "\n".join(f"- {own}" for own in _origins(runs))]
    write("balancing.md", "\n\n".join(parts))


HEAD = """# Losses in conflict: ways to balance them

Methods on the same problems with the same set-up, which is that of the ConFIG paper: 5 layers of 50 tanh in float32,
50 points of every face of a condition, all points drawn anew at every step by Latin hypercubes, a learning rate that
falls in half a cosine wave to a tenth, after a rise over a hundredth of the steps. `sum` is Adam on the summed loss;
`grad_norm` and `ntk` are Adam with weights made anew every 100 steps; `config` and `upgrad` are Adam that follows the
aggregated direction; `m_config` and `multi_adam` are optimizers of their own. Losses are those of the equations, of the
start of time, and of the walls.

Each method is at the best of three learning rates (5e-4, 1e-3, 2e-3), by the error of seed 0. Errors are the largest
relative L2 error of any field but the pressure, against exact solutions, as mean ± standard deviation over {seeds}
seeds; where fewer have been run, it says so. Time is that of the processor on one thread. In equal time, a method makes
as many steps as fit into the time in which `sum` makes its own, with a wave of that length. Burgers' field is odd
by construction, as its problem file says, and so easier than that of the paper.

Second order, the default here, needs none of this: its errors are below 1e-8 on these problems within two to three
minutes ([problems](problems.md), [flows and scaled squares](flows.md)). This page is about what is left to those who
cannot use it. What has not been run yet is not in the tables.

The three comparisons together are to take no more than 90 minutes on two cores, which leaves each run one or two
thousand steps. None of the methods is near its end by then: on Kovasznay's flow none has learnt the smaller velocity at
all. Differences below the spread of the seeds say nothing."""

SCALED = """The loss of the equation changes by the fourth power of the side s, that of the walls not at all. One seed,
rate 1e-3. Steps: {steps}.

MultiAdam gives both losses the same say at every step, at any side; Adam's summed loss is that of the equation on small
squares and that of the walls on large ones. Helmholtz' field waves twice a side, and both methods learn it late: it
takes more steps than Poisson's."""

MADE = "## Made by"


def _compared(runs: Runs, methods: Sequence[str], setup: str) -> str:
    base = runs.get((setup, "sum", "steps", None))
    rows = []
    for method in methods:
        own = runs.get((setup, method, "steps", None))
        if own is None:
            continue
        pace = _pace(own) / _pace(base) if base else float("nan")
        timed = runs.get((setup, method, "seconds", None)) if method != "sum" else own
        count = f"{np.mean([run['steps'] for run in timed]):.0f}" if timed else "-"
        name, rate = f"`{method}`", f"{own[0]['rate']:g}"
        rows.append([name, rate, _spread(own), _square(own), f"{pace:.2f}", _spread(timed), _square(timed), count])
    equal = ["error, equal steps", "mean square", "cost of a step", "error, equal time", "mean square", "steps"]
    head = ["method", "rate", *equal]
    return table(head, rows)


def _scaled(runs: Runs, sizes: Sequence[int]) -> str:
    rows = []
    for setup, title in SQUARES.items():
        for method in ("sum", "multi_adam"):
            errors = [runs.get((setup, method, "steps", size)) for size in sizes]
            cells = [f"{own[0]['error']:.1e}" if own else "-" for own in errors]
            known = [own[0]["error"] for own in errors if own]
            ratio = f"{max(known) / min(known):.1f}" if len(known) == len(sizes) else "-"
            rows.append([title, "Adam" if method == "sum" else f"`{method}`", *cells, ratio])
    return table(["problem", "method", *(f"s = {size}" for size in sizes), "largest over least"], rows)


def _spread(runs: Sequence[Mapping[str, Any]] | None) -> str:
    """Mean and standard deviation, and how many seeds where not all have been run."""
    if not runs:
        return "-"
    errors = np.array([run["error"] for run in runs])
    seeds = "" if len(runs) == 3 else f" ({len(runs)} seed{'s' if len(runs) > 1 else ''})"
    deviation = f" ± {errors.std(ddof=1):.1e}" if len(runs) > 1 else ""
    return f"{errors.mean():.1e}{deviation}{seeds}"


def _square(runs: Sequence[Mapping[str, Any]] | None) -> str:
    """The mean square error of the first field, as its papers state it, averaged over seeds."""
    return f"{np.mean([run['mse'] for run in runs]):.1e}" if runs else "-"


def _pace(runs: Sequence[Mapping[str, Any]]) -> float:
    """Seconds a step, the least of all seeds."""
    return min(float(run["seconds"]) / float(run["steps"]) for run in runs)


def _origins(runs: Runs) -> list[str]:
    return sorted({str(run["origin"]) for own in runs.values() for run in own})
