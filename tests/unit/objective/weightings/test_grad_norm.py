"""Gradient norms: the published update by hand; without memory all weighted gradients are equally long."""

import pytest
import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import GradNorm


def test_the_update(looks: list[Statistics], gradients: list[Tensor]) -> None:
    rule = GradNorm(memory=0.7)
    state, weights = rule.start(looks[0]), torch.ones(3, dtype=torch.float64)
    for found, own in zip(looks, gradients, strict=True):
        made, state = rule.update(found, state)
        weights = 0.7 * weights + 0.3 * own.norm(dim=1).sum() / own.norm(dim=1)
        assert list(made.groups.values()) == pytest.approx(weights.tolist(), rel=1e-12)


def test_weighted_gradients_are_equally_long(looks: list[Statistics], gradients: list[Tensor]) -> None:
    rule = GradNorm(memory=0.0)
    made, _ = rule.update(looks[0], rule.start(looks[0]))
    lengths = [w * float(own.norm()) for w, own in zip(made.groups.values(), gradients[0], strict=True)]
    assert lengths == pytest.approx([lengths[0]] * 3, rel=1e-12)
