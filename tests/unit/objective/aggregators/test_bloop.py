"""Bloop.

1. With memory 0 the others are orthogonal to the primary gradient: its loss falls as if it were alone.
2. With memory the projection is against the running mean, over several steps.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.aggregators import Bloop


def test_the_primary_loss_falls_as_if_it_were_alone(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["in conflict"]
    found = Bloop(memory=0.0, share=2.0).combine(gradients, None).direction
    primary, others = gradients[0], gradients[1:].sum(0)
    assert float(found @ primary) == pytest.approx(float(primary @ primary), rel=1e-12)
    expected = primary + 2.0 * (others - (others @ primary) / (primary @ primary) * primary)
    torch.testing.assert_close(found, expected)


def test_the_mean_runs(sets: Mapping[str, Tensor]) -> None:
    rule, state, mean = Bloop(memory=0.7), None, None
    for which in ("3 at random", "in conflict", "3 at random"):
        gradients = sets[which]
        made = rule.combine(gradients, state)
        state = made.state
        mean = gradients[0] if mean is None else 0.7 * mean + 0.3 * gradients[0]
        others = gradients[1:].sum(0)
        torch.testing.assert_close(state, mean)
        expected = gradients[0] + others - (others @ mean) / (mean @ mean) * mean
        torch.testing.assert_close(made.direction, expected)


def test_options_have_bounds() -> None:
    with pytest.raises(UserError, match="`memory` of aggregator `bloop` is 1"):
        Bloop(memory=1.0)
    with pytest.raises(UserError, match="`share` of aggregator `bloop` is -1"):
        Bloop(share=-1.0)
