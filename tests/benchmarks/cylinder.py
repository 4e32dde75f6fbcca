"""Steady flow around a cylinder at Reynolds number 20: drag and lift beside the values of the DFG benchmark.

.venv/bin/python tests/benchmarks/cylinder.py --write
"""

import argparse

from report import origin, table, write

import pinnkit

HEAD = """# Flow around a cylinder

{origin}

`pinnkit solve cylinder_flow` of several seeds. The published values and their source are in the problem file:
{published}. Velocities come from a stream function, and all other conditions are terms of the loss.

{table}

The lift is five hundred times smaller than the drag, and is left by forces that all but cancel; so its relative error
is the larger by about as much, and changes from seed to seed.
"""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seeds", default="0,1")
    arguments.add_argument("--write", action="store_true", help="write docs/results/cylinder.md")
    given = arguments.parse_args()
    rows, published = [], ""
    for seed in given.seeds.split(","):
        config = pinnkit.load_config("cylinder", [f"seed={seed}"])
        solution = pinnkit.solve(pinnkit.load_problem("cylinder_flow"), config)
        known, found = solution.result["output_errors"], solution.outputs()
        published = ", ".join(f"{name} {known[name]['known']:.6g}" for name in found)
        values = [text for name in found for text in (f"{found[name]:.6g}", f"{known[name]['relative']:.1e}")]
        told = [f"{solution.result['seconds']:.0f}", str(solution.result["steps"]), solution.result["verdict"]]
        rows.append([seed, *values, *told])
    head = ["seed", "drag", "relative error", "lift", "relative error", "seconds", "steps", "verdict"]
    text = HEAD.format(origin=origin(), published=published, table=table(head, rows))
    print(text)
    if given.write:
        print(f"wrote {write('cylinder.md', text)}")


if __name__ == "__main__":
    main()
