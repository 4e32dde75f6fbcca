"""Levenberg-Marquardt on functions whose minima, curvature and rate of convergence are known."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.optimizers.levenberg_marquardt import LMState

F64 = torch.float64
Function = Callable[[Tensor], Tensor]


WITHIN = {
    "rosenbrock": 1e-24,
    "freudenstein_roth": 1e-9,
    "powell_singular": 1e-24,
    "helical_valley": 1e-24,
    "bard": 1e-14,
}
"""How close the sum of squares of each known function comes to its least."""


WAYS: tuple[dict[str, Any], ...] = ({}, {"acceleration": False}, {"corrections": 0}, {"damping": 1e-3})


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize(("name", "within"), WITHIN.items(), ids=WITHIN)
def test_known_minima_are_found_and_the_loss_never_rises(
    objective_of: Any, run: Any, known: Any, name: str, within: float, options: dict[str, Any]
) -> None:
    classical = known[name]
    theta = classical.start
    found, made = run(objective_of(classical.rows, theta), theta, 100, LevenbergMarquardt(**options))
    rows = classical.rows(found)
    assert float(rows @ rows) == pytest.approx(classical.squares, abs=within)
    losses = [step.loss for step in made]
    assert all(after <= before for before, after in pairwise(losses))


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_one_row_of_three_parameters_has_a_sphere_of_answers(
    objective_of: Any, run: Any, options: dict[str, Any]
) -> None:
    theta = torch.tensor([0.3, -0.1, 0.2], dtype=F64)
    objective = objective_of(lambda at: (at @ at - 4.0)[None], theta)
    found, made = run(objective, theta, 100, LevenbergMarquardt(**options))
    assert float(found @ found) == pytest.approx(4.0, abs=1e-12)
    assert all(after.loss <= before.loss for before, after in pairwise(made))


@pytest.mark.parametrize("shape", [(30, 10), (10, 30), (10, 10)], ids=["over", "under", "square"])
def test_linear_rows_are_solved_in_a_few_steps(
    objective_of: Any, run: Any, shape: tuple[int, int], device: str
) -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(*shape, generator=generator, dtype=F64).to(device)
    answer = torch.randn(shape[1], generator=generator, dtype=F64).to(device)
    theta = torch.zeros(shape[1], dtype=F64, device=device)
    found, _ = run(objective_of(lambda at: matrix @ (at - answer), theta), theta, 12, LevenbergMarquardt(damping=1e-3))
    assert float((matrix @ (found - answer)).abs().max()) < 1e-12


def test_a_step_is_bent_by_half_of_the_second_order_term(objective_of: Any) -> None:
    """For quadratic rows the difference quotient of the curvature is exact: d = s + a/2, A a = -J^T r_ss."""
    generator = torch.Generator().manual_seed(8)
    slopes = torch.randn(6, 3, generator=generator, dtype=F64)
    curves = 0.1 * torch.randn(6, 3, 3, generator=generator, dtype=F64)
    rows = torch.randn(6, generator=generator, dtype=F64)

    def function(at: Tensor) -> Tensor:
        return rows + slopes @ at + torch.einsum("nij,i,j->n", curves, at, at)

    theta = torch.zeros(3, dtype=F64)
    optimizer = LevenbergMarquardt(damping=2.0, corrections=0)
    made = optimizer.step(objective_of(function, theta), theta, optimizer.start(theta))
    matrix = slopes.T @ slopes + 2.0 * torch.eye(3, dtype=F64)
    step = -torch.linalg.solve(matrix, slopes.T @ rows)
    curvature = 2.0 * torch.einsum("nij,i,j->n", curves, step, step)
    acceleration = -torch.linalg.solve(matrix, slopes.T @ curvature)
    assert float(acceleration.norm()) > 0.01
    torch.testing.assert_close(made.theta, step + 0.5 * acceleration, rtol=1e-11, atol=1e-12)
    assert made.report["bend"] == pytest.approx(2.0 * float(acceleration.norm() / step.norm()), rel=1e-9)
    straight = LevenbergMarquardt(damping=2.0, acceleration=False, corrections=0)
    plain = straight.step(objective_of(function, theta), theta, straight.start(theta))
    torch.testing.assert_close(plain.theta, step, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("acceleration", "order"), [(False, 2.0), (True, 3.0)], ids=["newton", "bent"])
def test_the_order_of_convergence(objective_of: Any, run: Any, acceleration: bool, order: float) -> None:
    """Without damping: of second order for rows that vanish together, and of third with the curvature."""
    theta = torch.tensor([1.6, 0.7], dtype=F64)

    def function(at: Tensor) -> Tensor:
        x, y = at
        return torch.stack((x * x + y * y - 2.0, x * y - 1.0 + (x - 1.0) ** 2, x - y + 0.3 * (x * x - 1.0)))

    optimizer = LevenbergMarquardt(damping=1e-30, acceleration=acceleration, corrections=0)
    _, made = run(objective_of(function, theta), theta, 10, optimizer)
    distances = [math.sqrt(2.0 * step.loss) for step in made]
    logs = [math.log(d) for d in distances if d > 1e-13]
    observed = (logs[-1] - logs[-2]) / (logs[-2] - logs[-3])
    assert observed == pytest.approx(order, abs=0.25)


def test_momentum_holds_the_step_to_the_last_change(objective_of: Any) -> None:
    """For linear rows the second change is the least of |r + J s|^2 + lambda |s - mu d|^2."""
    generator = torch.Generator().manual_seed(4)
    matrix = torch.randn(7, 4, generator=generator, dtype=F64)
    constant = torch.randn(7, generator=generator, dtype=F64)
    theta = torch.zeros(4, dtype=F64)
    objective = objective_of(lambda at: matrix @ at + constant, theta)
    optimizer = LevenbergMarquardt(damping=20.0, momentum=0.6)
    first = optimizer.step(objective, theta, optimizer.start(theta))
    second = optimizer.step(objective, first.theta, first.state)
    damping, last = second.report["damping"], first.theta - theta
    stacked = torch.cat((matrix, damping**0.5 * torch.eye(4, dtype=F64)))
    aim = torch.cat((-(matrix @ first.theta + constant), damping**0.5 * 0.6 * last))
    expected = torch.linalg.lstsq(stacked, aim[:, None]).solution[:, 0]
    torch.testing.assert_close(second.theta - first.theta, expected, rtol=1e-10, atol=1e-12)


def test_a_lower_damping_that_was_refused_is_tried_again_later_and_later(objective_of: Any, run: Any) -> None:
    """A canyon as curved as this lets no step be long, so that most tries of a lower lambda are refused."""

    def canyon(at: Tensor) -> Tensor:
        return torch.stack((100.0 * (at[1] - torch.sin(6.0 * at[0])), 0.05 * (at[0] - 40.0)))

    theta = torch.zeros(2, dtype=F64)
    optimizer = LevenbergMarquardt(corrections=0, acceleration=False, momentum=0.0)
    _, made = run(objective_of(canyon, theta), theta, 60, optimizer)
    holds = [step.state.hold for step in made]
    assert {1, 3, 7} <= set(holds)
    for before, after in pairwise(made):
        if before.state.wait > 0 and after.report["gain"] > 0.25:
            assert after.report["damping"] >= before.report["damping"]


def test_the_end_tells_convergence_from_stagnation(objective_of: Any) -> None:
    """At a minimum nothing is foretold; where the Jacobian is not that of the rows, much is and nothing comes."""
    theta = torch.tensor([1.0], dtype=F64)
    flat = objective_of(lambda at: torch.stack((at[0] - 1.0 + 1e-9, torch.ones_like(at[0]))), theta)
    optimizer = LevenbergMarquardt(tries=60)
    assert str(optimizer.step(flat, theta, optimizer.start(theta)).finished).startswith("converged")
    kink = objective_of(lambda at: 1.0 + torch.abs(at - 1.0) + (at - at.detach()), theta)
    assert str(optimizer.step(kink, theta, optimizer.start(theta)).finished).startswith("stagnated")


def test_a_correction_leads_back_to_the_linear_model(objective_of: Any) -> None:
    """At r = e^0 with lambda = 2: s = -1/3 and r + J s = 2/3, so c = -(e^s - 2/3)/3."""
    theta = torch.zeros(1, dtype=F64)
    objective = objective_of(torch.exp, theta)
    ends = {}
    for corrections in (0, 5):
        optimizer = LevenbergMarquardt(damping=2.0, acceleration=False, corrections=corrections)
        made = optimizer.step(objective, theta, optimizer.start(theta))
        ends[int(made.report["corrections"])] = float(made.theta)
    step = -1.0 / 3.0
    assert ends == pytest.approx({0: step, 1: step - (math.exp(step) - 2.0 / 3.0) / 3.0}, rel=1e-12)


def test_a_change_that_leads_to_no_number_is_refused(objective_of: Any, run: Any) -> None:
    theta = torch.tensor([40.0], dtype=F64)
    objective = objective_of(torch.log, theta)
    for acceleration in (True, False):
        optimizer = LevenbergMarquardt(damping=1e-6, acceleration=acceleration, tries=1)
        made = optimizer.step(objective, theta, LMState(1e-6))
        assert torch.equal(made.theta, theta)
        assert made.finished is None
        assert made.state.damping == pytest.approx(5e-6)
        found, _ = run(objective, theta, 200, LevenbergMarquardt(damping=1e-6, acceleration=acceleration))
        assert float(found) == pytest.approx(1.0, abs=1e-12)


def test_a_jacobian_of_lower_rank_is_no_obstacle(objective_of: Any, run: Any) -> None:
    theta = torch.tensor([3.0, -1.0, 5.0], dtype=F64)
    objective = objective_of(lambda at: torch.stack([at[0] + at[1] - 1.0, 2.0 * (at[0] + at[1]) - 2.0] * 2), theta)
    found, _ = run(objective, theta, 20, LevenbergMarquardt())
    assert float(found[0] + found[1]) == pytest.approx(1.0, abs=1e-12)
    assert float(found[0] - found[1]) == pytest.approx(4.0, abs=1e-12), "it moves along the rows only"
    assert float(found[2]) == 5.0


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda at: at - 1.0, "every residual is zero"),
        (lambda at: 1.0 + (at - 1.0) ** 2, "the gradient is zero"),
        (lambda at: torch.where(at == 1.0, at, float("nan")), "stagnated"),
    ],
)
def test_it_says_why_there_is_no_point_in_going_on(
    objective_of: Any, run: Any, function: Function, reason: str
) -> None:
    theta = torch.ones(1, dtype=F64)
    found, made = run(objective_of(function, theta), theta, 20, LevenbergMarquardt())
    assert str(made[-1].finished).startswith(reason)
    assert torch.equal(found, theta)


def test_damping_follows_the_gain(objective_of: Any) -> None:
    theta = torch.tensor([4.0, -2.0], dtype=F64)
    optimizer = LevenbergMarquardt(damping=10.0)
    made = optimizer.step(objective_of(lambda at: 3.0 * at, theta), theta, optimizer.start(theta))
    # Linear rows do just what the model foretells.
    assert made.report["gain"] == pytest.approx(1.0, rel=1e-12)
    assert made.report["damping"] == 10.0
    assert made.state.damping == 2.0


def test_the_first_step_on_other_points_is_damped_more(objective_of: Any, known: Any) -> None:
    rows, theta = known["rosenbrock"].rows, known["rosenbrock"].start
    first, second = objective_of(rows, theta), objective_of(rows, theta)
    optimizer = LevenbergMarquardt()
    made = optimizer.step(first, theta, optimizer.start(theta))
    other = optimizer.step(second, made.theta, made.state)
    assert other.report["damping"] == pytest.approx(25.0 * made.state.damping)


def test_chunks_change_nothing(objective_of: Any, run: Any, known: Any) -> None:
    rows, theta = known["bard"].rows, known["bard"].start
    whole, _ = run(objective_of(rows, theta), theta, 5, LevenbergMarquardt())
    parts, _ = run(objective_of(rows, theta, blocks=4, chunk=4), theta, 5, LevenbergMarquardt())
    torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-10)
