"""Adam against the update of torch on the same gradients."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
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


@pytest.mark.parametrize(("restart", "growth"), [(7, 1), (5, 2), (1, 3), (30, 2)])
def test_the_waves_of_the_rate_are_those_of_torch(objective_of: Any, run: Any, restart: int, growth: int) -> None:
    theta = torch.tensor([-1.0, 0.7], dtype=torch.float64)
    adam = Adam(lr=0.2, decay=1.0, beta1=0.9, beta2=0.9, restart=restart, restart_growth=growth)
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, restart, growth)
    rates = []
    for _ in range(60):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert max(rates[1:]) > 1.5 * min(rates) or restart == 1
    assert [adam.rate(count) for count in range(60)] == pytest.approx(rates, rel=1e-12, abs=1e-15)
    _, made = run(objective_of(rows, theta), theta, 40, adam)
    theirs = peer(theta, 40, lr=1.0, betas=(0.9, 0.9), rates=rates)
    torch.testing.assert_close(torch.stack([step.theta for step in made]), torch.stack(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("floor", [0.0, 0.1, 1.0])
def test_waves_fall_to_a_floor(floor: float) -> None:
    adam = Adam(lr=0.2, decay=1.0, restart=50, restart_floor=floor)
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50, eta_min=0.2 * floor)
    rates = []
    for _ in range(50):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert [adam.rate(count) for count in range(50)] == pytest.approx(rates, rel=1e-12, abs=1e-15)
    with pytest.raises(UserError, match="`restart_floor` of optimizer `adam` is 2; it needs 0 to 1"):
        Adam(restart_floor=2)


def test_waves_are_those_of_a_decaying_rate() -> None:
    """Rise and decay stay as they are, and every wave begins with the full rate."""
    plain = Adam(lr=0.2, decay=0.5, decay_every=10, warmup=4)
    waves = Adam(lr=0.2, decay=0.5, decay_every=10, warmup=4, restart=3, restart_growth=2)
    for begin, length in ((0, 3), (3, 6), (9, 12)):
        for step in range(length):
            factor = 0.5 * (1.0 + math.cos(math.pi * step / length))
            assert waves.rate(begin + step) == pytest.approx(factor * plain.rate(begin + step), rel=1e-14)
    assert waves.rate(10**9) >= 0.0


def test_waves_without_length_are_refused() -> None:
    with pytest.raises(UserError, match="`restart` of optimizer `adam` is 0; it needs at least 1"):
        Adam(restart=0)
    with pytest.raises(UserError, match="`restart_growth` of optimizer `adam` is -2; it needs at least 1"):
        Adam(restart_growth=-2)
