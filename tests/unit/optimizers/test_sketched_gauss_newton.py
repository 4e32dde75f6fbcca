"""Without a sketch it is Levenberg-Marquardt; with one the loss never rises, and a seed gives the steps again."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.optimizers import LevenbergMarquardt, SketchedGaussNewton
from pinnkit.optimizers.sketched_gauss_newton import SketchedState

F64 = torch.float64
Function = Callable[[Tensor], Tensor]


def waves(rows: int, size: int) -> Function:
    """Curved rows that vanish together at zero: A theta + sin(B theta)^2."""
    generator = torch.Generator().manual_seed(size)
    a, b = (torch.randn(rows, size, generator=generator, dtype=F64) / size**0.5 for _ in range(2))
    return lambda theta: a @ theta + torch.sin(b @ theta) ** 2


def start(size: int) -> Tensor:
    return torch.linspace(-1, 1, size, dtype=F64)


@pytest.mark.parametrize("shape", [(40, 12), (8, 12)], ids=["over", "under"])
@pytest.mark.parametrize("acceleration", [False, True])
def test_without_a_sketch_it_is_the_damped_least_squares_step(
    objective_of: Any, shape: tuple[int, int], acceleration: bool
) -> None:
    theta, objective = start(12), objective_of(waves(*shape), start(12))
    optimizer = SketchedGaussNewton(acceleration=acceleration, radius=0.1)
    made = optimizer.step(objective, theta, optimizer.start(theta))
    damping = made.report["damping"]
    same = LevenbergMarquardt(damping=damping, acceleration=acceleration, corrections=0, tries=1)
    truth = same.step(objective, theta, same.start(theta))
    assert not torch.equal(truth.theta, theta)
    torch.testing.assert_close(made.theta, truth.theta, rtol=1e-9, atol=1e-11)
    assert made.report["gain"] == pytest.approx(truth.report["gain"], rel=1e-7)
    assert made.report["bend"] == pytest.approx(truth.report["bend"], rel=1e-7)
    if not acceleration:
        assert float((made.theta - theta).norm()) == pytest.approx(made.report["radius"], rel=1e-8)


@pytest.mark.parametrize(
    ("options", "share"),
    [({}, 1e-12), ({"columns": 8}, 1e-3), ({"rows": 30}, 1e-3), ({"columns": 8, "rows": 20}, 0.05)],
    ids=str,
)
@pytest.mark.parametrize("acceleration", [False, True])
def test_the_loss_never_rises(
    objective_of: Any, run: Any, options: dict[str, Any], share: float, acceleration: bool
) -> None:
    theta = start(24)
    optimizer = SketchedGaussNewton(acceleration=acceleration, **options)
    _, made = run(objective_of(waves(60, 24), theta), theta, 40, optimizer)
    losses = [step.loss for step in made]
    assert all(after <= before for before, after in pairwise(losses))
    assert losses[-1] < share * losses[0]


@pytest.mark.parametrize("options", [{}, {"columns": 10}, {"rows": 30}], ids=str)
@pytest.mark.parametrize("shape", [(60, 20), (12, 20)], ids=["over", "under"])
def test_linear_rows_are_solved(objective_of: Any, run: Any, shape: tuple[int, int], options: dict[str, Any]) -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(*shape, generator=generator, dtype=F64)
    answer = torch.randn(20, generator=generator, dtype=F64)
    theta = torch.zeros(20, dtype=F64)
    objective = objective_of(lambda at: matrix @ (at - answer), theta)
    found, _ = run(objective, theta, 120, SketchedGaussNewton(**options))
    assert float((matrix @ (found - answer)).abs().max()) < 1e-10


def test_the_largest_radius_that_gains_enough_is_taken(objective_of: Any) -> None:
    """Rows as large as theta - 1 and as steep, up to a distance of 2 from the start, where a wall begins."""
    theta = torch.full((1,), 10.0, dtype=F64)
    objective = objective_of(lambda at: at - 1.0 + 50.0 * torch.clamp(8.0 - at, min=0.0), theta)
    optimizer = SketchedGaussNewton(radius=1.0, trials=5, acceleration=False)
    made = optimizer.step(objective, theta, optimizer.start(theta))
    spread = [3.0 ** (1.0 - i / 2.0) for i in range(5)]
    assert made.report["radius"] == pytest.approx(max(r for r in spread if r <= 2.0))
    assert (made.state.radius, made.state.count) == (made.report["radius"], 1)


def test_where_none_gains_enough_the_lowest_loss_is_taken_and_the_radius_falls(objective_of: Any) -> None:
    theta = torch.full((1,), 3.0, dtype=F64)
    objective = objective_of(lambda at: at**3, theta)
    optimizer = SketchedGaussNewton(radius=1.0, gain=1e3, acceleration=False)
    made = optimizer.step(objective, theta, optimizer.start(theta))
    # The unbounded step, -1 from 3, brings the lowest loss of all.
    assert float(made.theta) == pytest.approx(2.0)
    assert made.state.radius == pytest.approx(1.0 / 3.0)


def test_a_step_that_no_radius_bounds_leaves_the_radius(objective_of: Any) -> None:
    theta = torch.full((3,), 0.1, dtype=F64)
    optimizer = SketchedGaussNewton(radius=5.0)
    made = optimizer.step(objective_of(lambda at: 2.0 * at, theta), theta, optimizer.start(theta))
    assert made.report["damping"] == 0.0
    assert made.state.radius == 5.0
    assert float(made.theta.abs().max()) < 1e-15


def test_a_seed_gives_the_steps_again_also_across_a_cut(objective_of: Any, run: Any) -> None:
    theta = start(24)
    objective = objective_of(waves(60, 24), theta)
    optimizer = SketchedGaussNewton(columns=8, rows=24)
    whole, made = run(objective, theta, 6, optimizer)
    again, _ = run(objective, theta, 6, optimizer)
    assert torch.equal(whole, again)
    # A copy of the numbers alone goes on as the run did.
    resumed, state = made[2].theta.clone(), SketchedState(made[2].state.radius, made[2].state.count)
    for _ in range(3):
        step = optimizer.step(objective, resumed, state)
        resumed, state = step.theta, step.state
    assert torch.equal(resumed, whole)
    other, _ = run(objective, theta, 6, replace(optimizer, seed=1))
    assert not torch.equal(other, whole)


@pytest.mark.parametrize("options", [{}, {"rows": 24}], ids=str)
def test_chunks_change_nothing(objective_of: Any, run: Any, options: dict[str, Any]) -> None:
    theta = start(24)
    optimizer = SketchedGaussNewton(columns=8, **options)
    whole, _ = run(objective_of(waves(60, 24), theta), theta, 5, optimizer)
    parts, _ = run(objective_of(waves(60, 24), theta, blocks=7, chunk=9), theta, 5, optimizer)
    torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("acceleration", [False, True])
def test_a_change_that_leads_to_no_number_is_refused(objective_of: Any, run: Any, acceleration: bool) -> None:
    theta = torch.tensor([40.0], dtype=F64)
    objective = objective_of(torch.log, theta)
    optimizer = SketchedGaussNewton(radius=1e3, trials=2, acceleration=acceleration)
    # The unbounded step leads to 40 - 40 log 40 < 0.
    made = optimizer.step(objective, theta, optimizer.start(theta))
    assert torch.equal(made.theta, theta)
    assert made.finished is None
    assert math.isfinite(made.loss)
    assert made.state.radius < 1e3
    found, _ = run(objective, theta, 60, SketchedGaussNewton(radius=1e3, acceleration=acceleration))
    assert float(found) == pytest.approx(1.0, abs=1e-12)


def test_it_says_when_no_radius_helps(objective_of: Any, run: Any) -> None:
    theta = torch.ones(1, dtype=F64)
    objective = objective_of(lambda at: torch.where(at == 1.0, at, float("nan")), theta)
    found, made = run(objective, theta, 60, SketchedGaussNewton())
    assert made[-1].finished == "no radius lowers the loss any more"
    assert torch.equal(found, theta)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": 0}, "`columns` of optimizer `sketched_gauss_newton` is 0; it needs a number above 0"),
        ({"trials": 1}, "`trials` of optimizer `sketched_gauss_newton` is 1; it needs at least 2"),
        ({"rows": 3}, "`rows` of optimizer `sketched_gauss_newton` is 3; it needs at least 4"),
        ({"seed": -1}, "`seed` of optimizer `sketched_gauss_newton` is -1; it needs at least 0"),
    ],
)
def test_options_are_checked(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        SketchedGaussNewton(**options)


def test_a_sketch_of_the_rows_needs_less_memory() -> None:
    sizes = (8000, 100_000, 4096, 8)
    assert SketchedGaussNewton(rows=4000).memory(*sizes) < 0.5 * SketchedGaussNewton().memory(*sizes)
