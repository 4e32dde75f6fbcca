"""CAGrad.

1. It stays within c |g_0| of the mean gradient g_0, and is g_0 for c = 0.
2. min_i d . g_i is larger than at any other point of that ball that was looked at, and as the dual problem says.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.aggregators import CAGrad

WHICH = ("2 at random", "5 at random", "in conflict", "nearly parallel")


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("c", [0.0, 0.3, 0.9])
def test_it_is_in_its_ball_and_the_best_there(c: float, which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    mean = gradients.mean(0)
    found = CAGrad(c).combine(gradients, None).direction
    radius = c * mean.norm()
    assert float((found - mean).norm()) == pytest.approx(float(radius), rel=1e-9, abs=1e-300)
    best = float((gradients @ found).min())
    generator = torch.Generator().manual_seed(0)
    for scale in (1.0, 0.1, 0.01, 1e-3):
        moved = (found - mean) + scale * radius * torch.randn(300, 1, generator=generator, dtype=torch.float64) * (
            torch.randn(300, len(gradients), generator=generator, dtype=torch.float64) @ gradients / gradients.norm()
        )
        others = mean + moved * (radius / moved.norm(dim=1, keepdim=True).clamp_min(float(radius) + 1e-300))
        assert float((others @ gradients.T).min(dim=1).values.max()) <= best + 1e-6 * abs(best) + 1e-12
    assert best >= float((gradients @ mean).min()) - 1e-12


def test_the_ball_has_a_size() -> None:
    with pytest.raises(UserError, match="`c` of aggregator `cagrad` is -1"):
        CAGrad(-1.0)
