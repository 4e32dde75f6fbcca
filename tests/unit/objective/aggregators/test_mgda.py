"""MGDA.

1. d . g_i >= |d|^2 for all i, with equality where a_i > 0 (the conditions of the least norm).
2. For two losses it is the closed form; it is zero where zero is in the convex hull.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import MGDA


@pytest.mark.parametrize("which", ["2 at random", "5 at random", "10 at random", "in conflict", "nearly parallel"])
def test_it_is_the_shortest_point(which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    found = MGDA().combine(gradients, None).direction
    square = float(found @ found)
    assert bool((gradients @ found >= square * (1 - 1e-9)).all())
    weights = torch.linalg.lstsq(gradients.T, found[:, None]).solution[:, 0]
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-6)
    assert float(weights.min()) > -1e-6
    active = weights > 1e-6
    torch.testing.assert_close((gradients @ found)[active], torch.full_like(weights[active], square))


def test_two_losses_have_a_closed_form(sets: Mapping[str, Tensor]) -> None:
    a, b = sets["in conflict"][:2]
    share = float(((b - a) @ b / (a - b).norm() ** 2).clamp(0, 1))
    torch.testing.assert_close(MGDA().combine(torch.stack([a, b]), None).direction, share * a + (1 - share) * b)


def test_it_rests_where_no_direction_lowers_all(sets: Mapping[str, Tensor]) -> None:
    a, b = sets["2 at random"]
    gradients = torch.stack([a, b, -a - 2 * b])
    assert float(MGDA().combine(gradients, None).direction.norm()) < 1e-12
