"""NNCG on functions whose minima are known: Newton's steps, lengths by Armijo's rule, and a loss that never rises."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.optimizers import NNCG

F64 = torch.float64


def test_a_step_is_newtons(objective_of: Any, known: Any) -> None:
    theta = torch.tensor([1.1, 1.2], dtype=F64)
    rows = known["rosenbrock"].rows
    objective = objective_of(rows, theta)
    optimizer = NNCG(mu=1e-3, tolerance=1e-12)
    made = optimizer.step(objective, theta, optimizer.start(theta))
    hessian = torch.autograd.functional.hessian(lambda at: 0.5 * (rows(at) @ rows(at)), theta)
    direction = torch.linalg.solve(hessian + 1e-3 * torch.eye(2, dtype=F64), objective.evaluate(theta).gradient)
    assert made.report["length"] == 1.0
    torch.testing.assert_close(made.theta, theta - direction, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("rank", [5, 40])
def test_a_quadratic_is_solved_in_a_few_steps(objective_of: Any, run: Any, linear: Any, rank: int) -> None:
    matrix, right = linear(60, 40, decades=2.0)
    theta = torch.zeros(40, dtype=F64)
    optimizer = NNCG(rank=rank, mu=1e-8, tolerance=1e-6, iterations=200)
    found, made = run(objective_of(lambda at: matrix @ at - right, theta), theta, 4, optimizer)
    torch.testing.assert_close(found, torch.linalg.lstsq(matrix, right[:, None]).solution[:, 0], rtol=1e-5, atol=1e-6)
    assert made[0].report["length"] == 1.0
    if rank == 40:
        assert made[0].report["products"] <= 3, "the preconditioner is the inverse, up to its shift"


@pytest.mark.parametrize("iterations", [2, 100])
def test_the_loss_never_rises(objective_of: Any, run: Any, known: Any, iterations: int) -> None:
    theta = known["rosenbrock"].start
    optimizer = NNCG(iterations=iterations, frequency=5)
    found, made = run(objective_of(known["rosenbrock"].rows, theta), theta, 200, optimizer)
    losses = [step.loss for step in made]
    assert all(after <= before for before, after in pairwise(losses))
    assert any(step.report.get("length", 1.0) < 1.0 for step in made)
    torch.testing.assert_close(found, torch.ones(2, dtype=F64), rtol=0.0, atol=1e-5)


def test_from_a_ridge_with_negative_curvature_it_descends(objective_of: Any, run: Any) -> None:
    """The loss ((x^2 - 1)^2 + y^2)/2 has H = diag(-2, 1) on the ridge x = 0, and its minima at x = +-1."""
    theta = torch.tensor([1e-3, 0.5], dtype=F64)
    objective = objective_of(lambda at: torch.stack((at[0] ** 2 - 1.0, at[1])), theta)
    found, made = run(objective, theta, 60, NNCG())
    assert made[0].report["negative"] == 1.0
    assert float(found[0].abs()) == pytest.approx(1.0, abs=1e-6)
    assert float(found[1]) == pytest.approx(0.0, abs=1e-6)


def test_the_approximation_is_renewed_after_so_many_steps(objective_of: Any, run: Any, known: Any) -> None:
    theta = known["rosenbrock"].start
    _, made = run(objective_of(known["rosenbrock"].rows, theta), theta, 7, NNCG(frequency=3))
    kept = [step.state.nystrom for step in made]
    assert [after is before for before, after in pairwise(kept)] == [True, True, False, True, True, False]
    assert [step.state.age for step in made] == [1, 2, 3, 1, 2, 3, 1]


def test_a_seed_gives_the_steps_again(objective_of: Any, run: Any, linear: Any) -> None:
    matrix, right = linear(60, 40, decades=3.0)
    theta = torch.zeros(40, dtype=F64)
    objective = objective_of(lambda at: torch.sin(matrix @ at) - right, theta)
    optimizer = NNCG(rank=5, iterations=3)
    first, again = (run(objective, theta, 4, optimizer)[0] for _ in range(2))
    other, _ = run(objective, theta, 4, replace(optimizer, seed=1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_a_lower_loss_it_tries_a_new_approximation_and_then_ends(objective_of: Any, known: Any) -> None:
    theta = torch.tensor([1.0, 1.0], dtype=F64)
    objective = objective_of(known["rosenbrock"].rows, theta + 0.1)
    made = NNCG().step(objective, theta + 0.1, NNCG().start(theta))
    # Rows that are no number anywhere else: no length helps.
    lonely = objective_of(lambda at: torch.where((at == made.theta).all(), at, float("nan")), made.theta)
    optimizer = NNCG()
    second = optimizer.step(lonely, made.theta, made.state)
    assert second.finished is None
    assert second.state.nystrom is None
    third = optimizer.step(lonely, second.theta, second.state)
    assert third.finished == "the line search found no lower loss"
    assert torch.equal(third.theta, made.theta)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rank": 0}, "`rank` of optimizer `nncg` is 0; it needs a number above 0"),
        ({"shrink": 1.0}, "`shrink` of optimizer `nncg` is 1; it needs a number between 0 and 1"),
        ({"seed": -1}, "`seed` of optimizer `nncg` is -1; it needs 0 or more"),
    ],
)
def test_options_are_checked(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        NNCG(**options)
