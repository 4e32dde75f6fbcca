"""`lorenz_inverse` with the noise of many seeds: how often a parameter lies in its own stated 95 % interval.

.venv/bin/python tests/benchmarks/lorenz_inverse.py --write
"""

import argparse
import time
from dataclasses import replace

import numpy as np
from noisy_readings import LORENZ, NOISE, TIMES, lorenz, lorenz_readings
from report import origin, table, write
from scipy.optimize import least_squares

import pinnkit
from pinnkit.config import Config, load_config
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.shipped import config_path

REMARK = """The readings are 25 times of the three components, with normal noise of 1 % of their ranges, from another
seed in each row; seed 0 is the one that is shipped. Each parameter stands with the half width of its stated 95 %
interval, which holds the truth in 95 of 100 rows if it is right. `least squares` is how far the estimates are at most
from those of a fit of an integrator's solutions (DOP853 and scipy's `least_squares`, begun at the truth), in standard
deviations."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seeds", type=int, default=20, help="how many")
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/lorenz_inverse.md")
    given = arguments.parse_args()
    problem = load_problem("lorenz_inverse")
    config = load_config(config_path(problem.config))
    rows, inside = [], np.zeros(len(LORENZ), dtype=int)
    for seed in range(given.first, given.first + given.seeds):
        row, hits = solved(problem, config, seed)
        print(" ".join(row), flush=True)
        rows.append(row)
        inside += hits
    counts = ", ".join(f"{name} {count}" for name, count in zip(LORENZ, inside, strict=True))
    summary = f"Inside their own interval, of {given.seeds}: {counts}."
    head = [
        "noise seed",
        *(f"{name} ({true:.6g})" for name, true in LORENZ.items()),
        "inside",
        "least squares",
        "seconds",
    ]
    text = f"# Lorenz parameters from noisy readings\n\n{origin()}\n\n{REMARK}\n\n{summary}\n\n{table(head, rows)}"
    print(text)
    if given.write:
        write("lorenz_inverse.md", text)


def solved(problem: Problem, config: Config, seed: int) -> tuple[list[str], np.ndarray]:
    """One row, and which parameters lie in their interval."""
    readings = lorenz_readings(seed)
    (given,) = problem.observations
    measured = tuple(replace(m, values=column) for m, column in zip(given.measured, readings.T, strict=True))
    start = time.perf_counter()
    solution = pinnkit.solve(replace(problem, observations=(replace(given, measured=measured),)), config)
    seconds = time.perf_counter() - start
    own = solution.result["parameters_uncertainty"]["parameters"]
    values = np.array([solution.parameters[name] for name in LORENZ])
    spread = np.array([own[name]["standard_deviation"] for name in LORENZ])
    lower, upper = np.array([own[name]["interval"] for name in LORENZ]).T
    truth = np.array(list(LORENZ.values()))
    hits = (lower <= truth) & (truth <= upper)
    away = float(np.max(np.abs(values - fitted(readings)) / spread))
    cells = [f"{v:.4f} ± {h:.4f}" for v, h in zip(values, 0.5 * (upper - lower), strict=True)]
    return [str(seed), *cells, f"{int(hits.sum())} of 3", f"{away:.1e}", f"{seconds:.0f}"], hits.astype(int)


def fitted(readings: np.ndarray) -> np.ndarray:
    """The least-squares parameters (3,) on an integrator's solutions."""
    noise = np.array(list(NOISE.values()))
    found = least_squares(lambda p: ((lorenz(TIMES, *p) - readings) / noise).ravel(), list(LORENZ.values()), xtol=1e-12)
    return np.asarray(found.x)


if __name__ == "__main__":
    main()
