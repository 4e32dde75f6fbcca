"""Causal weights: their formula, their order in time, when epsilon goes on, and what rows become under them."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal, CausalWeights, Chain
from pinnkit.objective.objective import Objective
from pinnkit.objective.rows import PointwiseRows
from pinnkit.optimizers import OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import RAD, Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.solving import solve, solve_to_folder
from pinnkit.training import train

QUICK = Config(
    network=MLP(6, 1, "tanh"),
    points=Sobol(64),
    condition_points=Sobol(16),
    phases=(LevenbergMarquardt(steps=3),),
    hard="none",
    balance=False,
    weights={"start": 3.0, "heat": 2.0},
    device="cpu",
    threads=1,
    test_points=50,
)


def heat(lower: float = 0.0) -> Problem:
    return define(
        name="heat",
        coordinates={"x": [0, 1], "t": [lower, lower + 2]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = 0.1*u_xx"},
        conditions={
            "start": {"on": f"t = {lower!r}", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
    )


def parts(causal: Causal, config: Config = QUICK, lower: float = 0.0) -> tuple[Run, Tensor, Objective, CausalWeights]:
    run = build_run(heat(lower), config)
    theta = run.trial.layout.start(run.trial.network)
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    return run, theta, objective, CausalWeights(causal, Chain.of(run.problem))


def by_hand(run: Run, theta: Tensor, objective: Objective, count: int, epsilon: float) -> np.ndarray:
    """w_i = exp(-epsilon (L_0 + L_1 + ... + L_(i-1))), from residuals at the points."""
    interior = next(b for b in objective.chunks if b.terms == ("heat",))
    assert isinstance(interior, PointwiseRows)
    points = interior.prepared.points.numpy()
    squares = run.assembly.residuals(points, theta)["heat"] ** 2
    slices = np.minimum((points[:, 1] / 2 * count).astype(int), count - 1)
    losses = [2.0 * squares[slices == i].sum() / len(points) * count for i in range(count)]
    x = np.concatenate([b.prepared.points.numpy() for b in objective.chunks if b.terms == ("start",)])  # type: ignore[attr-defined]
    start = 3.0 * np.mean((run.trial.derivative(x, (0, 0), theta)[:, 0] - np.sin(np.pi * x[:, 0])) ** 2)
    return np.exp(-epsilon * (start + np.concatenate([[0.0], np.cumsum(losses)[:-1]])))


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 3.0])
def test_weights_follow_the_formula(epsilon: float) -> None:
    run, theta, objective, weights = parts(Causal(epsilons=(epsilon,), slices=8))
    _, rows = weights.weighed(objective, theta)
    assert weights.weights is not None
    found = weights.weights.numpy()
    np.testing.assert_allclose(found, by_hand(run, theta, objective, 8, epsilon), rtol=1e-10)
    assert (np.diff(found) <= 0).all()
    assert (np.diff(found) < 0).any() == (epsilon > 0)
    assert not weights.weights.requires_grad
    torch.testing.assert_close(rows, objective.rows(theta), rtol=0, atol=0)


def test_initial_conditions_stand_before_the_first_slice() -> None:
    """Of an exact start nothing is held back; of a soft one all is, and the walls hold nothing."""
    causal = Causal(epsilons=(2.0,), slices=4)
    for config, held in ((QUICK, True), (replace(QUICK, hard="all", weights={}), False)):
        _, theta, objective, weights = parts(causal, config)
        weights.weighed(objective, theta)
        assert weights.weights is not None
        assert (float(weights.weights[0]) < 1.0) == held
    assert Chain.of(heat()).initial == {"start"}


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("lower", [0.0, 0.1, -0.7])
def test_rows_are_multiplied_by_the_root_of_their_slice_s_weight(precision: Any, lower: float) -> None:
    """Equations and walls by that of their time, the start by 1; their Jacobian likewise, and a gradient sees no w."""
    config = replace(QUICK, precision=precision, phases=(Adam(steps=1),))
    _, theta, objective, weights = parts(Causal(epsilons=(0.7,), slices=5), config, lower)
    weighed, _ = weights.weighed(objective, theta)
    assert weights.weights is not None
    assert weighed.draw is objective.draw
    for plain, scaled in zip(objective.chunks, weighed.chunks, strict=True):
        assert isinstance(plain, PointwiseRows)
        t = (plain.prepared.points[:, 1] - lower) / 2
        factor = torch.sqrt(weights.weights[(t * 5).long().clamp(0, 4)])
        if plain.terms == ("start",):
            factor = torch.ones_like(factor)
        values, jacobian = plain.jacobian(theta)
        torch.testing.assert_close(scaled.values(theta).detach(), factor * values)
        torch.testing.assert_close(scaled.jacobian(theta)[1], factor[:, None] * jacobian)
    linear = weighed.linearize(theta)
    gradient = weighed.evaluate(theta).gradient
    torch.testing.assert_close(gradient, linear.transposed_times(linear.rows), rtol=1e-4, atol=1e-6)


def test_half_of_epsilon_does_the_same_with_twice_as_many_slices() -> None:
    """Of what the equations hold back; the start stands before all slices, and counts once."""
    config = replace(QUICK, points=Sobol(4096), hard="all", weights={})
    found = []
    for slices, epsilon in ((8, 0.2), (16, 0.1)):
        _, theta, objective, weights = parts(Causal(epsilons=(epsilon,), slices=slices), config)
        weights.weighed(objective, theta)
        assert weights.weights is not None
        found.append(weights.weights[:: slices // 8])
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=0.02)
    assert float(found[0][0] - found[0][-1]) > 0.1


def held(start: float, losses: list[float], causal: Causal) -> CausalWeights:
    """Weights whose chain has these losses, whatever the objective."""
    weights = CausalWeights(causal, Chain.of(heat()))
    known = torch.tensor(losses, dtype=torch.float64)
    weights.chain = Fixed(start, known)  # type: ignore[assignment]
    return weights


class Fixed:
    """A chain with losses of its own."""

    lower, upper, along = 0.0, 2.0, 1

    def __init__(self, start: float, losses: Tensor) -> None:
        self.start, self.of_slices = start, losses

    def losses(self, objective: Objective, rows: Tensor, count: int) -> tuple[float, Tensor]:
        return self.start, self.of_slices

    def slice_of(self, points: Tensor, count: int) -> Tensor:
        return Chain.of(heat()).slice_of(points, count)


def test_epsilon_goes_on_exactly_when_every_weight_is_above_delta() -> None:
    _, theta, objective, _ = parts(Causal())
    edge = -math.log(0.9)  # of epsilon times all earlier losses
    causal = Causal(epsilons=(1.0, 2.0, 4.0), delta=0.9, slices=2)
    for losses, stage in (([1.001 * edge, 9.0], 0), ([0.999 * edge, 9.0], 1), ([0.499 * edge, 9.0], 2)):
        weights = held(0.0, losses, causal)
        assert weights.look(objective, theta) is None
        assert weights.stage == stage
    done = held(0.0, [0.249 * edge, 9.0], causal)
    assert done.look(objective, theta) == "every causal weight is above 0.9 on fresh points at epsilon 4"
    going = held(0.0, [0.249 * edge, 9.0], replace(causal, stop=False))
    assert going.look(objective, theta) is None
    assert going.stage == 2
    # The last slice's own loss holds nobody; the start's holds all.
    assert held(1.001 * edge, [0.0, 0.0], causal).look(objective, theta) is None


def test_most_steps_at_one_epsilon() -> None:
    _, theta, objective, _ = parts(Causal())
    weights = held(9.0, [9.0, 9.0], Causal(epsilons=(1.0, 2.0, 4.0), slices=2, most=3))
    seen = []
    for _ in range(9):
        weights.weighed(objective, theta)
        seen.append(weights.epsilon)
    assert seen == [1.0] * 3 + [2.0] * 3 + [4.0] * 3


@pytest.mark.parametrize(("renew", "changes"), [(5, {6, 11, 16}), (0, {101, 201, 301})])
def test_epsilon_is_looked_at_on_fresh_points(renew: int, changes: set[int]) -> None:
    """At every draw but a phase's first, or every 100 steps without draws; not before, however small epsilon is."""
    run, theta, _, _ = parts(Causal())
    causal = CausalWeights(Causal(epsilons=(1e-9, 1.0, 1e3, 1e6), slices=4, stop=False), Chain.of(run.problem))
    told: list[tuple[int, float]] = []
    looks: list[int] = []
    plain = causal.look

    def look(fresh: Objective, at: Tensor) -> str | None:
        looks.append(len(told) + 1)
        return plain(fresh, at)

    causal.look = look  # type: ignore[method-assign]
    train(
        run.assembly,
        theta,
        [("adam", Adam(steps=max(changes) + 1, lr=1e-9))],
        renew,
        np.random.default_rng(0),
        lambda record, at: told.append((record["step"], causal.epsilon)),
        causal,
    )
    assert set(looks) == changes
    assert told[min(changes) - 2][1] == 1e-9
    assert told[min(changes) - 1][1] == 1.0


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_steps_on_weighed_rows(name: str) -> None:
    _, theta, objective, weights = parts(Causal(epsilons=(0.3,), slices=4))
    weighed, rows = weights.weighed(objective, theta)
    optimizer = OPTIMIZERS.build(name)
    if hasattr(optimizer, "resolved"):
        optimizer, _ = optimizer.resolved(len(theta), objective.count, objective.chunk, theta.dtype, theta.device)
    made = optimizer.step(weighed, theta, optimizer.start(theta))
    assert made.loss == pytest.approx(0.5 * float(weighed.rows(theta).square().sum()), rel=1e-6)
    assert made.loss < 0.5 * float(rows @ rows)
    assert torch.isfinite(made.theta).all()


def test_losses_on_unseen_points_and_in_records_are_those_without_weights() -> None:
    told: list[dict[str, Any]] = []
    config = replace(QUICK, causal=Causal(epsilons=(5.0,), slices=4), phases=(Adam(steps=1),))
    solve(heat(), config, told.append)
    run, theta, _, _ = parts(Causal(), config)
    objective = run.assembly.draw(theta, np.random.default_rng(config.seed))
    rows = objective.rows(theta)
    assert told[0]["losses"] == pytest.approx(objective.losses(rows))
    assert told[0]["loss"] < 0.5 * float(rows @ rows)
    assert set(told[0]["causal"]) == {"epsilon", "weights"}
    assert len(told[0]["causal"]["weights"]) == 4


def test_best_parameters_on_all_of_time_are_not_preferred_while_some_of_it_is_held_back() -> None:
    """A first slice alone is learnt, at the cost of all others."""
    phases = (LevenbergMarquardt(steps=30),)
    for epsilon, kept in ((1e6, False), (0.0, True)):
        causal = Causal(epsilons=(epsilon,), slices=8, stop=False)
        weights = CausalWeights(causal, Chain.of(heat()))
        run, theta, _, _ = parts(causal, replace(QUICK, hard="all", weights={}, points=RAD(32)))
        trained = train(run.assembly, theta, [("lm", phases[0])], 3, np.random.default_rng(1), causal=weights)
        assert weights.open == kept
        assert kept or "unseen points" not in trained.stops[-1].reason


def test_a_target_is_asked_of_the_loss_without_weights() -> None:
    """Weights of zero lower the loss, and satisfy nothing."""
    causal = Causal(epsilons=(1e6,), slices=4)
    phases = (LevenbergMarquardt(steps=12, target=1e-3),)
    solution = solve(heat(), replace(QUICK, hard="all", weights={}, causal=causal, phases=phases))
    assert solution.history[0]["loss"] < 0.2 * 0.5 * solution.history[0]["losses"]["heat"]
    last = solution.history[-1]
    assert last["step"] == 12 or 0.5 * last["losses"]["heat"] < 1e-3


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (QUICK, "causal weights at epsilon 1e+06: the initial condition still holds every weight at 0; smaller"),
        (
            replace(QUICK, hard="all", weights={}),
            "causal weights at epsilon 1e+06: the weights from 0.5 on are still 0: the equations are not satisfied",
        ),
    ],
    ids=["start", "later"],
)
def test_what_holds_the_weights_at_zero_is_said(
    config: Config, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a note while it runs, and with the end of its phase."""
    held_back = replace(config, causal=Causal(epsilons=(1e6,), slices=4), phases=(Adam(steps=205, lr=1e-9),), renew=20)
    solve_to_folder(heat(), held_back, tmp_path / "run")
    said = capsys.readouterr().err
    assert said.count(sentence) == 2
    assert (tmp_path / "run" / "figures" / "causal.png").is_file()
    again = solve(heat(), replace(held_back, phases=(Adam(steps=3, lr=1e-9),)))
    assert sentence in again.result["stops"][0]["course"]


def test_a_phase_ends_when_all_of_time_trains() -> None:
    phases = (LevenbergMarquardt(steps=400),)
    causal = Causal(epsilons=(1e-2, 1e-1, 1.0), slices=8)
    config = replace(QUICK, network=MLP(12, 1), points=RAD(200), phases=phases, causal=causal, renew=10)
    solution = solve(heat(), config)
    assert solution.result["stopped_because"].startswith(
        "every causal weight is above 0.99 on fresh points at epsilon 1"
    )
    epsilons = [record["causal"]["epsilon"] for record in solution.history if "causal" in record]
    assert epsilons == sorted(epsilons)
    assert solution.result["steps"] < 400


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epsilons": ()}, "`epsilons` of `causal` need at least one number"),
        ({"epsilons": (-1.0,)}, "each finite and 0 or more"),
        ({"epsilons": (float("inf"),)}, "each finite and 0 or more"),
        ({"epsilons": (1.0, 1.0)}, "`epsilons` of `causal` must rise"),
        ({"delta": 1.0}, "`delta` of `causal` is 1"),
        ({"slices": 1}, "`slices` of `causal` is 1"),
        ({"most": 0}, "`most` of `causal` is 0"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Causal(**options)
