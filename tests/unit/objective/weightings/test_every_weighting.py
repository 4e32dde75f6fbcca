"""What every weighting in the table must do; a new entry is tested by being there.

1. Weights move along a path, but for `constant`.
2. An update is a function of what goes in, and changes none of it; weights are finite and not negative.
3. The order of the groups does not matter.
4. A group at rest (zero loss and gradient) leaves all weights finite.
5. They are factors of rows: Levenberg-Marquardt and Adam lower the weighted loss; the history has the weights.
6. Weights that leave their bounds are held, and it is told once.
"""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.adaptive import LEAST, MOST, AdaptiveWeights
from pinnkit.objective.objective import Objective
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import WEIGHTINGS, Constant, Weighting, Weights
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.training import Record, train

NAMES = WEIGHTINGS.names()
F64 = torch.float64


def course(rule: Weighting, looks: list[Statistics]) -> list[Weights]:
    state, made = rule.start(looks[0]), []
    for found in looks:
        weights, state = rule.update(found, state)
        made.append(weights)
    return made


def numbers(weights: Weights) -> Tensor:
    if weights.rows is not None:
        return weights.rows
    return torch.tensor(list(weights.groups.values()), dtype=F64)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "constant"])
def test_weights_move(name: str, looks: list[Statistics]) -> None:
    made = [numbers(own) for own in course(WEIGHTINGS.build(name), looks)]
    assert all(bool(own.isfinite().all()) and bool((own >= 0).all()) for own in made)
    assert not torch.allclose(made[-1], made[0], rtol=1e-6)
    assert not torch.allclose(made[-1], made[-1].mean(), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_an_update_is_a_function_of_what_goes_in(name: str, looks: list[Statistics]) -> None:
    rule = WEIGHTINGS.build(name)
    _, state = rule.update(looks[1], rule.start(looks[0]))
    before = copy.deepcopy(state)
    (one, after), (other, again) = (rule.update(looks[2], state) for _ in range(2))
    assert torch.equal(numbers(one), numbers(other))
    assert str(state) == str(before)
    assert str(after) == str(again)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_groups_does_not_matter(name: str, unequal: Objective, thetas: list[Tensor]) -> None:
    turned = dict(reversed(unequal.groups.items()))
    if name == "lr_annealing":  # the first group is its reference
        turned = {"a": unequal.groups["a"], "c": unequal.groups["c"], "b": unequal.groups["b"]}
    other = Objective(unequal.chunks, unequal.weights, unequal.size, 10**6, groups=turned)
    rule = WEIGHTINGS.build(name)
    one, two = (course(rule, [Statistics(own, theta) for theta in thetas])[-1] for own in (unequal, other))
    if one.rows is not None:
        assert two.rows is not None
        torch.testing.assert_close(one.rows, two.rows)
    assert one.groups == pytest.approx(two.groups, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_group_at_rest(name: str, objective_of: Any, thetas: list[Tensor]) -> None:
    still = objective_of(lambda t: torch.stack((t[0] - 1.0, t[1] * t[2], 0.0 * t[0], 0.0 * t[1])), thetas[0], blocks=2)
    made = course(WEIGHTINGS.build(name), [Statistics(still, theta) for theta in thetas])
    assert all(bool(numbers(own).isfinite().all()) for own in made)


def run_of(weighting: Weighting, optimizer: Optimizer, renew: int = 0) -> tuple[list[Record], Any]:
    problem = define(
        name="rod",
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = 0.1*u_xx"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
    )
    config = Config(
        MLP(8, 1),
        points=Uniform(40),
        condition_points=Uniform(10),
        renew=renew,
        hard="none",
        balance=False,
        phases=(optimizer,),
        weighting=weighting,
    )
    run = build_run(problem, config)
    records: list[Record] = []
    theta = run.trial.layout.start(run.trial.network)
    owner = AdaptiveWeights(weighting)
    trained = train(
        run.assembly,
        theta,
        [("one", run.config.phases[0])],
        renew,
        np.random.default_rng(0),
        lambda record, _: records.append(record),
        weights=owner,
    )
    assert trained.failure is None
    return records, owner


@pytest.mark.parametrize("optimizer", [LevenbergMarquardt(steps=12), Adam(steps=60, lr=0.02)], ids=["lm", "adam"])
@pytest.mark.parametrize("name", NAMES)
def test_it_composes_with_first_and_second_order(name: str, optimizer: Optimizer) -> None:
    records, _ = run_of(WEIGHTINGS.build(name), optimizer)
    plain = [sum(record["losses"].values()) for record in records]
    assert min(plain) < 0.7 * plain[0]
    assert "weights" in records[0]
    given = records[0]["weights"]
    if set(given) == {"pde", "ic", "bc"}:
        weighted = 0.5 * (
            given["pde"] * records[0]["losses"]["heat"]
            + given["ic"] * records[0]["losses"]["start"]
            + given["bc"] * records[0]["losses"]["ends"]
        )
        assert records[0]["loss"] == pytest.approx(weighted, rel=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if not WEIGHTINGS.get(name).needs_fixed_points])
def test_points_may_be_drawn_anew(name: str) -> None:
    records, _ = run_of(WEIGHTINGS.build(name), LevenbergMarquardt(steps=10), renew=3)
    assert all(np.isfinite(record["loss"]) for record in records)


def test_weights_of_points_need_the_same_points() -> None:
    with pytest.raises(UserError, match="the weights of `self_adaptive` belong to points, and `renew: 3` draws others"):
        run_of(WEIGHTINGS.build("self_adaptive"), Adam(), renew=3)


def test_updates_come_every_so_many_steps() -> None:
    records, _ = run_of(WEIGHTINGS.build({"name": "grad_norm", "every": 4}), Adam(steps=10))
    assert [k for k, record in enumerate(records) if "weights" in record] == [0, 4, 8]


def test_weights_that_leave_their_bounds_are_held_and_it_is_told_once(unequal: Objective, thetas: list[Tensor]) -> None:
    owner = AdaptiveWeights(Constant(factors={"a": 1e30, "b": 1e-30}))
    weighed = owner.weighed(unequal, thetas[0])
    assert owner.report() == {"a": MOST, "b": LEAST}
    assert weighed.weights == {"block_0": MOST, "block_1": LEAST, "block_2": 1.0}
    note = owner.note()
    assert note is not None
    assert "it is held at" in note
    assert owner.note() is None


@pytest.mark.parametrize("name", NAMES)
def test_an_update_has_an_interval(name: str) -> None:
    with pytest.raises(UserError, match=f"`every` of weighting `{name}` is 0; it needs at least 1"):
        WEIGHTINGS.build({"name": name, "every": 0})
