"""Optimizers on the objective of a problem: rows, Jacobian and gradient agree, and every method lowers the loss."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.objective import Objective
from pinnkit.optimizers import LBFGS, OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.training import Trained, train

QUICK = Config(
    network=MLP(width=6, depth=2),
    points=Sobol(count=60),
    condition_points=Sobol(count=20),
    hard="none",
    weights={"momentum": 2.0, "initial": 30.0, "walls": 5.0},
    threads=1,
    device="cpu",
)


def burgers(nu: float = 0.1) -> Problem:
    return define(
        name="burgers",
        coordinates={"x": [-1, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"nu": nu},
        equations={"momentum": "u_t + u*u_x = nu*u_xx"},
        conditions={
            "initial": {"on": "t = 0", "equation": "u = -sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "u = 0"},
        },
    )


def drawn(config: Config) -> tuple[Run, Objective, torch.Tensor]:
    run = build_run(burgers(), config)
    theta = run.trial.layout.start(run.trial.network)
    return run, run.assembly.draw(theta, np.random.default_rng(1)), theta


def trained(config: Config) -> Trained:
    run = build_run(burgers(), config)
    phases = [(type(phase).__name__, phase) for phase in config.phases]
    theta = run.trial.layout.start(run.trial.network)
    return train(run.assembly, theta, phases, 0, np.random.default_rng(1))


def loss_of(config: Config) -> float:
    """The loss at the end, on the points that it was trained on."""
    run = build_run(burgers(), config)
    end = trained(config).theta
    return run.assembly.draw(end, np.random.default_rng(1)).evaluate(end).loss


@pytest.mark.parametrize("chunk", [10_000, 17])
@pytest.mark.parametrize("engine", ["jet", "autograd"])
def test_rows_jacobian_and_gradient_are_of_one_function(chunk: int, engine: Any) -> None:
    _, objective, theta = drawn(replace(QUICK, chunk=chunk, derivatives=engine))
    there, found = objective.linearize(theta), objective.evaluate(theta)
    jacobian = torch.cat([block for _, _, block in there.blocks()])
    assert jacobian.shape == (objective.count, objective.size)
    torch.testing.assert_close(objective.rows(theta), there.rows, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(jacobian.T @ there.rows, found.gradient, rtol=1e-10, atol=1e-12)
    assert found.loss == pytest.approx(0.5 * float(there.rows @ there.rows), rel=1e-13)
    weighted = sum(objective.weights[term] * value for term, value in found.losses.items())
    assert weighted == pytest.approx(2.0 * found.loss, rel=1e-12)
    generator = torch.Generator().manual_seed(0)
    along = torch.randn(objective.size, generator=generator, dtype=torch.float64)
    quotient = (objective.rows(theta + 1e-6 * along) - objective.rows(theta - 1e-6 * along)) / 2e-6
    torch.testing.assert_close(there.times(along), quotient, rtol=1e-5, atol=1e-6)
    across = torch.randn(objective.count, generator=generator, dtype=torch.float64)
    assert float(there.transposed_times(across) @ along) == pytest.approx(float(across @ there.times(along)), rel=1e-9)


@pytest.mark.parametrize("chunk", [7, 50])
def test_chunks_change_no_path(chunk: int) -> None:
    short = replace(QUICK, phases=(Adam(steps=3), LevenbergMarquardt(steps=3), LBFGS(steps=3)))
    whole, parts = trained(replace(short, chunk=10_000)), trained(replace(short, chunk=chunk))
    torch.testing.assert_close(parts.theta, whole.theta, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_lowers_the_loss(name: str) -> None:
    phase = OPTIMIZERS.build({"name": name, "steps": 60})
    start = loss_of(replace(QUICK, phases=(OPTIMIZERS.build({"name": name, "steps": 0}),)))
    assert loss_of(replace(QUICK, phases=(phase,))) < 0.7 * start


def test_every_optimizer_runs_in_each_of_its_precisions() -> None:
    for name in OPTIMIZERS.names():
        optimizer = OPTIMIZERS.build({"name": name, "steps": 2})
        for dtype in optimizer.precisions:
            precision = "float64" if dtype == torch.float64 else "float32"
            end = trained(replace(QUICK, precision=precision, phases=(optimizer,)))
            assert end.theta.dtype == dtype
            assert end.failure is None


def test_second_order_is_ahead_of_first() -> None:
    """Thirty steps of Levenberg-Marquardt against ten times as many of the others."""
    second = loss_of(replace(QUICK, phases=(LevenbergMarquardt(steps=30),)))
    quasi = loss_of(replace(QUICK, phases=(LBFGS(steps=300),)))
    first = loss_of(replace(QUICK, phases=(Adam(steps=300, lr=1e-2),)))
    assert second < 0.5 * quasi < 0.5 * first


def test_acceleration_and_corrections_pay() -> None:
    """Over some seeds, the same steps with them end lower than without."""
    ratios = []
    for seed in range(3):
        plain = LevenbergMarquardt(steps=40, acceleration=False, corrections=0)
        bent = LevenbergMarquardt(steps=40)
        ratios.append(
            loss_of(replace(QUICK, seed=seed, phases=(bent,))) / loss_of(replace(QUICK, seed=seed, phases=(plain,)))
        )
    assert np.median(ratios) < 1.0
