"""M-ConFIG.

1. The path is that of an independent transcription of the published update.
2. The first m - 1 steps stay, and differentiate one group each, as all others do.
3. The cosines of the direction with all bias-corrected means are equal.
4. With one group it is Adam.
5. Losses that were not made are the last known ones; on fresh points all are made.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam, MConFIG

F64 = torch.float64
START = torch.tensor([-0.5, 1.5, 0.3], dtype=F64)


def rows(theta: Tensor) -> Tensor:
    x, y, z = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0), x + y * z, z - 2.0, torch.cos(x * z)))


def groups_of(objective_of: Any, theta: Tensor) -> Objective:
    made: Objective = objective_of(rows, theta, blocks=3)
    return made


def transcribed(count: int, lr: float, b1: float = 0.9, b2: float = 0.999) -> list[Tensor]:
    """The published update for three losses, by the pseudo-inverse."""
    theta, path = START.clone(), []
    means, turns = [torch.zeros(3, dtype=F64)] * 3, [0, 0, 0]
    pseudo, second, updates = torch.zeros(3, dtype=F64), torch.zeros(3, dtype=F64), 0
    for step in range(count):
        i = step % 3
        leaf = theta.clone().requires_grad_()
        own = rows(leaf)[2 * i : 2 * i + 2]
        gradient = torch.autograd.grad(0.5 * (own @ own), leaf)[0]
        means[i] = b1 * means[i] + (1 - b1) * gradient
        turns[i] += 1
        if min(turns) > 0:
            updates += 1
            hats = torch.stack([mean / (1 - b1**n) for mean, n in zip(means, turns, strict=True)])
            units = hats / hats.norm(dim=1, keepdim=True)
            v = torch.linalg.pinv(units) @ torch.ones(3, dtype=F64)
            v = v / v.norm()
            c = (hats @ v).sum() * v
            now = c * (1 - b1**updates)
            fake = (now - b1 * pseudo) / (1 - b1)
            pseudo, second = now, b2 * second + (1 - b2) * fake**2
            theta = theta - lr * c / (torch.sqrt(second / (1 - b2**updates)) + 1e-8)
        path.append(theta)
    return path


def test_the_path_is_the_published_one(objective_of: Any, run: Any) -> None:
    optimizer = MConFIG(lr=0.02, decay=1.0)
    _, made = run(groups_of(objective_of, START), START, 30, optimizer)
    expected = transcribed(30, 0.02)
    assert all(torch.equal(step.theta, START) for step in made[:2])
    assert not torch.equal(made[2].theta, START)
    torch.testing.assert_close(torch.stack([step.theta for step in made]), torch.stack(expected), rtol=1e-9, atol=1e-9)


def test_a_step_differentiates_one_group(objective_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    objective, optimizer, asked = groups_of(objective_of, START), MConFIG(), []
    plain = Objective.evaluate_groups

    def noted(self: Objective, theta: Tensor, only: Any = None) -> Any:
        asked.append(tuple(only))
        return plain(self, theta, only)

    monkeypatch.setattr(Objective, "evaluate_groups", noted)
    theta, state = START, optimizer.start(START)
    for _ in range(4):
        made = optimizer.step(objective, theta, state)
        theta, state = made.theta, made.state
    assert asked == [("block_0",), ("block_1",), ("block_2",), ("block_0",)]


def test_cosines_with_all_means_are_equal(objective_of: Any, run: Any) -> None:
    optimizer = MConFIG(lr=0.02, decay=1.0, epsilon=1e-8)
    _, made = run(groups_of(objective_of, START), START, 11, optimizer)
    state = made[-1].state
    direction = state.pseudo
    cosines = torch.stack(
        [direction @ mean / direction.norm() / mean.norm() for mean in state.firsts.values()],
    )
    torch.testing.assert_close(cosines, cosines.mean().expand(3), rtol=1e-9, atol=0.0)
    assert float(cosines.min()) > 0


def test_with_one_group_it_is_adam(objective_of: Any, run: Any) -> None:
    objective = objective_of(rows, START)
    _, ours = run(objective, START, 25, MConFIG(lr=0.02, decay=0.5, decay_every=10, warmup=5))
    _, theirs = run(objective, START, 25, Adam(lr=0.02, decay=0.5, decay_every=10, warmup=5))
    paths = [torch.stack([step.theta for step in made]) for made in (ours, theirs)]
    torch.testing.assert_close(*paths, rtol=1e-9, atol=1e-9)
    assert [step.loss for step in ours] == pytest.approx([step.loss for step in theirs], rel=1e-9)


def test_losses_are_the_last_known_ones(objective_of: Any) -> None:
    objective, optimizer = groups_of(objective_of, START), MConFIG(lr=0.05)
    theta, state = START, optimizer.start(START)
    seen = dict(objective.losses(objective.rows(theta)))
    for step in range(7):
        seen[f"block_{step % 3}"] = objective.losses(objective.rows(theta))[f"block_{step % 3}"]
        made = optimizer.step(objective, theta, state)
        assert made.losses == pytest.approx(seen, rel=1e-13)
        assert made.loss == pytest.approx(0.5 * sum(seen.values()), rel=1e-13)
        theta, state = made.theta, made.state
    other = groups_of(objective_of, theta)
    made = optimizer.step(other, theta, state)
    assert made.losses == pytest.approx(dict(other.losses(other.rows(theta))), rel=1e-13)
