"""Foxes and rabbits over several of their cycles, window by window; what their equations conserve must stay."""

import argparse

import numpy as np

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.windows import Windows


def main(steps: int) -> float:
    """The largest change of r - log r + f - log f."""
    problem = pinnkit.define(
        name="predators",
        coordinates={"t": [0, 12]},
        time="t",
        fields=["r", "f"],
        equations={"rabbits": "r_t = r*(1 - f)", "foxes": "f_t = f*(r - 1)"},
        conditions={
            "start_r": {"on": "t = 0", "equation": "r = 2"},
            "start_f": {"on": "t = 0", "equation": "f = 1"},
        },
    )
    config = pinnkit.Config(
        network=MLP(width=12, depth=2),
        points=Sobol(count=64),
        windows=Windows(count=12),
        phases=(LevenbergMarquardt(steps=steps),),
        threads=1,
    )
    solution = pinnkit.solve(problem, config)
    r, f = solution(np.linspace(0, 12, 601)[:, None]).T
    kept = r - np.log(r) + f - np.log(f)
    return float(np.max(np.abs(kept - kept[0])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    print(main(parser.parse_args().steps))
