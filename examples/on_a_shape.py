"""Solve Laplace's equation between a square and a disc in it, and find how much flows out of the disc."""

import argparse

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt


def main(steps: int) -> float:
    """By how much the flux out of the disc and that into the square differ, relative to it."""
    problem = pinnkit.define(
        name="between",
        coordinates={"x": [-1, 1], "y": [-1, 1]},
        fields=["u"],
        shapes={
            "square": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
            "disc": {"name": "ball", "center": [0.2, 0.0], "radius": 0.3},
        },
        domain="square - disc",
        equations=["laplace(u) = 0"],
        conditions={
            "cold": {"on": "square", "equation": "u = 0"},
            "hot": {"on": "disc", "equation": "u = 1"},
        },
        outputs={"out": "integral(dn(u), on = disc)", "into": "-integral(dn(u), on = square)"},
    )
    # Both values are built into the field: what is trained is the equation alone.
    config = pinnkit.Config(network=MLP(12, 2, "tanh"), phases=(LevenbergMarquardt(steps=steps),), threads=1)
    flux = pinnkit.solve(problem, config).outputs()
    return abs(flux["out"] / flux["into"] - 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150)
    print(main(parser.parse_args().steps))
