"""Tangent kernels: true traces by row, by hand; unlike the gradient of the summed residual; sampled on many points."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import NTK
from pinnkit.points import Uniform
from pinnkit.problem.define import define


def test_the_update(looks: list[Statistics], slopes: list[Tensor]) -> None:
    rule = NTK(memory=0.6)
    state, weights = rule.start(looks[0]), torch.ones(3, dtype=torch.float64)
    for found, own in zip(looks, slopes, strict=True):
        made, state = rule.update(found, state)
        traces = (own**2).view(3, 6).sum(1)
        weights = 0.6 * weights + 0.4 * traces.sum() / traces
        assert list(made.groups.values()) == pytest.approx(weights.tolist(), rel=1e-12)
        summed = own.view(3, 2, 3).sum(1).norm(dim=1) ** 2
        assert not torch.allclose(traces, summed, rtol=1e-2)


def test_traces_of_many_points_are_estimated_on_some() -> None:
    problem = define(
        name="rod",
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations={"balance": "u_xx = sin(x)"},
        conditions={"ends": {"on": "boundary", "equation": "u = 0"}},
    )
    run = build_run(problem, Config(MLP(8, 2), points=Uniform(4000), hard="none", balance=False))
    theta = run.trial.layout.start(run.trial.network)
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    found = Statistics(objective, theta).traces
    whole = torch.cat([jacobian for _, _, jacobian in objective.linearize(theta).blocks()])
    truth = float((whole[:4000] ** 2).sum())
    assert found["pde"] == pytest.approx(truth, rel=0.3)
    assert found["pde"] != pytest.approx(truth, rel=1e-9)
    assert found["bc"] == pytest.approx(float((whole[4000:] ** 2).sum()), rel=1e-12)
