"""Homoscedastic uncertainty: Adam on s by torch; where losses stay, weights go to 1/(2 L); the bound."""

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import Uncertainty


def test_the_update(looks: list[Statistics], losses: list[Tensor]) -> None:
    rule = Uncertainty(rate=0.05)
    state = rule.start(looks[0])
    s = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([s], lr=0.05)
    for found, own in zip(looks, losses, strict=True):
        made, state = rule.update(found, state)
        adam.zero_grad()
        (0.5 * torch.exp(-s) @ own + 0.5 * s.sum()).backward()  # type: ignore[no-untyped-call]
        adam.step()
        assert list(made.groups.values()) == pytest.approx((0.5 * torch.exp(-s)).tolist(), rel=1e-9)


def test_weights_go_to_the_inverse_of_the_losses(looks: list[Statistics], losses: list[Tensor]) -> None:
    rule = Uncertainty(rate=0.05)
    state = rule.start(looks[0])
    for _ in range(4000):
        made, state = rule.update(looks[0], state)
    assert list(made.groups.values()) == pytest.approx((0.5 / losses[0]).tolist(), rel=1e-2)
    bounded = Uncertainty(rate=0.05, bound=0.5)
    state = bounded.start(looks[0])
    for _ in range(100):
        made, state = bounded.update(looks[0], state)
    assert max(abs(own) for own in state.logs.values()) <= 0.5


def test_mistakes() -> None:
    with pytest.raises(UserError, match="`rate` of weighting `uncertainty` is 0"):
        Uncertainty(rate=0.0)
