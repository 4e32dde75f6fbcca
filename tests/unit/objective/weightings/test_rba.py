"""Residual-based attention: the published recursion by hand, its bounds, and its fixed point as the start."""

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import RBA


def relative(found: Statistics) -> Tensor:
    pairs = found.residuals.abs().view(3, 2)
    return (pairs / pairs.max(1, keepdim=True).values).flatten()


def test_the_update(looks: list[Statistics]) -> None:
    rule = RBA(gamma=0.9, eta=0.05)
    state = rule.start(looks[0])
    weights = 0.5 * relative(looks[0])
    for found in looks:
        made, state = rule.update(found, state)
        weights = 0.9 * weights + 0.05 * relative(found)
        assert made.rows is not None
        torch.testing.assert_close(made.rows, weights, rtol=1e-12, atol=0.0)
        assert float(made.rows.max()) <= 0.5 + 1e-12


def test_it_begins_where_the_residuals_hold_it(looks: list[Statistics]) -> None:
    rule = RBA()
    state = rule.start(looks[0])
    made, _ = rule.update(looks[0], state)
    torch.testing.assert_close(made.rows, state, rtol=1e-12, atol=0.0)


def test_mistakes() -> None:
    with pytest.raises(UserError, match="`gamma` of weighting `rba` is 1; it needs 0 or more, and less than 1"):
        RBA(gamma=1.0)
