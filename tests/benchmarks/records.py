"""The record configs, as a user runs them, beside the best that has been published for the same problem.

.venv/bin/python tests/benchmarks/records.py --write
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from report import origin, table, write

PUBLISHED = {
    "burgers": "1.6e-8 in 2878 s on a GPU (SSBroyden, arXiv 2501.16371)",
    "burgers_periodic": "8e-14 in 346 s, 4.8e-7 in 9.8 s, on an H100 (DSGNAR, arXiv 2607.02194)",
    "wave": "1.2e-15 in 635 s on an H100 (DSGNAR)",
    "helmholtz_2d": "2.0e-9 in 540 s with 2971 parameters (SPRING, arXiv 2604.05230)",
    "poisson_multiscale": "4.5e-14 in 281 s on an H100 (DSGNAR)",
    "poisson_5d": "3.0e-16 in 407 s on an H100 (DSGNAR)",
}

REMARK = """Each row is `pinnkit solve problems/NAME.yaml --config configs/record/NAME.yaml`. The error is that of the
run's own result.json, measured on a grid that training never saw, against the exact solution or the Cole-Hopf integral.
The published figures are from the papers, on their machines and their grids. The networks, ranges of frequencies and
numbers of points were chosen on these very problems, with the error in view. Four of the answers (wave, helmholtz_2d,
poisson_multiscale, poisson_5d) are sums of a few plane waves, which a layer of sines represents exactly once it has
found their frequencies; so the error falls to that of the arithmetic. It will not do so on a field that is no such
sum."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", choices=[*PUBLISHED, []], help="names; all if none")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/records.md")
    given = arguments.parse_args()
    rows = [solved(name, given.seed) for name in given.problems or PUBLISHED]
    head = ["problem", "parameters", "relative L2 error", "seconds", "steps", "best published"]
    text = (
        f"# As far as two cores lead\n\n{origin()}\n\nSeed {given.seed}, one run each. {REMARK}\n\n{table(head, rows)}"
    )
    print(text)
    if given.write:
        write("records.md", text)


def solved(name: str, seed: int) -> list[str]:
    """One row, from the run's own result.json."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        words = [f"problems/{name}.yaml", "--config", f"configs/record/{name}.yaml", f"--seed={seed}", "--quiet"]
        subprocess.run([sys.executable, "-m", "pinnkit", "solve", *words, "--out", str(out)], check=True)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    error = max(own["relative_l2"] for own in result["errors"].values())
    figures = [f"{error:.1e}", f"{result['seconds']:.0f}", str(result["steps"])]
    row = [name, str(result["network_parameters"]), *figures, PUBLISHED[name]]
    print(" ".join(row), flush=True)
    return row


if __name__ == "__main__":
    main()
