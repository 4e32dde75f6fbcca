"""An aggregator in the loop.

1. Adam that follows the aggregated direction is Adam on that direction; with `sum` it is plain Adam, bit by bit.
2. Optimizers that compare losses are refused with the reason and with those that can; so is a single loss.
3. Notes of the aggregator are told once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.aggregators import Aggregator, Combined, Sum
from pinnkit.objective.objective import Objective
from pinnkit.objective.steering import Steering
from pinnkit.optimizers import OPTIMIZERS, Adam
from pinnkit.points import PointMemory, Uniform
from pinnkit.problem.define import define
from pinnkit.training import Record, train

F64 = torch.float64


@dataclass(frozen=True)
class Second(Aggregator):
    """The gradient of the last loss alone; counts its calls."""

    def start(self) -> int:
        """No calls."""
        return 0

    def combine(self, gradients: Tensor, state: int) -> Combined:
        """The last row."""
        return Combined(gradients[-1], state + 1, "the first loss is left alone")


def rows(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((3.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0), x + y))


def course(objective_of: Any, steering: Steering | None, blocks: int = 2) -> tuple[Tensor, list[Record]]:
    class Drawn:
        def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
            made: Objective = objective_of(rows, theta, blocks=blocks)
            return made

    records: list[Record] = []
    theta = torch.tensor([-0.5, 1.5], dtype=F64)
    phases = [("adam", Adam(steps=6, lr=0.1))]
    trained = train(
        Drawn(), theta, phases, 0, np.random.default_rng(0), lambda r, _: records.append(r), steering=steering
    )
    return trained.theta, records


def test_the_sum_is_the_plain_course(objective_of: Any) -> None:
    plain, before = course(objective_of, None)
    steered, after = course(objective_of, Steering(Sum()))
    torch.testing.assert_close(steered, plain, rtol=1e-14, atol=0.0)
    assert [r["loss"] for r in after] == pytest.approx([r["loss"] for r in before], rel=1e-14)
    assert [r["losses"] for r in after] == [pytest.approx(r["losses"], rel=1e-14) for r in before]


def test_the_direction_is_that_of_the_aggregator(objective_of: Any) -> None:
    steering = Steering(Second())
    found, records = course(objective_of, steering)
    assert steering.state == 6
    theta = torch.tensor([-0.5, 1.5], dtype=F64)
    adam, state = Adam(steps=6, lr=0.1), Adam().start(theta)
    for _ in range(6):
        only = objective_of(lambda own: rows(own)[2:], theta)
        made = adam.step(only, theta, state)
        theta, state = made.theta, made.state
    torch.testing.assert_close(found, theta, rtol=1e-14, atol=0.0)
    assert [r.get("note") for r in records] == ["the first loss is left alone", *[None] * 5]


def run(hard: str, *phases: str) -> None:
    problem = define(
        name="rod",
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations={"balance": "u_xx = 1"},
        conditions={"ends": {"on": "boundary", "equation": "u = 0"}},
    )
    optimizers = tuple(OPTIMIZERS.build(name) for name in phases)
    build_run(
        problem,
        Config(MLP(4, 1), points=Uniform(9), hard=hard, aggregator=Sum(), phases=optimizers),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS.names() if not OPTIMIZERS.get(name).follows])
def test_optimizers_that_compare_losses_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot follow aggregator `sum`") as caught:
        run("none", "adam", name)
    assert "`adam`" in str(caught.value)
    assert "A `weighting` goes with every optimizer" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS.names() if OPTIMIZERS.get(name).follows])
def test_those_that_follow_any_direction_are_taken(name: str) -> None:
    run("none", name)


def test_one_loss_is_refused() -> None:
    with pytest.raises(UserError, match="needs two losses, and `rod` leaves one: `pde`") as caught:
        run("all", "adam")
    assert "set `hard: none`" in str(caught.value)
