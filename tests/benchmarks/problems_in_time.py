"""Problems in time, as a user runs them, beside the paper on causal training.

.venv/bin/python tests/benchmarks/problems_in_time.py --write
.venv/bin/python tests/benchmarks/problems_in_time.py lorenz "ks_chaotic --parameter T=1"    # some rows, printed

Rows are kept in docs/results/time.json, so that one problem can be run again without the others.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import scipy.io
from report import REFERENCES, RESULTS, origin, table, write

from pinnkit import Solution

STORE = RESULTS / "time.json"
MOST_SHOWN = 20


@final
@dataclass(frozen=True)
class Row:
    """A problem file, further words of its command, the published error, and the file of its independent truth."""

    name: str
    paper: str
    words: tuple[str, ...] = ()
    truth: str = ""

    @property
    def key(self) -> str:
        """The row's name in the table and in the store."""
        return " ".join((self.name, *self.words))


CAUSAL = "(arXiv 2203.07404)"
ROWS = (
    Row("allen_cahn", f"1.4e-4 {CAUSAL}", truth="allen_cahn.npy"),
    Row("lorenz", f"1.7e-2 {CAUSAL}", truth="lorenz.npy"),
    Row("ks_regular", f"3.5e-4 {CAUSAL}", truth="ks_regular.mat"),
    Row("ks_chaotic", f"2.3e-2 {CAUSAL}, from a later start", truth="ks_unit_time.npy"),
    Row("ks_chaotic", "fails (the same)", ("--parameter", "T=1"), truth="ks_unit_time.npy"),
    Row("kdv", "1.5e-4 (arXiv 2604.23528)", truth="kdv.npy"),
    Row("ns_decaying", f"3.5e-2 in the vorticity {CAUSAL}, from another start"),
    Row("taylor_green", "exact"),
)

REMARK = """Each row is `pinnkit solve problems/NAME.yaml` with the config that the file names, seed 0, one run on one
thread. Other work ran on the same two cores, so that the seconds are more than a quiet machine needs; the number of
steps does not depend on them, except for allen_cahn and taylor_green, whose phases end after seconds. The error is the
relative L2 error of each field in the run's own result.json, against the reference that the file names; the next column
is the largest against independent data, by the solution's values on their grid. The published figures are from the
papers, on their machines, grids and networks. Configs were chosen on these very problems, with the error in view."""

SEEN = """## What was seen

- In the chaotic problem the error grows by a factor of 1.1 to 4 in a window of 0.05 after the first ones, but for that
  from 0.5 to 0.55, where it grows eighteenfold.
- The vorticity of ns_decaying has an error of 3.3e-4 at t = 0.2 and of 8.3e-3 at t = 1. Every window has 28 steps, and
  each adds an error of its own, the later ones more, as the flow folds into finer structure. More steps and a larger
  network would be the next try.

![the chaotic field to t = 1, its reference and the error](ks_chaotic.png)

![the vorticity of the decaying flow, its reference and the error](ns_decaying.png)

[Causal weights, windows and the order of the optimizer](time_ablation.md), each with and without.
"""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", help="names; all if none")
    arguments.add_argument("--write", action="store_true", help="write docs/results/time.md")
    arguments.add_argument("--redraw", action="store_true", help="run nothing, and write the page of what was run")
    given = arguments.parse_args()
    if given.redraw:
        write("time.md", page(stored()))
        return
    for row in ROWS:
        if not given.problems or row.key in given.problems:
            found = {**solved(row), "origin": origin()}
            print(row.key, found, flush=True)
            if given.write:
                # Read again, since another of these commands may have written meanwhile.
                store = {**stored(), row.key: found}
                STORE.write_text(json.dumps(store, indent=2) + "\n", encoding="utf-8")
                write("time.md", page(store))


def stored() -> dict[str, Any]:
    """The rows that were run before."""
    return dict(json.loads(STORE.read_text("utf-8"))) if STORE.is_file() else {}


def solved(row: Row) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        words = [f"problems/{row.name}.yaml", *row.words, "--threads", "1", "--quiet", "--out", str(out)]
        subprocess.run([sys.executable, "-m", "pinnkit", "solve", *words], check=True)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        solution = Solution.load(out)
    figures = {key: result[key] for key in ("seconds", "steps", "network_parameters", "verdict")}
    figures["errors"] = {name: own["relative_l2"] for name, own in result["errors"].items()}
    figures["reference"] = result["reference"]
    figures["windows"] = len(result["windows"])
    figures["growth"] = [(window["upper"], window["relative_l2_at_end"]) for window in result["windows"]]
    figures["independent"] = (
        against_data(solution, row.truth) if row.truth and (REFERENCES / row.truth).is_file() else None
    )
    return figures


def against_data(solution: Solution, name: str) -> float:
    """The largest relative L2 error of a field against a file of data."""
    points, truth = data(name, solution)
    values = solution(points)
    errors = np.linalg.norm(values - truth, axis=0) / np.linalg.norm(truth, axis=0)
    return float(errors.max())


def data(name: str, solution: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, d) of a file within the solution's time, and the fields (n, f) there."""
    time = solution.problem.coordinate(str(solution.problem.time))
    if name == "lorenz.npy":
        table = np.load(REFERENCES / name)
        table = table[table[:, 0] <= time.upper * (1 + 1e-12)]
        return table[:, :1], table[:, 1:]
    file = REFERENCES / name
    # The Matlab file repeats the first node at the end.
    values = scipy.io.loadmat(file)["usol"].T[:, :-1] if file.suffix == ".mat" else np.load(file)
    along = solution.problem.coordinates[0]
    x = along.lower + along.length * np.arange(values.shape[1]) / values.shape[1]
    times = np.linspace(0.0, 1.0, len(values))
    kept = times <= time.upper * (1 + 1e-12)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(x, times[kept])], axis=1)
    return grid, values[kept].reshape(-1, 1)


def page(store: dict[str, Any]) -> str:
    """docs/results/time.md."""
    head = ["problem", "windows", "parameters", "relative L2 error", "against data", "seconds", "published", "made by"]
    rows = []
    for row in ROWS:
        if (own := store.get(row.key)) is not None:
            error = ", ".join(f"{value:.1e}" for value in own["errors"].values())
            independent = f"{own['independent']:.1e}" if own["independent"] is not None else "-"
            size = f"{own['network_parameters']:,}"
            figures = [str(own["windows"] or 1), size, error, independent, f"{own['seconds']:.0f}", row.paper]
            rows.append([f"`{row.key}`", *figures, own["origin"]])
    return f"# Problems in time\n\n{REMARK}\n\n{table(head, rows)}\n\n{growth(store)}\n\n{SEEN}"


def growth(store: dict[str, Any]) -> str:
    """How the error grows from window to window, where there are not too many to read."""
    tables = []
    for row in ROWS:
        ends = store.get(row.key, {}).get("growth", [])
        if 1 < len(ends) <= MOST_SHOWN:
            body = [[f"{time:.3g}", *(f"{error:.1e}" for error in errors.values())] for time, errors in ends]
            tables.append(f"### `{row.key}`\n\n{table(['t', *ends[0][1]], body)}")
    lead = "## The error at the end of each window\n\nRelative L2 error at that time, against the reference."
    return "\n\n".join([lead, *tables])


if __name__ == "__main__":
    main()
