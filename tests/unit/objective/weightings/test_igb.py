"""Improvable gap balancing: the softmax of what is left of every loss, by hand; weights add up to their number."""

import pytest
import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import IGB


def test_the_update(looks: list[Statistics], losses: list[Tensor]) -> None:
    rule = IGB()
    state = rule.start(looks[0])
    for found, own in zip(looks, losses, strict=True):
        made, state = rule.update(found, state)
        assert list(made.groups.values()) == pytest.approx((3 * torch.softmax(own / losses[0], 0)).tolist(), rel=1e-9)
        assert sum(made.groups.values()) == pytest.approx(3.0)
