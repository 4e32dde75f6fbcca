"""Adam against the update of torch on the same gradients."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers import Adam


def rows(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y)))


def peer(theta: Tensor, steps: int, **options: Any) -> list[Tensor]:
    """The path of torch's own Adam; its rate is set before every step where `rates` are given."""
    rates = options.pop("rates", None)
    leaf = theta.clone().requires_grad_()
    optimizer = torch.optim.Adam([leaf], **options)
    path = []
    for count in range(steps):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[count]
        optimizer.zero_grad()
        values = rows(leaf)
        (0.5 * (values @ values)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        path.append(leaf.detach().clone())
    return path


@pytest.mark.parametrize(
    ("lr", "beta1", "beta2", "epsilon"), [(1e-3, 0.9, 0.999, 1e-8), (0.3, 0.8, 0.95, 1e-8), (0.1, 0.0, 0.9, 0.5)]
)
def test_the_update_is_that_of_torch(
    objective_of: Any, run: Any, lr: float, beta1: float, beta2: float, epsilon: float, device: str
) -> None:
    theta = torch.tensor([-1.0, 0.7], dtype=torch.float64, device=device)
    adam = Adam(lr=lr, decay=1.0, beta1=beta1, beta2=beta2, epsilon=epsilon)
    _, made = run(objective_of(rows, theta), theta, 20, adam)
    theirs = peer(theta, 20, lr=lr, betas=(beta1, beta2), eps=epsilon)
    torch.testing.assert_close(torch.stack([step.theta for step in made]), torch.stack(theirs), rtol=1e-12, atol=1e-12)


def test_the_rate_rises_and_decays(objective_of: Any, run: Any) -> None:
    theta = torch.tensor([-1.0, 0.7], dtype=torch.float64)
    adam = Adam(lr=0.2, decay=0.5, decay_every=10, warmup=4)
    rates = [0.2 * min(1.0, (count + 1) / 4) * 0.5 ** (count / 10) for count in range(20)]
    assert [adam.rate(count) for count in range(20)] == pytest.approx(rates, rel=1e-15)
    _, made = run(objective_of(rows, theta), theta, 20, adam)
    theirs = peer(theta, 20, lr=1.0, rates=rates)
    torch.testing.assert_close(torch.stack([step.theta for step in made]), torch.stack(theirs), rtol=1e-12, atol=1e-12)
