"""Fields on earlier fields: the sum is the sum, with all its derivatives, and what was exact stays exact."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.indices import IndexSet
from pinnkit.formulation import trial as module
from pinnkit.formulation.trial import Base, Trial
from pinnkit.networks import MLP, Scaled
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

INDICES = IndexSet.closure([(2, 0), (1, 1), (0, 1)], 2)


def problem() -> Problem:
    """One field odd in x with walls and a start, the other free."""
    return define(
        name="two",
        coordinates={"x": [-1, 1], "t": [0, 0.5]},
        time="t",
        fields=["u", "v"],
        symmetry={"u": "odd in x"},
        equations=["u_t = u_xx", "v_t = u_x - v"],
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "u = 0"},
            "later": {"on": "t = 0", "equation": "v = x + 2"},
        },
    )


def run(seed: int, **more: Any) -> Run:
    return build_run(problem(), Config(network=MLP(6, 2, "sin"), seed=seed, device="cpu", balance=False, **more))


def points(count: int = 30) -> Tensor:
    unit = torch.rand(count, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return unit * torch.tensor([2.0, 0.5]) - torch.tensor([1.0, 0.0])


def theta(of: Trial, seed: int) -> Tensor:
    return torch.randn(of.layout.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def jets(of: Trial, at: Tensor, where: Tensor, indices: IndexSet = INDICES) -> Tensor:
    return of.fixed(of.prepare(where, indices), at)


@pytest.fixture
def first() -> Trial:
    return run(0).trial


@pytest.fixture
def second(first: Trial) -> Trial:
    new = run(1, embedding=Scaled(stretch={"x": 4.0, "t": 2.0})).trial
    return new.on(Base(first, theta(first, 5), 0.01, theta(new, 6)))


def test_it_begins_as_the_earlier_fields(first: Trial, second: Trial) -> None:
    began = jets(second, theta(second, 6), points())
    torch.testing.assert_close(began, jets(first, theta(first, 5), points()), rtol=0, atol=1e-13)


def test_without_a_start_a_network_of_zeros_adds_nothing(first: Trial, second: Trial) -> None:
    assert second.base is not None
    plain = second.on(replace(second.base, start=None))
    there = jets(plain, torch.zeros(plain.layout.size, dtype=torch.float64), points())
    torch.testing.assert_close(there, jets(first, theta(first, 5), points()), rtol=0, atol=1e-14)


def test_its_jets_are_the_derivatives_of_the_sum(first: Trial, second: Trial) -> None:
    """By reverse mode through u_base + s D (N - N_start), each part evaluated as a bare value."""
    value = IndexSet.closure([], 2)

    def part(of: Trial, at: Tensor, where: Tensor) -> Tensor:
        parameters = of.layout.split(at)
        found = of.evaluate(of.prepare(where, value), lambda z: functional_call(of.network, parameters, (z,)))
        return found.coefficients[0]

    alone = Trial(second.formulation, second.network, second.features, "jet", second.dtype, second.device)
    where = points().requires_grad_()
    change = part(alone, theta(second, 7), where) - part(alone, theta(second, 6), where)
    total = part(first, theta(first, 5), where) + 0.01 * change
    found = jets(second, theta(second, 7), points())
    torch.testing.assert_close(found[0], total.detach(), rtol=0, atol=1e-13)
    for field in range(2):
        (slope,) = torch.autograd.grad(total[:, field].sum(), where, create_graph=True)
        (bend,) = torch.autograd.grad(slope[:, 0].sum(), where, retain_graph=True)
        for index, expected in (
            ((1, 0), slope[:, 0]),
            ((0, 1), slope[:, 1]),
            ((2, 0), bend[:, 0]),
            ((1, 1), bend[:, 1]),
        ):
            place = INDICES.position[index]
            taken = found[place, :, field] * INDICES.factorials[place]
            torch.testing.assert_close(taken, expected.detach(), rtol=1e-11, atol=1e-11)


def test_both_engines_agree(first: Trial, second: Trial) -> None:
    def nested(of: Trial) -> Trial:
        base = replace(of.base, trial=nested(of.base.trial)) if of.base is not None else None
        return Trial(of.formulation, of.network, of.features, "autograd", of.dtype, of.device, base)

    third = run(2).trial
    third = third.on(Base(second, theta(second, 7), 1e-3, theta(third, 8)))
    expected = jets(nested(third), theta(third, 9), points())
    torch.testing.assert_close(jets(third, theta(third, 9), points()), expected, rtol=1e-10, atol=1e-10)


def test_what_was_exact_stays_exact(second: Trial) -> None:
    value, at = IndexSet.closure([], 2), theta(second, 7)
    x = torch.linspace(-1, 1, 11, dtype=torch.float64)
    start = jets(second, at, torch.stack([x, 0 * x], 1), value)[0]
    torch.testing.assert_close(start, torch.stack([torch.sin(torch.pi * x), x + 2], 1), rtol=0, atol=1e-13)
    walls = jets(second, at, torch.stack([torch.sign(x) + (x == 0), 0.25 * (x + 1)], 1), value)[0]
    assert float(walls[:, 0].abs().max()) < 1e-13
    mirror = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    there, mirrored = jets(second, at, points(), value)[0], jets(second, at, points() * mirror, value)[0]
    torch.testing.assert_close(mirrored[:, 0], -there[:, 0], rtol=0, atol=1e-13)


def test_how_many_points_are_done_at_once_changes_nothing(second: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = jets(second, theta(second, 7), points())
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    torch.testing.assert_close(jets(second, theta(second, 7), points()), whole, rtol=1e-12, atol=1e-12)


def test_the_earlier_fields_come_without_a_graph(second: Trial) -> None:
    prepared = second.prepare(points(), INDICES)
    assert prepared.lift is not None
    assert not prepared.lift.requires_grad


def test_another_precision_reaches_all_stages(second: Trial) -> None:
    single = second.in_precision(torch.float32)
    found = jets(single, theta(second, 7).float(), points().float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), jets(second, theta(second, 7), points()), rtol=1e-3, atol=1e-3)
