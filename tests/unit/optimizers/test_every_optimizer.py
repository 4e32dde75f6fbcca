"""What every optimizer in the table must do; a new entry is tested by being there."""

import copy
import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Draw, Objective
from pinnkit.optimizers import OPTIMIZERS, LevenbergMarquardt

NAMES = OPTIMIZERS.names()


def bent(theta: Tensor) -> Tensor:
    """Three curved rows that vanish together at ones."""
    x, y = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0)))


def start(device: str, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor([-0.5, 1.5], dtype=dtype, device=device)


def numbers(value: Any) -> Iterator[Any]:
    """Every tensor and number in a state, in order."""
    if isinstance(value, Tensor):
        yield value.tolist()
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, Mapping):
        yield from numbers(list(value.items()))
    elif not isinstance(value, Objective | Draw):
        yield value


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_a_function_of_what_goes_in_and_changes_none_of_it(
    objective_of: Any, run: Any, name: str, device: str
) -> None:
    theta = start(device)
    objective, optimizer = objective_of(bent, theta), OPTIMIZERS.build(name)
    theta, made = run(objective, theta, 3, optimizer)
    state = made[-1].state
    before, remembered = theta.clone(), list(numbers(copy.deepcopy(state)))
    first, second = optimizer.step(objective, theta, state), optimizer.step(objective, theta, state)
    assert torch.equal(theta, before)
    assert list(numbers(state)) == remembered
    assert torch.equal(first.theta, second.theta)
    assert list(numbers(first.state)) == list(numbers(second.state))
    assert (first.loss, first.losses, first.report) == (second.loss, second.losses, second.report)
    assert not torch.equal(first.theta, before)
    assert first.theta.device == theta.device
    assert not first.theta.requires_grad


@pytest.mark.parametrize("name", [name for name in NAMES if name != "m_config"])  # which makes one of them a step
def test_losses_are_those_of_where_the_step_began(objective_of: Any, name: str) -> None:
    theta = start("cpu")
    objective, optimizer = objective_of(bent, theta, blocks=2), OPTIMIZERS.build(name)
    state = optimizer.start(theta)
    for _ in range(4):
        rows = bent(theta)
        made = optimizer.step(objective, theta, state)
        assert made.loss == pytest.approx(0.5 * float(rows @ rows), rel=1e-14)
        assert sum(made.losses.values()) == pytest.approx(2.0 * made.loss, rel=1e-14)
        assert set(made.losses) == {"block_0", "block_1"}
        theta, state = made.theta, made.state


@pytest.mark.parametrize("name", NAMES)
def test_points_drawn_anew_are_a_new_objective(objective_of: Any, name: str) -> None:
    theta = start("cpu")
    optimizer = OPTIMIZERS.build(name)
    made = optimizer.step(objective_of(bent, theta), theta, optimizer.start(theta))
    other = objective_of(lambda at: 2.0 * bent(at), theta)
    again = optimizer.step(other, made.theta, made.state)
    assert again.loss == pytest.approx(other.evaluate(made.theta).loss, rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_it_descends_on_a_quadratic(objective_of: Any, run: Any, name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    matrix = torch.randn(12, 5, generator=generator, dtype=torch.float64)
    theta = torch.randn(5, generator=generator, dtype=torch.float64)
    objective = objective_of(lambda at: matrix @ at, theta)
    found, made = run(objective, theta, 200, OPTIMIZERS.build(name))
    assert objective.evaluate(found).loss < 0.75 * made[0].loss


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "function",
    [lambda theta: theta - 2.0, lambda theta: torch.stack((theta[0] - 2.0, theta[1] - 2.0, 0.0 * theta[0] + 3.0))],
    ids=["of zero", "of three"],
)
def test_it_rests_at_a_minimum(objective_of: Any, name: str, function: Any) -> None:
    theta = torch.full((2,), 2.0, dtype=torch.float64)
    optimizer = OPTIMIZERS.build(name)
    made = optimizer.step(objective_of(function, theta), theta, optimizer.start(theta))
    assert torch.equal(made.theta, theta)
    assert made.finished is not None or name == "adam"


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_that_is_no_number_is_told_and_not_raised(objective_of: Any, name: str) -> None:
    theta = torch.tensor([-1.0], dtype=torch.float64)
    optimizer = OPTIMIZERS.build(name)
    made = optimizer.step(objective_of(torch.log, theta), theta, optimizer.start(theta))
    assert math.isnan(made.loss)
    assert math.isnan(made.losses["block_0"])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "adam"])
def test_a_slope_that_is_no_number_ends_the_phase(objective_of: Any, name: str) -> None:
    theta = torch.zeros(1, dtype=torch.float64)
    optimizer = OPTIMIZERS.build(name)
    # The root's slope at zero is infinite, and times zero it is no number.
    made = optimizer.step(objective_of(lambda at: 1.0 + 0.0 * torch.sqrt(at), theta), theta, optimizer.start(theta))
    assert made.finished == "the gradient is not finite"
    assert torch.equal(made.theta, theta)


@pytest.mark.parametrize("name", NAMES)
def test_the_precision_is_kept(objective_of: Any, name: str, device: str) -> None:
    optimizer = OPTIMIZERS.build(name)
    assert optimizer.precisions
    for dtype in optimizer.precisions:
        theta = start(device, dtype)
        made = optimizer.step(objective_of(bent, theta), theta, optimizer.start(theta))
        assert made.theta.dtype == dtype
        assert objective_of(bent, theta).evaluate(made.theta).loss < made.loss


@pytest.mark.parametrize("name", NAMES)
def test_a_file_can_name_it(name: str) -> None:
    entry = {"name": name, "steps": 7, "seconds": 1.5, "target": 1e-9}
    optimizer = OPTIMIZERS.build(entry)
    assert (optimizer.steps, optimizer.seconds, optimizer.target) == (7, 1.5, 1e-9)
    assert OPTIMIZERS.build(OPTIMIZERS.entry(optimizer)) == optimizer


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"name": "adam", "lr": 0}, "`lr` of optimizer `adam` is 0; it needs a number above 0"),
        ({"name": "adam", "beta2": 1.0}, "`beta2` of optimizer `adam` is 1; it needs 0 or more, and less than 1"),
        ({"name": "muon", "warmup": -1}, "`warmup` of optimizer `muon` is -1; it needs 0 or more"),
        ({"name": "lbfgs", "history": -1}, "`history` of optimizer `lbfgs` is -1"),
        ({"name": "levenberg_marquardt", "damping": -1.0}, "`damping` of optimizer `levenberg_marquardt` is -1"),
        ({"name": "levenberg_marquardt", "stride": 2}, "`stride` of optimizer `levenberg_marquardt` is 2"),
        ({"name": "sketched_gauss_newton", "stride": 2}, "`stride` of optimizer `sketched_gauss_newton` is 2"),
        ({"name": "lbfgs", "histry": 5}, "Did you mean `history`?"),
        ({"name": "lbgfs"}, "Did you mean `lbfgs`?"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        OPTIMIZERS.build(entry)
    assert sentence in str(refused.value)


def test_second_order_asks_for_float64() -> None:
    assert LevenbergMarquardt.precisions == (torch.float64,)
