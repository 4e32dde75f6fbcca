"""ReLoBRaLo: the published update by hand, with and without a look back; its draws depend on its seed alone."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import ReLoBRaLo


@pytest.mark.parametrize("lookback", [0.0, 0.5, 1.0])
def test_the_update(lookback: float, looks: list[Statistics], losses: list[Tensor]) -> None:
    rule = ReLoBRaLo(alpha=0.9, lookback=lookback, temperature=0.7, seed=3)
    state, weights, last = rule.start(looks[0]), torch.ones(3, dtype=torch.float64), losses[0]
    looked = []
    for k, (found, own) in enumerate(zip(looks, losses, strict=True)):
        made, state = rule.update(found, state)
        rho = float(np.random.default_rng([3, k]).random() < lookback)
        looked.append(rho)
        zero, before = (3 * torch.softmax(own / (0.7 * base), 0) for base in (losses[0], last))
        weights = 0.9 * (rho * weights + (1 - rho) * zero) + 0.1 * before
        last = own
        assert list(made.groups.values()) == pytest.approx(weights.tolist(), rel=1e-9)
    assert set(looked) == {0.0: {0.0}, 0.5: {0.0, 1.0}, 1.0: {1.0}}[lookback]


def test_mistakes() -> None:
    with pytest.raises(UserError, match="`temperature` of weighting `relobralo` is 0"):
        ReLoBRaLo(temperature=0.0)
