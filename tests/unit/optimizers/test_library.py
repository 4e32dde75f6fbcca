"""Optimizers of a library as functions of what goes in, on a network of two layers."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers import SOAP, Muon, Optimizer

SHAPES = tuple(torch.Size(shape) for shape in ((6, 2), (6,), (3, 6), (3,)))
METHODS = (SOAP(lr=3e-3, warmup=3, decay=0.5, decay_every=5), Muon(lr=3e-3, warmup=3, decay=0.5, decay_every=5))


def layers(shaped: Any, dtype: torch.dtype = torch.float64) -> tuple[Objective, Tensor]:
    """The misfit of two layers to the field (x + y, x - y, x y), and where to begin."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(30, 2, generator=generator, dtype=torch.float64).to(dtype)
    wanted = torch.stack((x.sum(1), x[:, 0] - x[:, 1], x.prod(1)), dim=1)
    start = 0.5 * torch.randn(sum(s.numel() for s in SHAPES), generator=generator, dtype=torch.float64).to(dtype)

    def misfit(theta: Tensor) -> Tensor:
        a, b, c, d = (part.view(s) for part, s in zip(theta.split([s.numel() for s in SHAPES]), SHAPES, strict=True))
        return (torch.tanh(x @ a.T + b) @ c.T + d - wanted).reshape(-1) / 30**0.5

    return shaped(misfit, start, *SHAPES), start


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in a state."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)


@pytest.mark.parametrize("optimizer", METHODS, ids=["soap", "muon"])
def test_a_step_changes_nothing_that_came_in_and_shares_nothing_with_it(
    run: Any, shaped: Any, optimizer: Optimizer
) -> None:
    objective, theta = layers(shaped)
    theta, made = run(objective, theta, 3, optimizer)
    state = made[-1].state
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
def test_a_run_that_is_cut_goes_on_as_if_it_were_not(run: Any, shaped: Any, optimizer: Optimizer) -> None:
    objective, start = layers(shaped)
    whole, _ = run(objective, start, 9, optimizer)
    half, made = run(objective, start, 4, optimizer)
    rest, _ = run(objective, half, 5, optimizer, copy.deepcopy(made[-1].state))
    assert torch.equal(rest, whole)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SOAP(lr=1e-2), Muon(lr=1e-2)], ids=["soap", "muon"])
def test_matrices_are_fitted(run: Any, shaped: Any, optimizer: Optimizer, dtype: torch.dtype) -> None:
    objective, start = layers(shaped, dtype)
    theta, made = run(objective, start, 300, optimizer)
    assert theta.dtype == dtype
    assert {t.dtype for t in tensors(made[-1].state.memories) if t.ndim} == {dtype}
    assert objective.evaluate(theta).loss < 0.01 * objective.evaluate(start).loss


@pytest.mark.parametrize("optimizer", METHODS, ids=["soap", "muon"])
def test_the_rate_rises_and_decays(run: Any, shaped: Any, optimizer: Optimizer) -> None:
    objective, theta = layers(shaped)
    _, made = run(objective, theta, 8, optimizer)
    rates = [3e-3 * min(1.0, (count + 1) / 3) * 0.5 ** (count / 5) for count in range(8)]
    assert [step.report["lr"] for step in made] == pytest.approx(rates, rel=1e-15)
