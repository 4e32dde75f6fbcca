"""L-BFGS against the dense inverse, and on functions whose minima are known."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers import LBFGS
from pinnkit.optimizers.lbfgs import LBFGSState, _inverse_times

F64 = torch.float64


def pairs(count: int, size: int) -> tuple[tuple[Tensor, Tensor], ...]:
    """Steps and changes of gradient of a convex function, so that every product is positive."""
    generator = torch.Generator().manual_seed(5)
    factor = torch.randn(size, size, generator=generator, dtype=F64)
    hessian = factor @ factor.T + torch.eye(size, dtype=F64)
    steps = torch.randn(count, size, generator=generator, dtype=F64)
    return tuple((s, hessian @ s) for s in steps)


def dense_inverse(known: tuple[tuple[Tensor, Tensor], ...], size: int) -> Tensor:
    """H from the identity, scaled by the last pair, and one BFGS update a pair (Nocedal and Wright, eq. 6.17)."""
    eye = torch.eye(size, dtype=F64)
    if not known:
        return eye
    s, y = known[-1]
    inverse = (s @ y) / (y @ y) * eye
    for s, y in known:
        rho = 1.0 / (s @ y)
        left = eye - rho * torch.outer(s, y)
        inverse = left @ inverse @ left.T + rho * torch.outer(s, s)
    return inverse


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9])
def test_two_loops_are_the_dense_inverse(count: int) -> None:
    known, gradient = pairs(count, 6), torch.linspace(-1.0, 2.0, 6, dtype=F64)
    before = gradient.clone()
    expected = dense_inverse(known, 6) @ gradient
    torch.testing.assert_close(_inverse_times(gradient, known), expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(gradient, before)


def test_the_last_pair_is_a_secant() -> None:
    known = pairs(4, 6)
    torch.testing.assert_close(_inverse_times(known[-1][1], known), known[-1][0], rtol=1e-12, atol=1e-12)


def run(objective: Any, theta: Tensor, steps: int, optimizer: LBFGS) -> tuple[Tensor, list[float], Any]:
    state, losses = optimizer.start(theta), []
    for _ in range(steps):
        made = optimizer.step(objective, theta, state)
        losses.append(made.loss)
        theta, state = made.theta, made.state
        if made.finished is not None:
            break
    return theta, losses, state


def test_a_quadratic_is_solved_in_a_few_dozen_steps(objective_of: Any, device: str) -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(30, 10, generator=generator, dtype=F64).to(device)
    right = torch.randn(30, generator=generator, dtype=F64).to(device)
    theta = torch.zeros(10, dtype=F64, device=device)
    found, losses, _ = run(objective_of(lambda at: matrix @ at - right, theta), theta, 36, LBFGS())
    best = torch.linalg.lstsq(matrix.cpu(), right.cpu()[:, None]).solution[:, 0]
    torch.testing.assert_close(found.cpu(), best, rtol=1e-7, atol=1e-7)
    assert all(after <= before for before, after in pairwise(losses))


def rosenbrock(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((10.0 * (y - x * x), 1.0 - x))


def freudenstein_roth(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((x - 13.0 + ((5.0 - y) * y - 2.0) * y, x - 29.0 + ((y + 1.0) * y - 14.0) * y))


def powell_singular(theta: Tensor) -> Tensor:
    a, b, c, d = theta
    return torch.stack((a + 10.0 * b, 5.0**0.5 * (c - d), (b - 2.0 * c) ** 2, 10.0**0.5 * (a - d) ** 2))


def helical_valley(theta: Tensor) -> Tensor:
    x, y, z = theta
    angle = torch.atan2(y, x) / (2.0 * torch.pi)
    return torch.stack((10.0 * (z - 10.0 * angle), 10.0 * (torch.sqrt(x * x + y * y) - 1.0), z))


@pytest.mark.parametrize(
    ("function", "start", "squares", "within"),
    [
        (rosenbrock, [-1.2, 1.0], 0.0, 1e-20),
        (freudenstein_roth, [0.5, -2.0], 48.98425367924, 1e-8),
        (powell_singular, [3.0, -1.0, 0.0, 1.0], 0.0, 1e-12),
        (helical_valley, [-1.0, 0.01, 0.0], 0.0, 1e-20),
    ],
    ids=["rosenbrock", "freudenstein_roth", "powell_singular", "helical_valley"],
)
def test_known_minima(
    objective_of: Any, function: Callable[[Tensor], Tensor], start: list[float], squares: float, within: float
) -> None:
    """The sums of squares of J. J. Moré, B. S. Garbow, K. E. Hillstrom, ACM Trans. Math. Softw. 7 (1981)."""
    theta = torch.tensor(start, dtype=F64)
    found, losses, _ = run(objective_of(function, theta), theta, 100, LBFGS())
    rows = function(found)
    assert float(rows @ rows) == pytest.approx(squares, abs=within)
    assert all(after <= before for before, after in pairwise(losses))


def test_no_more_pairs_are_kept_than_asked_for(objective_of: Any) -> None:
    theta = torch.tensor([-1.2, 1.0], dtype=F64)
    _, _, state = run(objective_of(rosenbrock, theta), theta, 9, LBFGS(history=3))
    assert len(state.pairs) == 3


def test_a_history_that_leads_uphill_is_dropped_once(objective_of: Any) -> None:
    theta = torch.tensor([-1.2, 1.0], dtype=F64)
    objective, optimizer = objective_of(rosenbrock, theta), LBFGS()
    gradient = objective.evaluate(theta).gradient
    bad = LBFGSState(pairs=((gradient, -gradient),))
    made = optimizer.step(objective, theta, bad)
    assert torch.equal(made.theta, theta)
    assert made.finished is None
    assert made.state.pairs == ()
    again = optimizer.step(objective, made.theta, made.state)
    assert objective.evaluate(again.theta).loss < made.loss


def test_it_ends_where_no_length_lowers_the_loss(objective_of: Any) -> None:
    theta = torch.tensor([1.0], dtype=F64)
    # The slope points out of the domain: every length gives no number.
    objective = objective_of(lambda at: torch.where(at < 1.0, float("nan"), at), theta)
    made = LBFGS().step(objective, theta, LBFGS().start(theta))
    assert made.finished == "the line search found no lower loss"
    assert torch.equal(made.theta, theta)
