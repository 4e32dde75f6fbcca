"""Muon against torch's optimizers on tensors by hand, and its first step against the singular vectors."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Muon

FACTORS = torch.arange(1.0, 21.0, dtype=torch.float64)


def objective_and_start(shaped: Any, *shapes: tuple[int, ...]) -> tuple[Objective, Tensor]:
    """A quadratic with twenty curvatures over tensors of these shapes."""
    theta = torch.randn(20, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return shaped(lambda at: at * FACTORS, theta, *shapes), theta


def test_matrices_get_muon_and_the_rest_gets_adam(run: Any, shaped: Any) -> None:
    objective, theta = objective_and_start(shaped, (4, 3), (4,), (1, 4))
    matrices, vector = [theta[:12].view(4, 3).clone(), theta[16:].view(1, 4).clone()], theta[12:16].clone()
    leaves = [tensor.requires_grad_() for tensor in (matrices[0], vector, matrices[1])]
    peers = (
        torch.optim.Muon(matrices, lr=0.02, weight_decay=0.0, momentum=0.9, adjust_lr_fn="match_rms_adamw"),
        torch.optim.Adam([vector], lr=0.02, betas=(0.8, 0.9), eps=1e-6),
    )
    muon = Muon(lr=0.02, decay=1.0, momentum=0.9, beta1=0.8, beta2=0.9, epsilon=1e-6)
    theta, _ = run(objective, theta, 10, muon)
    for _ in range(10):
        for peer in peers:
            peer.zero_grad()
        (0.5 * (torch.cat([leaf.reshape(-1) for leaf in leaves]) * FACTORS).square().sum()).backward()
        for peer in peers:
            peer.step()
    ends = torch.cat([leaf.detach().reshape(-1) for leaf in leaves])
    # The iteration computes in bfloat16: a gradient that differs by a rounding may round to another number there.
    torch.testing.assert_close(theta, ends, rtol=1e-3, atol=1e-3)


def test_a_step_has_the_singular_vectors_of_the_gradient_and_equal_lengths_along_them(shaped: Any) -> None:
    objective, theta = objective_and_start(shaped, (5, 4))
    muon = Muon(lr=0.1)
    made = muon.step(objective, theta, muon.start(theta))
    left, _, right = torch.linalg.svd(objective.evaluate(theta).gradient.view(5, 4), full_matrices=False)
    inside = left.T @ (theta - made.theta).view(5, 4) @ right.T / (0.1 * 0.2 * 5**0.5)
    lengths = inside.diagonal()
    assert float((inside - torch.diag(lengths)).abs().max()) < 0.03
    assert float(lengths.min()) > 0.6
    assert float(lengths.max()) < 1.3


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UserError, match="`momentum` of optimizer `muon` is -1; it needs 0 or more"):
        Muon(momentum=-1.0)
