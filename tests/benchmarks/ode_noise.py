"""An inverse problem for several seeds of the noise: how often its stated intervals hold the true parameters."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ode_run import solved
from report import origin

READINGS = Path("tests/benchmarks/noisy_readings.py")


def readings_over_seeds(name: str, which: str, count: int, seconds: float | None) -> dict[str, Any] | None:
    """How often each parameter lay in its own 95 % interval, and its relative errors; None where files are missing.

    Args:
        name: the shipped problem, which reads `data/NAME.csv`.
        which: what the script of the readings calls them.
        count: the number of seeds, from 0 on.
        seconds: at most so many for every phase; None for those of the config.
    """
    problem = Path(f"problems/{name}.yaml")
    if not (problem.is_file() and READINGS.is_file()):
        print(f"{name}: {problem} or {READINGS} is not there", flush=True)
        return None
    inside: dict[str, int] = {}
    errors: dict[str, list[float]] = {}
    spent = 0.0
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / problem.name
            copy.write_text(problem.read_text(encoding="utf-8"), encoding="utf-8")
            made = [sys.executable, str(READINGS), which, "--seed", str(seed)]
            (Path(folder) / "data").mkdir()
            table = subprocess.run(made, check=True, capture_output=True, text=True).stdout
            (Path(folder) / "data" / f"{name}.csv").write_text(table, encoding="utf-8")
            ran = solved(str(copy), (), seconds)
        if ran is None:
            return None
        found, figures = ran
        spent += figures["seconds"]
        truth = found.result["reference"]["parameters"]
        stated = found.result.get("parameters_uncertainty", {}).get("parameters", {})
        for parameter, value in found.result["parameters"].items():
            lower, upper = stated[parameter]["interval"] if parameter in stated else (float("nan"),) * 2
            inside[parameter] = inside.get(parameter, 0) + (lower <= truth[parameter] <= upper)
            errors.setdefault(parameter, []).append(abs(value / truth[parameter] - 1.0))
        print(f"{name}, seed {seed}: inside so far {inside}", flush=True)
    return {"count": count, "inside": inside, "errors": errors, "seconds": spent, "limit": seconds, "origin": origin()}
