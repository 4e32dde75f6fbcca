"""Dual cone gradient descent.

1. No loss rises, in either variant.
2. `projection` leaves a sum alone that opposes no gradient, and for two losses takes away the part that does.
3. `center` is along the bisector of two gradients, with the projection of the sum as its length.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import DualCone


@pytest.mark.parametrize("which", ["2 at random", "5 at random", "10 at random", "in conflict", "of unlike sizes"])
@pytest.mark.parametrize("variant", ["center", "projection"])
def test_no_loss_rises(
    which: str,
    variant: Literal["center", "projection"],
    sets: Mapping[str, Tensor],
    no_loss_rises: Callable[[Tensor, Tensor], None],
) -> None:
    no_loss_rises(sets[which], DualCone(variant).combine(sets[which], None).direction)


def test_a_sum_in_the_cone_stays(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["nearly parallel"]
    torch.testing.assert_close(DualCone("projection").combine(gradients, None).direction, gradients.sum(0))


def test_what_opposes_a_gradient_is_taken_away() -> None:
    a, b = torch.tensor([[1.0, 0.0], [-4.0, 1.0]], dtype=torch.float64)
    g = a + b
    assert float(g @ a) < 0
    found = DualCone("projection").combine(torch.stack([a, b]), None).direction
    torch.testing.assert_close(found, g - (g @ a) / (a @ a) * a)


def test_the_center_is_the_bisector(sets: Mapping[str, Tensor]) -> None:
    a, b = sets["2 at random"]
    middle = a / a.norm() + b / b.norm()
    expected = ((a + b) @ middle) / (middle @ middle) * middle
    torch.testing.assert_close(DualCone().combine(torch.stack([a, b]), None).direction, expected)
