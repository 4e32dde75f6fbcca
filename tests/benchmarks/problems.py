"""Every shipped problem with its own config, as a user runs it: error, time and verdict.

.venv/bin/python tests/benchmarks/problems.py --write
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from report import origin, table, write

from pinnkit.problem.load import load_problem
from pinnkit.shipped import shipped_problems

REMARK = """Errors are measured on a grid that training never saw. The configs were chosen on these very
problems, by trying a few networks and numbers of points with the error in view; another problem may want another."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", help="names; all shipped problems if none")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/problems.md")
    given = arguments.parse_args()
    rows = [solved(name, given.seed) for name in given.problems or shipped_problems()]
    head = ["problem", "config", "parameters", "tolerance", "relative L2 error", "seconds", "steps", "verdict"]
    text = f"# All shipped problems\n\n{origin()}\n\nSeed {given.seed}, one run each. {REMARK}\n\n{table(head, rows)}"
    print(text)
    if given.write:
        write("problems.md", text)


def solved(name: str, seed: int) -> list[str]:
    """One row, from the run's own result.json."""
    problem = load_problem(name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "pinnkit", "solve", name, f"--seed={seed}", "--quiet", "--out", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    found = max(error["relative_l2"] for error in result["errors"].values())
    figures = [str(result["network_parameters"]), f"{problem.tolerance:.0e}", f"{found:.1e}"]
    row = [name, problem.config, *figures, f"{result['seconds']:.0f}", str(result["steps"]), result["verdict"]]
    print(" ".join(row), flush=True)
    return row


if __name__ == "__main__":
    main()
