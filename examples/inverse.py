"""How fast a cup of coffee cools, and in how warm a room, from noisy readings of its temperature and nothing else."""

import argparse

import numpy as np

import pinnkit
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol

RATE, ROOM, NOISE = 0.08, 21.0, 0.3  # a minute, degrees


def main(steps: int) -> float:
    """The larger error of rate and room, in half widths of their 95 % intervals; the start is not known either."""
    minutes = np.linspace(0, 40, 21)
    readings = ROOM + 60 * np.exp(-RATE * minutes) + NOISE * np.random.default_rng(0).standard_normal(21)
    problem = pinnkit.define(
        name="coffee",
        coordinates={"t": [0, 40]},
        time="t",
        fields=["T"],
        parameters={"k": {"start": 0.2, "positive": True}, "room": {"start": 10, "scale": 10}},
        equations={"cooling": "T_t = k*(room - T)"},
        observations={"readings": {"t": minutes, "T": readings, "noise": NOISE}},
    )
    config = pinnkit.Config(
        network=MLP(width=10, depth=2),
        points=Sobol(count=64),
        phases=(LevenbergMarquardt(steps=steps),),
        threads=1,
    )
    solution = pinnkit.solve(problem, config)
    errors = []
    for name, truth in (("k", RATE), ("room", ROOM)):
        lower, upper = solution.result["parameters_uncertainty"]["parameters"][name]["interval"]
        errors.append(abs(solution.parameters[name] - truth) / (0.5 * (upper - lower)))
    return max(errors)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    print(main(parser.parse_args().steps))
