"""Self-adaptive points: gradient ascent by autograd; weights climb where residuals are large; the largest."""

import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import SelfAdaptive


def test_the_update(looks: list[Statistics]) -> None:
    rule = SelfAdaptive(rate=1e-4)
    state = rule.start(looks[0])
    weights = torch.ones(6, dtype=torch.float64)
    for found in looks:
        made, state = rule.update(found, state)
        leaf = weights.clone().requires_grad_()
        uphill = torch.autograd.grad(0.5 * ((leaf * found.rows) ** 2).sum(), leaf)[0]
        weights = weights + 1e-4 * 2 * uphill  # two rows a group
        assert made.rows is not None
        torch.testing.assert_close(made.rows, weights, rtol=1e-12, atol=0.0)
    order = torch.stack([found.rows**2 for found in looks]).sum(0).argsort()
    assert torch.equal(weights.argsort(), order)


def test_the_largest(looks: list[Statistics]) -> None:
    rule = SelfAdaptive(rate=1e3, most=7.0)
    made, _ = rule.update(looks[0], rule.start(looks[0]))
    assert made.rows is not None
    assert float(made.rows.max()) == 7.0


def test_mistakes() -> None:
    with pytest.raises(UserError, match="`rate` of weighting `self_adaptive` is 0"):
        SelfAdaptive(rate=0.0)
