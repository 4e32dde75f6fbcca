"""What each part of a Levenberg-Marquardt step is worth: the error after the same time without it.

.venv/bin/python tests/benchmarks/lm_parts.py --write
"""

import argparse
import statistics
from collections.abc import Mapping
from typing import Any

from report import origin, table, write

import pinnkit

CASES = {"burgers": ("levenberg_marquardt", 25.0), "helmholtz_2d": ("smooth", 15.0), "poisson_2d": ("smooth", 10.0)}
"""The config of every problem, and the seconds of a run."""

WITHOUT: Mapping[str, Mapping[str, Any]] = {
    "the whole step": {},
    "without momentum": {"momentum": 0.0},
    "without corrections": {"corrections": 0},
    "without acceleration": {"acceleration": False},
    "without acceleration and corrections": {"acceleration": False, "corrections": 0},
    "the plain step": {"acceleration": False, "corrections": 0, "momentum": 0.0},
}

REMARK = """Errors are relative L2 errors; of several seeds the median, with the smallest and largest in brackets. All
runs have the shipped config but for the time and the part left out, and no further stages; `helmholtz_2d` has its walls
built in here."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--write", action="store_true", help="write docs/results/lm_parts.md")
    given = arguments.parse_args()
    rows = []
    for name, options in WITHOUT.items():
        cells = [cell(problem, options, given.seeds, given.threads) for problem in CASES]
        rows.append([name, *cells])
        print(" | ".join(rows[-1]), flush=True)
    head = ["", *(f"`{problem}`, `{config}`, {seconds:g} s" for problem, (config, seconds) in CASES.items())]
    settings = f"{given.seeds} seed{'s' * (given.seeds > 1)}, {given.threads} threads. {REMARK}"
    text = "\n\n".join(["# The parts of a Levenberg-Marquardt step", origin(), settings, table(head, rows)])
    if given.write:
        write("lm_parts.md", text)


def cell(problem: str, options: Mapping[str, Any], seeds: int, threads: int) -> str:
    """The errors of one variant on one problem, and the median of its steps."""
    config, seconds = CASES[problem]
    words = {"threads": threads, "stages": "[]", "phases.0.seconds": seconds, "phases.0.steps": 10**6}
    words |= {f"phases.0.{name}": str(value).lower() for name, value in options.items()}
    errors, steps = [], []
    for seed in range(seeds):
        overrides = [f"{key}={value}" for key, value in {**words, "seed": seed}.items()]
        found = pinnkit.solve(pinnkit.load_problem(problem), pinnkit.load_config(config, overrides))
        errors.append(found.errors()["u"]["relative_l2"])
        steps.append(found.result["steps"])
    middle, low, high = statistics.median(errors), min(errors), max(errors)
    spread = f" ({low:.0e} to {high:.0e})" if seeds > 1 else ""
    return f"{middle:.1e}{spread}, {statistics.median(steps):.0f} steps"


if __name__ == "__main__":
    main()
