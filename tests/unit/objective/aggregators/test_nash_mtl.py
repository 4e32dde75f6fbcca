"""Nash-MTL.

1. a > 0 and G a = 1/a, so that |d|^2 is the number of losses and every loss falls.
2. The direction does not change when a loss is multiplied by a number.
3. For two losses it is the sum of the unit gradients, over the root of 1 + their cosine.
"""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import NashMTL

WHICH = ("2 at random", "5 at random", "10 at random", "in conflict", "nearly parallel", "of unlike sizes")


@pytest.mark.parametrize("which", WHICH)
def test_the_bargain(
    which: str, sets: Mapping[str, Tensor], every_loss_falls: Callable[[Tensor, Tensor], None]
) -> None:
    gradients = sets[which]
    found = NashMTL().combine(gradients, None).direction
    units = gradients / gradients.norm(dim=1, keepdim=True)
    weights = torch.linalg.lstsq(units.T, found[:, None]).solution[:, 0]
    torch.testing.assert_close(weights * (units @ found), torch.ones_like(weights), rtol=0.0, atol=1e-6)
    assert float(found @ found) == pytest.approx(len(gradients), rel=1e-9)
    every_loss_falls(gradients, found)


def test_sizes_of_losses_do_not_matter(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["5 at random"]
    sizes = torch.logspace(-5, 5, 5, dtype=torch.float64)[:, None]
    one, other = (NashMTL().combine(own, None).direction for own in (gradients, sizes * gradients))
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_two_losses_have_a_closed_form(sets: Mapping[str, Tensor]) -> None:
    a, b = (own / own.norm() for own in sets["2 at random"])
    expected = (a + b) / torch.sqrt(1 + a @ b)
    torch.testing.assert_close(NashMTL().combine(sets["2 at random"], None).direction, expected)


def test_opposite_gradients_are_told(sets: Mapping[str, Tensor]) -> None:
    one = sets["2 at random"][0]
    assert NashMTL().combine(torch.stack([one, -one]), None).note is not None
