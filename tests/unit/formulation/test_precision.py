"""The same fields in another precision: a later stage's too, whose own network and base are both converted."""

import numpy as np
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.formulation.trial import Base, Trial
from pinnkit.networks import MLP
from pinnkit.points import Uniform
from pinnkit.problem.define import define


def heat() -> Run:
    problem = define(
        name="heat",
        coordinates={"x": {"range": [0, 1], "periodic": True}, "t": [0, 1]},
        time="t",
        fields=["u"],
        equations=["u_t = u_xx"],
        conditions={"start": {"on": "t = 0", "equation": "u = sin(2*pi*x)"}},
    )
    return build_run(problem, Config(network=MLP(5, 2), points=Uniform(9), device="cpu", hard="all"))


def test_a_later_stage_is_converted_with_its_base() -> None:
    trial = heat().trial
    theta = trial.layout.start(trial.network)
    later = Trial(
        trial.formulation, trial.network, trial.features, "jet", trial.dtype, trial.device, Base(trial, theta, 1e-3)
    )
    converted = later.in_precision(torch.float32)
    indices = IndexSet.closure([(2, 0), (0, 1)], 2)
    points = np.random.default_rng(0).random((7, 2))
    exact = later.prepare(later.tensor(points), indices)
    near = converted.prepare(converted.tensor(points), indices)
    for name in ("lift", "distance"):
        own, other = getattr(exact, name), getattr(near, name)
        assert (own.dtype, other.dtype) == (torch.float64, torch.float32)
        assert torch.allclose(own, other.double(), rtol=1e-4, atol=1e-5)
    assert converted.base is not None
    assert converted.base.theta.dtype == torch.float32
    assert later.base is not None
    assert later.base.theta.dtype == torch.float64
    assert trial.layout.start(trial.network).dtype == torch.float64
