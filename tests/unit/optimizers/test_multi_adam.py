"""MultiAdam.

1. The path is the mean of the steps of torch's Adam on the gradients of each group.
2. Multiplying the loss of a group by a number changes nothing.
3. With one group it is Adam.
4. A group whose gradient is rounding is left out.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Adam, MultiAdam

F64 = torch.float64
START = torch.tensor([-0.5, 1.5, 0.3], dtype=F64)


def rows(theta: Tensor) -> Tensor:
    x, y, z = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0), x + y * z))


def path(made: list[Any]) -> Tensor:
    return torch.stack([step.theta for step in made])


def test_the_path_is_the_mean_of_adam_s_steps(objective_of: Any, run: Any) -> None:
    _, made = run(objective_of(rows, START, blocks=2), START, 25, MultiAdam(lr=0.02, decay=1.0))
    theta = START.clone()
    copies = [torch.zeros(3, dtype=F64, requires_grad=True) for _ in range(2)]
    adams = [torch.optim.Adam([copy], lr=0.02, betas=(0.99, 0.99)) for copy in copies]
    for step in made:
        leaf = theta.clone().requires_grad_()
        moves = []
        for i, (copy, adam) in enumerate(zip(copies, adams, strict=True)):
            own = rows(leaf)[2 * i : 2 * i + 2]
            before = copy.detach().clone()
            copy.grad = torch.autograd.grad(0.5 * (own @ own), leaf)[0]
            adam.step()
            moves.append(copy.detach() - before)
        theta = theta + torch.stack(moves).mean(0)
        torch.testing.assert_close(step.theta, theta, rtol=1e-10, atol=1e-10)
        assert step.report["groups"] == 2


@pytest.mark.parametrize("factor", [1e8, 1e-4])
def test_the_scale_of_a_loss_has_no_part(objective_of: Any, run: Any, factor: float) -> None:
    plain: Objective = objective_of(rows, START, blocks=2)
    scaled = plain.reweighted({"block_0": factor})
    optimizer = MultiAdam(lr=0.02, epsilon=1e-30)
    (_, one), (_, other) = (run(own, START, 40, optimizer) for own in (plain, scaled))
    torch.testing.assert_close(path(one), path(other), rtol=1e-9, atol=1e-9)
    (_, one), (_, other) = (run(own, START, 40, Adam(lr=0.02)) for own in (plain, scaled))
    assert float((path(one) - path(other)).abs().max()) > 1e-3


def test_with_one_group_it_is_adam(objective_of: Any, run: Any) -> None:
    objective = objective_of(rows, START)
    _, ours = run(objective, START, 25, MultiAdam(lr=0.02, decay=0.5, decay_every=10, warmup=5))
    _, theirs = run(objective, START, 25, Adam(lr=0.02, decay=0.5, decay_every=10, warmup=5, beta1=0.99, beta2=0.99))
    torch.testing.assert_close(path(ours), path(theirs), rtol=1e-10, atol=1e-10)


def test_a_group_that_is_rounding_is_left_out(objective_of: Any, run: Any) -> None:
    def nearly(theta: Tensor) -> Tensor:
        return torch.cat((rows(theta), 1e-16 * torch.stack((theta[0] - 0.1, theta[2]))))

    dead: Objective = objective_of(nearly, START, blocks=3)
    alive: Objective = objective_of(rows, START, blocks=2)
    _, made = run(dead, START, 20, MultiAdam(lr=0.02))
    assert {step.report["groups"] for step in made} == {2.0}
    _, plain = run(alive, START, 20, MultiAdam(lr=0.02))
    torch.testing.assert_close(path(made), path(plain), rtol=1e-12, atol=1e-12)
