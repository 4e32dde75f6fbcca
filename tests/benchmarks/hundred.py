"""Poisson's equation in a hundred dimensions, whose answer is the sum of the squares of all coordinates.

The example of W. E, B. Yu, Commun. Math. Stat. 6 (2018) 1. In the cube a square is nearly a line: over [0, 1] its
best line leaves a variance of 1/180, so that the best linear function of d coordinates is off by
sqrt(d/180)/(d/3), here 2.2 %.

.venv/bin/python tests/benchmarks/hundred.py --write
"""

import argparse

from report import origin, table, write

import pinnkit

HEAD = """# A hundred dimensions

{origin}

{about}

{table}

`problems/poisson_100d.yaml` with `configs/hundred.yaml`, seed 0, {parameters} parameters, {steps} steps of
Levenberg-Marquardt. Nothing is built in."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=900.0)
    arguments.add_argument("--write", action="store_true", help="write docs/results/hundred.md")
    given = arguments.parse_args()
    config = pinnkit.load_config("hundred", [f"phases.0.seconds={given.seconds}"])
    solution = pinnkit.solve(pinnkit.load_problem("poisson_100d"), config)
    result = solution.result
    errors = result["errors"]["u"]
    row = [
        "100",
        f"{errors['relative_l2']:.1e}",
        f"{errors['max_abs']:.1e}",
        f"{result['seconds']:.0f}",
    ]
    text = HEAD.format(
        origin=origin(),
        about=" ".join((__doc__ or "").split("\n\n")[1].split()),
        table=table(["dimensions", "relative L2 error", "largest error", "seconds"], [row]),
        parameters=result["network_parameters"],
        steps=result["steps"],
    )
    print(text)
    if given.write:
        print(f"wrote {write('hundred.md', text)}")


if __name__ == "__main__":
    main()
