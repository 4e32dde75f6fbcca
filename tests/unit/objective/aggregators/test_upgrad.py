"""UPGrad.

1. No loss rises.
2. Without conflict it is the mean; with conflict, the mean of projections found by another quadratic program.
3. It is linear when each gradient is scaled by itself, for orthogonal projections commute with positive factors of x.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor

from pinnkit.objective.aggregators import UPGrad


def projected(gradients: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The point of the dual cone nearest to x, in its own coordinates."""
    found = minimize(
        lambda v: 0.5 * np.sum((v - x) ** 2),
        x,
        jac=lambda v: v - x,
        constraints={"type": "ineq", "fun": lambda v: gradients @ v, "jac": lambda v: gradients},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return np.asarray(found.x)


@pytest.mark.parametrize("which", ["2 at random", "5 at random", "10 at random", "in conflict", "of unlike sizes"])
def test_no_loss_rises(which: str, sets: Mapping[str, Tensor], no_loss_rises: Callable[[Tensor, Tensor], None]) -> None:
    no_loss_rises(sets[which], UPGrad().combine(sets[which], None).direction)


def test_without_conflict_it_is_the_mean(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["nearly parallel"]
    torch.testing.assert_close(UPGrad().combine(gradients, None).direction, gradients.mean(0))


@pytest.mark.parametrize("which", ["2 at random", "5 at random", "in conflict"])
def test_it_is_the_mean_of_the_projections(which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which].numpy()
    expected = np.mean([projected(gradients, own) for own in gradients], axis=0)
    found = UPGrad().combine(sets[which], None).direction.numpy()
    assert found == pytest.approx(expected, abs=1e-6 * float(np.linalg.norm(expected)))


def test_it_scales_with_every_gradient(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["in conflict"]

    def along(factors: Tensor) -> Tensor:
        return UPGrad().combine(factors[:, None] * gradients, None).direction

    ones = torch.eye(3, dtype=torch.float64)
    parts = [along(1 + own) - along(torch.ones(3, dtype=torch.float64)) for own in ones]
    expected = along(torch.ones(3, dtype=torch.float64)) + 4 * parts[0] + 2 * parts[2]
    torch.testing.assert_close(along(torch.tensor([5.0, 1.0, 3.0], dtype=torch.float64)), expected)
