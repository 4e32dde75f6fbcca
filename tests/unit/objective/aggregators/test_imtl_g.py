"""IMTL-G.

1. Its projections onto all unit gradients are equal, and its weights add up to one.
2. It is the published solution by differences of gradients and of unit gradients.
3. Its direction is that of ConFIG, up to its sign.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import IMTLG, ConFIG

WHICH = ("2 at random", "5 at random", "in conflict", "nearly parallel")


@pytest.mark.parametrize("which", WHICH)
def test_projections_are_equal(which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    found = IMTLG().combine(gradients, None).direction
    parts = gradients @ found / gradients.norm(dim=1)
    torch.testing.assert_close(parts, parts.mean().expand_as(parts), rtol=1e-8, atol=0.0)
    weights = torch.linalg.lstsq(gradients.T, found[:, None]).solution
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-7)


def test_it_is_the_published_solution(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["5 at random"]
    units = gradients / gradients.norm(dim=1, keepdim=True)
    d, u = gradients[0] - gradients[1:], units[0] - units[1:]
    rest = gradients[0] @ u.T @ torch.linalg.inv(d @ u.T)
    weights = torch.cat([1 - rest.sum()[None], rest])
    torch.testing.assert_close(IMTLG().combine(gradients, None).direction, weights @ gradients)


@pytest.mark.parametrize("which", WHICH)
def test_its_direction_is_that_of_config(which: str, sets: Mapping[str, Tensor]) -> None:
    one, other = (rule.combine(sets[which], None).direction for rule in (IMTLG(), ConFIG()))
    cosine = torch.nn.functional.cosine_similarity(one, other, dim=0)
    assert abs(float(cosine)) == pytest.approx(1.0, abs=1e-10)


def test_opposite_gradients_are_told(sets: Mapping[str, Tensor]) -> None:
    one = sets["2 at random"][0]
    made = IMTLG().combine(torch.stack([one, -2.0 * one]), None)
    assert made.note is not None
    torch.testing.assert_close(made.direction, -0.5 * one)
