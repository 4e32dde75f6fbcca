"""SoftAdapt: the softmax of the slopes by hand, in all variants; shares add up to one; the first are equal."""

import pytest
import torch
from torch import Tensor

from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import SoftAdapt


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("beta", [0.1, 2.0, -1.0])
def test_the_update(
    normalised: bool, weighted: bool, beta: float, looks: list[Statistics], losses: list[Tensor]
) -> None:
    rule = SoftAdapt(beta=beta, normalised=normalised, weighted=weighted)
    first, state = rule.update(looks[0], rule.start(looks[0]))
    assert sum(first.groups.values()) == pytest.approx(1.0)
    if not weighted:
        assert list(first.groups.values()) == pytest.approx([1 / 3] * 3)
    for k in range(1, 5):
        made, state = rule.update(looks[k], state)
        slope = losses[k] - losses[k - 1]
        slope = slope / slope.abs().sum() if normalised else slope
        shares = torch.softmax(beta * slope, 0) * (losses[k] if weighted else 1.0)
        assert list(made.groups.values()) == pytest.approx((shares / shares.sum()).tolist(), rel=1e-9, abs=1e-300)
