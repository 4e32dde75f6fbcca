"""Legendre's polynomials, one after another: the same problem for several values of its parameter."""

import argparse

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Chebyshev


def main(steps: int) -> float:
    """The largest relative L2 error of the polynomials of degree 1 to 4."""
    problem = pinnkit.load_problem("legendre")
    config = pinnkit.Config(
        network=MLP(width=12, depth=2),
        points=Chebyshev(count=40),  # the ends of the interval, where the equation is singular, are among them
        renew=0,
        phases=(LevenbergMarquardt(steps=steps),),
        threads=1,
    )
    members = pinnkit.sweep(problem, {"l": [1, 2, 3, 4]}, config)
    return max(solution.errors()["y"]["relative_l2"] for _, solution in members)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    print(main(parser.parse_args().steps))
