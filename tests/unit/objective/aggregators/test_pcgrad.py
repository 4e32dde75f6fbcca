"""PCGrad.

1. Gradients without conflict are added up.
2. For two in conflict it is the sum of the parts of each orthogonal to the other, and no loss rises.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from pinnkit.objective.aggregators import PCGrad


def test_without_conflict_it_is_the_sum(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["nearly parallel"]
    torch.testing.assert_close(PCGrad().combine(gradients, None).direction, gradients.sum(0))


def test_two_in_conflict(sets: Mapping[str, Tensor]) -> None:
    a, b = sets["in conflict"][:2]
    assert float(a @ b) < 0
    expected = a - (a @ b) / (b @ b) * b + b - (a @ b) / (a @ a) * a
    found = PCGrad().combine(torch.stack([a, b]), None).direction
    torch.testing.assert_close(found, expected)
    assert float(found @ a) > 0
    assert float(found @ b) > 0
