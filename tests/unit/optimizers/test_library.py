"""Optimizers of a library as functions of what goes in, on a network of two layers."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers import SOAP, Muon, Optimizer
from pinnkit.optimizers.schedule import rate_after

SHAPES = tuple(torch.Size(shape) for shape in ((6, 2), (6,), (3, 6), (3,)))
METHODS = (SOAP(lr=3e-3, warmup=3, decay=0.5, decay_every=5), Muon(lr=3e-3, warmup=3, decay=0.5, decay_every=5))


def layers(objective_of: Any, dtype: torch.dtype = torch.float64) -> tuple[Objective, Tensor]:
    """The misfit of two layers to the field (x + y, x - y, x y), and where to begin."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(30, 2, generator=generator, dtype=torch.float64).to(dtype)
    wanted = torch.stack((x.sum(1), x[:, 0] - x[:, 1], x.prod(1)), dim=1)
    start = 0.5 * torch.randn(sum(s.numel() for s in SHAPES), generator=generator, dtype=torch.float64).to(dtype)

    def misfit(theta: Tensor) -> Tensor:
        a, b, c, d = (part.view(s) for part, s in zip(theta.split([s.numel() for s in SHAPES]), SHAPES, strict=True))
        return (torch.tanh(x @ a.T + b) @ c.T + d - wanted).reshape(-1) / 30**0.5

    plain = objective_of(misfit, start)
    return Objective(plain.chunks, plain.weights, plain.size, 10**6, shapes=SHAPES), start


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in a state."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)


def run(optimizer: Optimizer, objective: Objective, theta: Tensor, state: Any, steps: int) -> tuple[Tensor, Any]:
    for _ in range(steps):
        made = optimizer.step(objective, theta, state)
        theta, state = made.theta, made.state
    return theta, state


@pytest.mark.parametrize("optimizer", METHODS, ids=["soap", "muon"])
def test_a_step_changes_nothing_that_came_in_and_shares_nothing_with_it(
    objective_of: Any, optimizer: Optimizer
) -> None:
    objective, theta = layers(objective_of)
    theta, state = run(optimizer, objective, theta, optimizer.start(theta), 3)
    before, kept = theta.clone(), copy.deepcopy(state)
    ways = [optimizer.step(objective, theta, state) for _ in range(2)]
    assert torch.equal(theta, before)
    assert state.count == kept.count == 3
    known, own = list(tensors(kept.memories)), list(tensors(state.memories))
    assert len(own) > 6
    assert all(torch.equal(a, b) for a, b in zip(own, known, strict=True))
    assert torch.equal(ways[0].theta, ways[1].theta)
    places = [{t.untyped_storage().data_ptr() for t in tensors(s.memories)} for s in (state, *(w.state for w in ways))]
    assert len(set().union(*places)) == sum(len(own) for own in places)


@pytest.mark.parametrize("optimizer", METHODS, ids=["soap", "muon"])
def test_a_run_that_is_cut_goes_on_as_if_it_were_not(objective_of: Any, optimizer: Optimizer) -> None:
    objective, start = layers(objective_of)
    whole, _ = run(optimizer, objective, start, optimizer.start(start), 9)
    half, state = run(optimizer, objective, start, optimizer.start(start), 4)
    rest, _ = run(optimizer, objective, half, copy.deepcopy(state), 5)
    assert torch.equal(rest, whole)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SOAP(lr=1e-2), Muon(lr=1e-2)], ids=["soap", "muon"])
def test_matrices_are_fitted(objective_of: Any, optimizer: Optimizer, dtype: torch.dtype) -> None:
    objective, start = layers(objective_of, dtype)
    theta, state = run(optimizer, objective, start, optimizer.start(start), 300)
    assert theta.dtype == dtype
    assert {t.dtype for t in tensors(state.memories) if t.ndim} == {dtype}
    assert objective.evaluate(theta).loss < 0.01 * objective.evaluate(start).loss


@pytest.mark.parametrize("optimizer", METHODS, ids=["soap", "muon"])
def test_the_rate_rises_and_decays(objective_of: Any, optimizer: Optimizer) -> None:
    objective, theta = layers(objective_of)
    state, found = optimizer.start(theta), []
    for _ in range(8):
        made = optimizer.step(objective, theta, state)
        theta, state = made.theta, made.state
        found.append(made.report["lr"])
    assert found == [rate_after(count, 3e-3, 3, 0.5, 5) for count in range(8)]
    assert found[5] == pytest.approx(0.5 * 3e-3)
