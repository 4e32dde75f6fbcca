"""Runs that are killed at random moments and resumed, each beside the same run in one piece.

.venv/bin/python tests/benchmarks/kills.py --write
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from report import origin, table, write

import pinnkit
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.weightings import WEIGHTINGS
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import SAMPLERS

COMMON = (
    *("network={name: mlp, width: 6, depth: 1}", "condition_points.count=8"),
    *("test_points=100", "threads=1", "hard=none"),
)
POINTS = "points={name: rad, count: 40}"
ADAM = "phases=[{name: adam, steps: 40}]"

HEAD = """# Kills

{origin}

`heat` with a small network, once for each optimizer, weighting, aggregator and sampler, and again with other seeds,
{count} runs in all. Each is ended twice at a random moment of its training, half of the times by SIGKILL and else by
SIGTERM, and taken up by `pinnkit resume`. What is left is compared with the run in one piece, bit by bit.

{table}"""


def variants() -> list[tuple[str, list[str]]]:
    """Every part of the tables with the settings that choose it."""
    found = [
        (f"optimizer {n}", [POINTS, f"phases=[{{name: {n}, steps: 40, seconds: null}}]"]) for n in OPTIMIZERS.names()
    ]
    for name in WEIGHTINGS.names():
        renew = ["renew=0"] if name == "self_adaptive" else []
        found.append((f"weighting {name}", [POINTS, ADAM, f"weighting={{name: {name}}}", *renew]))
    found += [(f"aggregator {n}", [POINTS, ADAM, f"aggregator={{name: {n}}}"]) for n in AGGREGATORS.names()]
    small = {"aas": ", steps: 3, layers: 2, width: 4, bins: 4", "das": ", steps: 3, layers: 2, width: 4, bins: 4"}
    found += [
        (f"sampler {n}", [f"points={{name: {n}, count: 30{small.get(n, '')}}}", ADAM, "renew=5"])
        for n in SAMPLERS.names()
    ]
    return found


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=100)
    arguments.add_argument("--write", action="store_true", help="write docs/results/kills.md")
    given = arguments.parse_args()
    chance = random.Random(0)
    every = variants()
    outcomes = {"runs": 0, "kills": 0, "resumed": 0, "equal": 0, "unreadable": 0}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.count):
            name, settings = every[number % len(every)]
            seed = number // len(every)
            own = Path(folder) / str(number)
            found = killed(own, [*COMMON, *settings, f"seed={seed}"], chance)
            outcomes["runs"] += 1
            for key, value in found.items():
                outcomes[key] += value
            print(number, name, found, flush=True)
    text = HEAD.format(
        origin=origin(), count=given.count, table=table(list(outcomes), [[str(value) for value in outcomes.values()]])
    )
    print(text)
    if given.write:
        print(f"wrote {write('kills.md', text)}")


def killed(folder: Path, settings: list[str], chance: random.Random) -> dict[str, int]:
    """Solve a problem in one piece, and again with kills; what came of it."""
    problem = pinnkit.load_problem("heat")
    whole = pinnkit.solve(problem, pinnkit.load_config("levenberg_marquardt", ["stages=[]", *settings]))
    run = folder / "run"
    sets = [word for setting in ("stages=[]", *settings) for word in ("--set", setting)]
    command = [sys.executable, "-m", "pinnkit", "solve", "heat", "--quiet", "--out", str(run), *sets]
    kills = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        history = run / "history.jsonl"
        while process.poll() is None and not (history.is_file() and history.stat().st_size):
            time.sleep(0.01)
        if kills < 2:
            time.sleep(chance.uniform(0.0, 0.6))
        if kills >= 2 or process.poll() is not None:
            status = process.wait()
            break
        process.send_signal(signal.SIGTERM if chance.random() < 0.5 else signal.SIGKILL)
        process.wait()
        kills += 1
        command = [sys.executable, "-m", "pinnkit", "resume", str(run), "--quiet"]
    try:
        again = pinnkit.Solution.load(run)
    except pinnkit.errors.UserError:
        return {"kills": kills, "resumed": int(status == 0), "equal": 0, "unreadable": 1}
    equal = np.array_equal(again.theta.numpy(), whole.theta.numpy()) and len(again.history) == len(whole.history)
    return {"kills": kills, "resumed": int(status == 0), "equal": int(equal), "unreadable": 0}


if __name__ == "__main__":
    main()
