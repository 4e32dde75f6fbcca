"""Inverse Dirichlet: the published update by hand; the group with the largest spread has weight one."""

import pytest
import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import InverseDirichlet


def test_the_update(looks: list[Statistics], gradients: list[Tensor]) -> None:
    rule = InverseDirichlet(memory=0.25)
    state, weights = rule.start(looks[0]), torch.ones(3, dtype=torch.float64)
    for found, own in zip(looks, gradients, strict=True):
        made, state = rule.update(found, state)
        spread = own.std(dim=1, correction=0)
        weights = 0.25 * weights + 0.75 * spread.max() / spread
        assert list(made.groups.values()) == pytest.approx(weights.tolist(), rel=1e-12)
        assert min(made.groups.values()) == pytest.approx(1.0)
