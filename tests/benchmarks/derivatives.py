"""What the residual of Burgers' equation and its gradient cost, by Taylor sweeps and by nested reverse mode.

A network 4x64 tanh, 10,000 points, float32. All ways see the same points and parameters, take turns, and are compared
with one another before they are timed.

.venv/bin/python tests/benchmarks/derivatives.py --threads 1 --write
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.points import Uniform
from pinnkit.problem.load import load_problem
from pinnkit.shipped import problem_path

WIDTH, DEPTH = 64, 4
NU = 0.01 / math.pi

Way = Callable[[], tuple[float, Tensor]]
"""One evaluation: half the mean squared residual and its gradient (P,)."""


def objective(points: int, precision: str, compiled: bool = False) -> tuple[Objective, Tensor, np.ndarray]:
    """The equation's rows alone, without symmetry or exact conditions; the parameters; the points (N, 2)."""
    bare = replace(load_problem(problem_path("burgers")), conditions=(), symmetries=())
    run = build_run(
        bare,
        Config(network=MLP(WIDTH, DEPTH), points=Uniform(points), precision=precision, device="cpu", compile=compiled),
    )
    theta = run.trial.layout.start(run.trial.network)
    drawn = run.assembly.draw(theta, np.random.default_rng(0))
    return drawn, theta, run.assembly.interior.draw(box(run), np.random.default_rng(0)).coordinates
