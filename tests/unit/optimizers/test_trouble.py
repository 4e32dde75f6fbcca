"""What goes wrong in the rows of an objective, and what every optimizer of the table makes of it.

Satisfied: rows that do not determine the parameters are no obstacle; a trial that leads to no number is not taken, and
what was remembered serves the next step; at a zero there is nothing left to do.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers import OPTIMIZERS

NAMES = OPTIMIZERS.names()
WITHOUT_TRIAL = ("adam", "soap", "muon", "m_config", "multi_adam", "sven")
"""Methods that take their step unseen; the loop ends a run that such a step broke."""

Function = Callable[[Tensor], Tensor]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def doubled(theta: Tensor) -> Tensor:
    """Every column of the Jacobian comes twice: only the sums of two parameters count."""
    return torch.sin(random(9, 3) @ (theta[:3] + theta[3:])) - 0.3


def blind(theta: Tensor) -> Tensor:
    """Half of the columns are zero."""
    return torch.sin(random(9, 3) @ theta[:3]) - 0.3 + 0.0 * theta[3:].sum()


def alike(theta: Tensor) -> Tensor:
    """All rows are the same, so that J J^T has rank one."""
    return (theta @ theta - 1.0).expand(9)


def few(theta: Tensor) -> Tensor:
    """Two rows for six parameters."""
    return torch.sin(random(2, 6) @ theta) - 0.3


@pytest.mark.parametrize(
    ("name", "function", "chunk"),
    # sven needs all rows at once
    [
        pytest.param(name, function, chunk, id=f"{name}-{function.__name__}-{chunk}")
        for name in NAMES
        for function in (doubled, blind, alike, few)
        for chunk in (10**6, 5)
        if name != "sven" or function is few or chunk > 9
    ],
)
def test_rows_that_do_not_determine_the_parameters(
    objective_of: Any, run: Any, name: str, function: Function, chunk: int
) -> None:
    theta = 0.5 * random(6)
    objective = objective_of(function, theta, blocks=2, chunk=chunk)
    first = objective.evaluate(theta).loss
    theta, made = run(objective, theta, 30, OPTIMIZERS.build(name))
    assert bool(torch.isfinite(theta).all())
    assert all(math.isfinite(step.loss) for step in made)
    assert objective.evaluate(theta).loss < (first if name in WITHOUT_TRIAL else 0.9 * first)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_TRIAL])
def test_rows_with_a_common_zero_are_solved_and_then_it_rests(objective_of: Any, run: Any, name: str) -> None:
    """Whatever ends it, the parameters stay where the rows are zero to round-off."""
    matrix, exact = random(5, 5), torch.ones(5, dtype=torch.float64)
    objective = objective_of(lambda at: matrix @ (at - exact), 0.0 * exact)
    optimizer = OPTIMIZERS.build(name)
    theta, made = run(objective, 0.0 * exact, 2000, optimizer)
    assert made[-1].finished is not None
    assert objective.evaluate(theta).loss < 1e-16 * made[0].loss
    rest = optimizer.step(objective_of(lambda at: 0.0 * at, exact), exact, optimizer.start(exact))
    assert torch.equal(rest.theta, exact)
    assert rest.finished in ("every residual is zero", "the gradient is zero")


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_TRIAL])
def test_a_trial_that_leads_to_no_number_is_not_taken(objective_of: Any, run: Any, name: str, value: float) -> None:
    """The rows are numbers at the start alone, and the same from there on as those of an objective without a hole."""
    begin = 0.5 * random(4)

    def whole(theta: Tensor) -> Tensor:
        return torch.sin(random(7, 4) @ theta) - 0.3

    def hole(theta: Tensor) -> Tensor:
        return whole(theta) if torch.equal(theta.detach(), begin) else whole(theta) * value

    optimizer = OPTIMIZERS.build(name)
    holed, sound = objective_of(hole, begin), objective_of(whole, begin)
    made = optimizer.step(holed, begin, optimizer.start(begin))
    assert torch.equal(made.theta, begin)
    assert made.loss == sound.evaluate(begin).loss
    theta, _ = run(sound, begin, 21, optimizer, made.state)
    assert sound.evaluate(theta).loss < made.loss


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_TRIAL])
def test_a_wall_of_no_numbers_is_not_crossed(objective_of: Any, run: Any, name: str) -> None:
    """The unconstrained minimum of log^2 with a slope lies where the logarithm has no value."""
    begin = torch.tensor([0.5, 2.0], dtype=torch.float64)
    objective = objective_of(lambda at: torch.cat((torch.log(at), 3.0 * (at + 1.0))), begin)
    theta, made = run(objective, begin, 40, OPTIMIZERS.build(name))
    assert bool((theta > 0).all())
    assert all(math.isfinite(step.loss) for step in made)
    assert objective.evaluate(theta).loss < made[0].loss
