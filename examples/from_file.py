"""Solve a problem that is written in a file, with the config that it recommends, made small for this example."""

import argparse

import pinnkit


def main(steps: int) -> float:
    """The relative L2 error of the temperature."""
    problem = pinnkit.load_problem("heat")  # or the path of a file of your own
    config = pinnkit.load_config(
        problem.config, ["points.count=300", "network.width=12", f"phases.0.steps={steps}", "threads=1"]
    )
    return pinnkit.solve(problem, config).errors()["u"]["relative_l2"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    print(main(parser.parse_args().steps))
