"""A pendulum that falls from almost upright, its equation a function over torch tensors; the energy must stay."""

import argparse

import numpy as np
import torch

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol


def pendulum(u_tt: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """The residual of u'' = -sin u; the names of the arguments say what it needs."""
    return u_tt + torch.sin(u)


def main(steps: int) -> float:
    """The largest change of the energy u'^2/2 - cos u."""
    problem = pinnkit.define(
        name="pendulum",
        coordinates={"t": [0, 6]},
        time="t",
        fields=["u"],
        equations={"motion": pendulum},
        conditions={
            "angle": {"on": "t = 0", "equation": "u = 2.5"},
            "rest": {"on": "t = 0", "equation": "u_t = 0"},
        },
    )
    config = pinnkit.Config(
        network=MLP(width=16, depth=2), points=Sobol(count=128), phases=(LevenbergMarquardt(steps=steps),), threads=1
    )
    solution = pinnkit.solve(problem, config)
    t = np.linspace(0, 6, 601)[:, None]
    energy = solution.derivative("u_t", t) ** 2 / 2 - np.cos(solution(t)[:, 0])
    return float(np.max(np.abs(energy + np.cos(2.5))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    print(main(parser.parse_args().steps))
