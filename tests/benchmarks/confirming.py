"""What a second run is worth: of every shipped problem that is solved in two minutes, the estimate over the true error.

.venv/bin/python tests/benchmarks/confirming.py --write
"""

import argparse
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from report import origin, table, write

import pinnkit
from pinnkit.config import Config
from pinnkit.marching import edges_of
from pinnkit.problem.problem import Problem
from pinnkit.shipped import config_path, shipped_problems

WITHIN = 10.0

HEAD = """# A second run

{origin}

`pinnkit solve NAME --confirm` for every shipped problem of known fields whose config ends within {seconds:.0f} s, seed
0, one thread a run, two at a time. The estimate is the difference from the second run, the largest of all fields.

{table}

Of {count} estimates {good} are within a factor of {within:.0f} of the true error ({share:.0%}); {low} are
more than {within:.0f} times too small, {high} too large. {words}"""


def main() -> None:
    given = asked("confirming.md")
    names = given.problems
    rows, ratios, wrong = [], [], 0
    with ProcessPoolExecutor(2) as pool:
        for name, error, estimate, verdict, tolerance in pool.map(confirmed, names):
            ratios.append(estimate / error)
            wrong += verdict == "verified" and error > tolerance
            rows.append([name, f"{error:.1e}", f"{estimate:.1e}", f"{ratios[-1]:.2g}", f"{tolerance:.0e}", verdict])
            print(" ".join(rows[-1]), flush=True)
    low, high = sum(r < 1 / WITHIN for r in ratios), sum(r > WITHIN for r in ratios)
    good = len(ratios) - low - high
    text = HEAD.format(
        origin=origin(),
        seconds=given.seconds,
        table=table(["problem", "true error", "estimate", "estimate / error", "tolerance", "verdict"], rows),
        count=len(ratios),
        good=good,
        within=WITHIN,
        share=good / len(ratios),
        low=low,
        high=high,
        words=f"{wrong} of the verified ones have an error above their tolerance.",
    )
    print(text)
    if given.write:
        print(f"wrote {write('confirming.md', text)}")


def asked(page: str) -> argparse.Namespace:
    """What the command line asks: the `problems`, the `seconds` of a run, and whether to `write` a page."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", help="names; all that are quick enough if none")
    arguments.add_argument("--seconds", type=float, default=120.0, help="of a run, at most")
    arguments.add_argument("--write", action="store_true", help=f"write docs/results/{page}")
    given = arguments.parse_args()
    given.problems = given.problems or [name for name in shipped_problems() if quick(name, given.seconds)]
    return given


def quick(name: str, seconds: float) -> bool:
    """Whether a problem has a reference of its fields, and a config that ends in this time."""
    problem = pinnkit.load_problem(name)
    known = problem.reference is not None and (problem.reference.exact or problem.reference.method)
    return bool(known) and most_seconds(problem, config_of(problem)) <= seconds


def config_of(problem: Problem) -> Config:
    return pinnkit.load_config(config_path(problem.config))


def most_seconds(problem: Problem, config: Config) -> float:
    """The time at which every phase of every stage and window is over."""
    phases = [*config.phases, *(phase for stage in config.stages for phase in stage.phases or config.phases)]
    limits = [phase.seconds if phase.seconds is not None else math.inf for phase in phases]
    return sum(limits) * max(1, len(edges_of(problem, config)) - 1)


def confirmed(name: str) -> tuple[str, float, float, str, float]:
    """The true error of a problem's run, the estimate, the verdict and the tolerance."""
    problem = pinnkit.load_problem(name)
    config = replace(config_of(problem), threads=1)
    solution = pinnkit.solve(problem, config)
    error = max(solution.errors()[field]["relative_l2"] for field in problem.fields)
    estimate = max(pinnkit.confirm(solution, config).relative_l2.values())
    return name, error, estimate, str(solution.result["verdict"]), problem.tolerance


if __name__ == "__main__":
    main()
