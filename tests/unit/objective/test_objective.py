"""Objectives and their linearization.

Satisfied at every theta, however the rows are cut into chunks:
1. loss = half the sum of the squared rows = half the sum of weight times mean square over the terms;
2. the gradient is the sum of the terms' gradients, J^T r, and the derivative of the loss;
3. `rows`, `times` (J v) and `transposed_times` (J^T w) are those of the whole Jacobian, and adjoint to each other.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.layout import Layout
from pinnkit.networks import MLP, Network, TorchModule
from pinnkit.objective.objective import Objective
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

FLOAT64 = torch.float64
WEIGHTS: Mapping[str, float] = MappingProxyType({"momentum": 2.0, "start": 5.0})


def problem() -> Problem:
    """Two equations and two soft conditions, one of them on two faces."""
    return define(
        name="flow",
        coordinates={"x": [-1, 1], "t": [0, 2]},
        time="t",
        fields=["u", "p"],
        parameters={"nu": 0.1},
        equations={"momentum": "u_t + u*u_x + p_x = nu*u_xx", "pressure": "p_xx + u_x**2 = 1"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "p + p_x = 0"},
        },
    )


def objective(
    chunk: int,
    network: Network | None = None,
    derivatives: Literal["jet", "autograd"] = "jet",
    device: str = "cpu",
    weights: Mapping[str, float] = WEIGHTS,
) -> tuple[Objective, Tensor]:
    config = Config(
        network=network if network is not None else MLP(5, 2),
        points=Uniform(20),
        condition_points=Uniform(6),
        weights=weights,
        hard="none",
        chunk=chunk,
        derivatives=derivatives,
        device=device,
    )
    run = build_run(problem(), config)
    theta = Layout.start(run.trial.network)
    noise = torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=FLOAT64)
    theta = theta + run.trial.tensor(0.3 * noise)
    return run.assembly.draw(theta, np.random.default_rng(0)), theta


def close(found: Tensor, truth: Tensor) -> None:
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-12 * float(truth.abs().max()))


ROWS = 2 * 20 + 6 + 2 * 6
CHUNKS = {"one chunk": 1000, "just one chunk": ROWS, "a few": 16, "a row at a time": 1}


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_loss_and_gradient(chunk: int, device: str) -> None:
    of, theta = objective(chunk, device=device)
    assert of.count == ROWS
    assert of.keeps == (chunk >= ROWS)
    found = of.evaluate(theta)
    rows = of.rows(theta)
    assert not rows.requires_grad
    assert found.loss == pytest.approx(0.5 * float(rows @ rows), rel=1e-14)
    weighted = [of.weights[term] * loss for term, loss in found.losses.items()]
    assert found.loss == pytest.approx(0.5 * sum(weighted), rel=1e-13)
    assert list(found.losses) == ["momentum", "pressure", "start", "walls"] == list(of.terms)
    by_term = of.gradients(theta)
    assert list(by_term) == list(of.terms)
    close(torch.stack(list(by_term.values())).sum(0), found.gradient)
    there = of.linearize(theta)
    close(there.rows, rows)
    close(there.transposed_times(there.rows), found.gradient)
    direction = torch.sin(torch.arange(len(theta), dtype=FLOAT64)).to(theta)
    h = 1e-6
    slope = (of.evaluate(theta + h * direction).loss - of.evaluate(theta - h * direction).loss) / (2 * h)
    assert float(found.gradient @ direction) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_the_linearization_does_not_depend_on_chunks(chunk: int) -> None:
    """Chunks order the rows of several equations otherwise, so products are compared term by term."""
    of, theta = objective(chunk)
    whole, _ = objective(10**6)
    there, truth = of.linearize(theta), whole.linearize(theta)
    generator = torch.Generator().manual_seed(3)
    v = torch.randn(len(theta), generator=generator, dtype=FLOAT64)
    w = torch.randn(ROWS, generator=generator, dtype=FLOAT64)
    assert (there.jacobian is None) == (chunk < ROWS)
    for found, right in ((there.rows, truth.rows), (there.times(v), truth.times(v))):
        for term, loss in whole.losses(right).items():
            assert of.losses(found)[term] == pytest.approx(loss, rel=1e-12)
    assert float(there.times(v) @ w) == pytest.approx(float(there.transposed_times(w) @ v), rel=1e-11)
    blocks = list(there.blocks())
    close(torch.cat([rows for _, rows, _ in blocks]), there.rows)
    jacobian = torch.cat([jacobian for _, _, jacobian in blocks])
    close(there.times(v), jacobian @ v)
    close(there.transposed_times(w), w @ jacobian)
    close(
        jacobian.T @ jacobian,
        torch.cat([j for _, _, j in truth.blocks()]).T @ torch.cat([j for _, _, j in truth.blocks()]),
    )
    if chunk < ROWS:
        assert max(len(rows) for _, rows, _ in blocks) <= max(chunk, 2)


def test_losses_are_mean_squares_without_weights() -> None:
    """Weights enter the rows, and leave the losses alone."""
    of, theta = objective(1000)
    assert {term: of.weights[term] for term in WEIGHTS} == WEIGHTS
    other, _ = objective(1000, weights={"momentum": 0.5, "walls": 9.0})
    assert of.evaluate(theta).losses == pytest.approx(other.evaluate(theta).losses, rel=1e-13)
    rows = of.rows(theta)
    assert not torch.allclose(rows, other.rows(theta))
    ends = [0, 20, 40, 46, ROWS]
    for term, start, stop in zip(of.terms, ends[:-1], ends[1:], strict=True):
        assert of.losses(rows)[term] == pytest.approx(float(rows[start:stop].square().sum()) / of.weights[term])


def test_a_torch_module_is_linearized() -> None:
    """A user's own module, differentiated by reverse mode only, is asked the same questions."""
    module = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 2))
    generator = torch.Generator().manual_seed(2)
    for parameter in module.parameters():
        nn.init.normal_(parameter, generator=generator)
    of, theta = objective(1000, TorchModule(module), "autograd")
    there = of.linearize(theta)
    assert there.jacobian is not None
    assert there.jacobian.shape == (ROWS, len(theta))
    close(there.transposed_times(there.rows), of.evaluate(theta).gradient)
    h, direction = 1e-6, torch.ones_like(theta)
    slope = (of.rows(theta + h * direction) - of.rows(theta - h * direction)) / (2 * h)
    torch.testing.assert_close(there.times(direction), slope, rtol=1e-6, atol=1e-7)
    with_chunks, _ = objective(7, TorchModule(module), "autograd")
    close(with_chunks.evaluate(theta).gradient, of.evaluate(theta).gradient)
    close(with_chunks.linearize(theta).transposed_times(with_chunks.rows(theta)), of.evaluate(theta).gradient)


def test_both_engines_give_the_same_objective() -> None:
    jets, theta = objective(1000)
    reverse, _ = objective(1000, derivatives="autograd")
    close(reverse.rows(theta), jets.rows(theta))
    close(reverse.evaluate(theta).gradient, jets.evaluate(theta).gradient)
    jacobians = [of.linearize(theta).jacobian for of in (reverse, jets)]
    assert jacobians[0] is not None
    assert jacobians[1] is not None
    close(jacobians[0], jacobians[1])
