"""Every shipped problem with its own config, as a user runs it: error, time and verdict.

.venv/bin/python tests/benchmarks/problems.py --write
.venv/bin/python tests/benchmarks/problems.py --flows --write      # flows, and squares and heat of other scales
.venv/bin/python tests/benchmarks/problems.py --shapes --write     # domains that are no boxes, and what came with them
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

FLOWS = (
    *("kovasznay", "beltrami", "schroedinger_nls", "schroedinger_soliton", "heat_multiscale"),
    *(f"{name}:s={side}" for name in ("helmholtz_scaled", "poisson_scaled") for side in (8, 4, 2, 1)),
)

SHAPES = (
    *("poisson_l_shape", "poisson_holes", *(f"poisson_discs:s={side}" for side in (8, 4, 2, 1))),
    *("heat_sink", "stl_potential", "magnetostatics_two_materials"),
    *("eikonal", "plate_with_hole", "klein_gordon", "nonlinear_10d"),
)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problems", nargs="*", help="names, with parameters as NAME:s=1; all shipped ones if none")
    arguments.add_argument("--flows", action="store_true", help="flows and scaled problems, for a page of their own")
    arguments.add_argument("--shapes", action="store_true", help="domains that are no boxes, for a page of their own")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/problems.md or the other page")
    given = arguments.parse_args()
    title, page, names = "All shipped problems", "problems.md", tuple(shipped_problems())
    if given.flows:
        title, page, names = "Flows and scaled problems", "flows.md", FLOWS
    elif given.shapes:
        title, page, names = "Shapes, and further problems", "shapes.md", SHAPES
    rows = [solved(name, given.seed, outputs=given.shapes) for name in given.problems or names]
    head = ["problem", "config", "parameters", "tolerance", "relative L2 error", "seconds", "steps", "verdict"]
    head += ["outputs"] if given.shapes else []
    text = f"# {title}\n\n{origin()}\n\nSeed {given.seed}, one run each. {REMARK}\n\n{table(head, rows)}"
    print(text)
    if given.write:
        write(page, text)


def solved(name: str, seed: int, outputs: bool) -> list[str]:
    """One row, from the run's own result.json; of a flow, the pressure is in the error too."""
    name, _, value = name.partition(":")
    given = ["--parameter", value] if value else []
    problem = load_problem(name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "pinnkit", "solve", name, *given, f"--seed={seed}", "--quiet"]
        subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    errors = {field: f"{error['relative_l2']:.1e}" for field, error in result["errors"].items()}
    errors |= {output: f"{error['relative']:.1e}" for output, error in result["output_errors"].items()}
    found = (
        ", ".join(f"{field} {error}" for field, error in errors.items())
        if len(errors) > 1
        else next(iter(errors.values()))
    )
    figures = [str(result["network_parameters"]), f"{problem.tolerance:.0e}", found]
    row = [
        f"{name}, {value}" if value else name,
        problem.config,
        *figures,
        f"{result['seconds']:.0f}",
        str(result["steps"]),
        result["verdict"],
    ]
    if outputs:
        row.append(", ".join(f"{key} {n:.8g}" for key, n in result["outputs"].items() if isinstance(n, float)))
    print(" ".join(row), flush=True)
    return row


if __name__ == "__main__":
    main()
