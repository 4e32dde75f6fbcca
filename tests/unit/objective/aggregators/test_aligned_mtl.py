"""Aligned-MTL.

1. The aligned gradients are orthogonal and as long as the least singular value; d is their mean.
2. Orthogonal gradients of equal length stay as they are.
3. Dependent gradients have the least singular value that is not rounding.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import AlignedMTL

F64 = torch.float64


@pytest.mark.parametrize("which", ["2 at random", "5 at random", "in conflict"])
def test_it_is_the_mean_of_the_aligned_gradients(which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    values, vectors = torch.linalg.eigh(gradients @ gradients.T)
    balance = values.min().sqrt() * vectors @ torch.diag(values**-0.5) @ vectors.T
    torch.testing.assert_close(AlignedMTL().combine(gradients, None).direction, (balance @ gradients).mean(0))


def test_what_is_aligned_stays() -> None:
    gradients = 3.0 * torch.eye(4, dtype=F64)[:3]
    torch.testing.assert_close(AlignedMTL().combine(gradients, None).direction, gradients.mean(0))


def test_dependent_gradients(sets: Mapping[str, Tensor]) -> None:
    one = sets["2 at random"][0]
    found = AlignedMTL().combine(torch.stack([one, one]), None).direction
    torch.testing.assert_close(found, one)
