"""Variational residual-based attention: quadratic is `rba`; exponential is the tilted density, by hand."""

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import RBA, VRBA


def test_quadratic_is_rba(looks: list[Statistics]) -> None:
    one, other = VRBA(potential="quadratic", gamma=0.9), RBA(gamma=0.9)
    states = one.start(looks[0]), other.start(looks[0])
    for found in looks:
        (made, first), (plain, second) = one.update(found, states[0]), other.update(found, states[1])
        states = first, second
        assert made.rows is not None
        assert plain.rows is not None
        assert torch.equal(made.rows, plain.rows)


def test_the_update(looks: list[Statistics]) -> None:
    rule = VRBA(temperature=0.3, gamma=0.9, eta=0.05)
    state = rule.start(looks[0])

    def tilted(found: Statistics) -> Tensor:
        r = found.residuals.abs().view(3, 2)
        q = torch.exp(r / (0.3 * r.max(1, keepdim=True).values))
        return (q / q.max(1, keepdim=True).values).flatten()

    weights = 0.5 * tilted(looks[0])
    for found in looks:
        made, state = rule.update(found, state)
        weights = 0.9 * weights + 0.05 * tilted(found)
        torch.testing.assert_close(made.rows, weights, rtol=1e-12, atol=0.0)


def test_mistakes() -> None:
    with pytest.raises(UserError, match="`temperature` of weighting `vrba` is 0"):
        VRBA(temperature=0.0)
