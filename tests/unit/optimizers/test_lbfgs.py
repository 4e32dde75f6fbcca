"""L-BFGS against the dense inverse, and on functions whose minima are known."""

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


def test_a_quadratic_is_solved_in_a_few_dozen_steps(objective_of: Any, run: Any, device: str) -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(30, 10, generator=generator, dtype=F64).to(device)
    right = torch.randn(30, generator=generator, dtype=F64).to(device)
    theta = torch.zeros(10, dtype=F64, device=device)
    found, made = run(objective_of(lambda at: matrix @ at - right, theta), theta, 36, LBFGS())
    best = torch.linalg.lstsq(matrix.cpu(), right.cpu()[:, None]).solution[:, 0]
    torch.testing.assert_close(found.cpu(), best, rtol=1e-7, atol=1e-7)
    assert all(after.loss <= before.loss for before, after in pairwise(made))


@pytest.mark.parametrize(
    ("name", "within"),
    [("rosenbrock", 1e-20), ("freudenstein_roth", 1e-8), ("powell_singular", 1e-12), ("helical_valley", 1e-20)],
)
def test_known_minima(objective_of: Any, run: Any, known: Any, name: str, within: float) -> None:
    classical = known[name]
    theta = classical.start
    found, made = run(objective_of(classical.rows, theta), theta, 100, LBFGS())
    rows = classical.rows(found)
    assert float(rows @ rows) == pytest.approx(classical.squares, abs=within)
    assert all(after.loss <= before.loss for before, after in pairwise(made))


def test_no_more_pairs_are_kept_than_asked_for(objective_of: Any, run: Any, known: Any) -> None:
    rows, theta = known["rosenbrock"].rows, known["rosenbrock"].start
    _, made = run(objective_of(rows, theta), theta, 9, LBFGS(history=3))
    assert len(made[-1].state.pairs) == 3


def test_a_history_that_leads_uphill_is_dropped_once(objective_of: Any, known: Any) -> None:
    theta = known["rosenbrock"].start
    objective, optimizer = objective_of(known["rosenbrock"].rows, theta), LBFGS()
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
