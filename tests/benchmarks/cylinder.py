"""Steady flow around a cylinder at Reynolds number 20: drag and lift beside the values of the DFG benchmark.

.venv/bin/python tests/benchmarks/cylinder.py --write
"""

import argparse

from report import origin, table, write

import pinnkit

HEAD = """# Flow around a cylinder

{origin}

`pinnkit solve cylinder_flow`, seed 0: {verdict}, in {seconds:.0f} s and {steps} steps of Levenberg-Marquardt. The
published values and their source are in the problem file.

{table}"""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=600.0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/cylinder.md")
    given = arguments.parse_args()
    config = pinnkit.load_config("cylinder", [f"phases.0.seconds={given.seconds}"])
    solution = pinnkit.solve(pinnkit.load_problem("cylinder_flow"), config)
    known = solution.result["output_errors"]
    rows = [
        [name, f"{found:.6g}", f"{known[name]['known']:.6g}", f"{known[name]['relative']:.1e}"]
        for name, found in solution.outputs().items()
    ]
    text = HEAD.format(
        origin=origin(),
        verdict=solution.result["verdict"],
        table=table(["", "found", "published", "relative error"], rows),
        seconds=solution.result["seconds"],
        steps=solution.result["steps"],
    )
    print(text)
    if given.write:
        print(f"wrote {write('cylinder.md', text)}")


if __name__ == "__main__":
    main()
