"""Rows of an objective.

Satisfied by every kind of rows r(theta), for symmetric fields with a lift too: `jacobian` gives the same rows as
`values`, and their derivative by one reverse sweep a row; by both engines; the parts of pointwise rows laid together
are the whole; global rows depend on all points at once.
"""

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.derivatives.linear import Linear
from pinnkit.derivatives.rows import covers
from pinnkit.errors import UserError
from pinnkit.formulation.trial import NetworkFunction, Trial
from pinnkit.networks import MLP, Network, TorchModule
from pinnkit.networks.activations import ACTIVATIONS
from pinnkit.objective.objective import Objective
from pinnkit.objective.residuals import indices_of, of_equation
from pinnkit.objective.rows import GlobalRows, PointwiseRows, Rows
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

FLOAT64 = torch.float64


def problem(symmetric: bool) -> Problem:
    """Two fields and three residuals, with walls that are built in; mirrored in both coordinates if asked."""
    return define(
        name="pair",
        coordinates={"x": [-1, 1], "y": [-2, 2]},
        fields=["u", "v"],
        equations={"first": "u_xx + v*u_y = sin(x)", "second": "v_yy + u*v_xy + v", "third": "u**2 + v = x*y"},
        conditions={"walls": {"on": ["x = -1", "x = 1"], "equation": "u = x"}},
        symmetry={"u": ["odd in x", "odd in y"], "v": "even in x"} if symmetric else {},
    )


def trial(network: Network, symmetric: bool, derivatives: Literal["jet", "autograd"], device: str = "cpu") -> Trial:
    config = Config(network=network, derivatives=derivatives, device=device, points=Uniform(10))
    return build_run(problem(symmetric), config).trial


def pointwise(of: Trial) -> PointwiseRows:
    """All three residuals on the same seven points, every row with a factor of its own."""
    generator = torch.Generator().manual_seed(1)
    unit = torch.rand(7, 2, generator=generator, dtype=FLOAT64) * 2 - 1
    factors = 0.5 + torch.rand(3, 7, generator=generator, dtype=FLOAT64)
    x = of.tensor(unit * torch.tensor([1.0, 2.0], dtype=FLOAT64))
    residuals = [of_equation(equation, of.problem) for equation in of.problem.equations]
    prepared = of.prepare(x, indices_of(residuals, of.problem))
    names = tuple(equation.name for equation in of.problem.equations)
    return PointwiseRows(of, prepared, names, tuple(residuals), of.tensor(factors))


def theta_of(of: Trial) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return Layout.start(of.network) + of.tensor(0.3 * torch.randn(of.layout.size, generator=generator, dtype=FLOAT64))


def one_by_one(rows: Rows, theta: Tensor) -> Tensor:
    leaf = theta.clone().requires_grad_()
    return torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in rows.values(leaf)])


def close(found: Tensor, truth: Tensor) -> None:
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-12 * float(truth.abs().max()))


@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_jacobian_of_pointwise_rows(
    activation: Literal["tanh", "sin"], symmetric: bool, derivatives: Literal["jet", "autograd"], device: str
) -> None:
    network = MLP(4, 2, activation)
    of = trial(network, symmetric, derivatives, device)
    rows, theta = pointwise(of), theta_of(of)
    assert len(of.copies) == (4 if symmetric else 1)
    values, jacobian = rows.jacobian(theta)
    close(values, rows.values(theta).detach())
    close(jacobian, one_by_one(rows, theta))
    other = pointwise(trial(network, symmetric, "autograd" if derivatives == "jet" else "jet", device))
    close(other.values(theta).detach(), values)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("step", [1, 3, 7])
def test_parts_laid_together_are_the_whole(symmetric: bool, step: int) -> None:
    of = trial(MLP(4, 2), symmetric, "jet")
    rows, theta = pointwise(of), theta_of(of)
    parts = [rows.part(slice(i, i + step)) for i in range(0, 7, step)]
    assert sum(part.count for part in parts) == rows.count == 21
    whole, jacobian = rows.jacobian(theta)
    by_part = [part.jacobian(theta) for part in parts]
    for number, name in enumerate(rows.terms):
        own = slice(7 * number, 7 * (number + 1))
        close(torch.cat([part.by_term(r)[name] for part, (r, _) in zip(parts, by_part, strict=True)]), whole[own])
        together = torch.cat([j.chunk(3)[number] for _, j in by_part])
        close(together, jacobian[own])


def test_by_term_gives_views() -> None:
    rows = pointwise(trial(MLP(4, 2), False, "jet"))
    of = torch.arange(21.0)
    parts = rows.by_term(of)
    assert list(parts) == ["first", "second", "third"]
    parts["second"].zero_()
    assert not of[7:14].any()


class Bent(nn.Module):
    """A network of jets with a parameter that no layer vouches for."""

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator, device: torch.device) -> None:
        super().__init__()
        self.first = Linear(inputs, 5, generator, FLOAT64, device)
        self.last = Linear(5, outputs, generator, FLOAT64, device)
        self.slope = nn.Parameter(torch.full((), 0.7, dtype=FLOAT64, device=device))

    def forward(self, features: Jet) -> Jet:
        hidden = self.first(features)
        fields: Jet = self.last(jet.sin(Jet(hidden.coefficients * self.slope, hidden.indices)))
        return fields


class OwnNetwork(Network):
    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        return Bent(inputs, outputs, generator, device)


@pytest.mark.parametrize("derivatives", ["jet", "autograd"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_a_network_whose_layers_do_not_know_their_rows(
    symmetric: bool, derivatives: Literal["jet", "autograd"]
) -> None:
    of = trial(OwnNetwork(), symmetric, derivatives)
    assert not covers(of.network)
    rows, theta = pointwise(of), theta_of(of)
    values, jacobian = rows.jacobian(theta)
    close(values, rows.values(theta).detach())
    close(jacobian, one_by_one(rows, theta))


def torch_network() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 6), nn.SiLU(), nn.Linear(6, 2))
    generator = torch.Generator().manual_seed(5)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5, generator=generator)
    return module


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_torch_module(symmetric: bool, device: str) -> None:
    of = trial(TorchModule(torch_network()), symmetric, "autograd", device)
    rows, theta = pointwise(of), theta_of(of)
    values, jacobian = rows.jacobian(theta)
    close(values, rows.values(theta).detach())
    close(jacobian, one_by_one(rows, theta))


def test_a_torch_module_carries_no_jets() -> None:
    of = trial(TorchModule(torch_network()), False, "jet")
    with pytest.raises(UserError, match="set `derivatives: autograd`"):
        pointwise(of).values(theta_of(of))


@pytest.mark.parametrize("module", [nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2)), nn.Linear(2, 2)])
def test_a_piecewise_linear_module_has_rows_of_zero_slope(module: nn.Module) -> None:
    """Its second derivatives vanish, which is a poor choice but no error."""
    of = trial(TorchModule(module), False, "autograd")
    laplace = define(
        name="flat", coordinates={"x": [-1, 1], "y": [-2, 2]}, fields=["u", "v"], equations={"flat": "v_xx = 1"}
    )
    residual = of_equation(laplace.equations[0], laplace)
    prepared = of.prepare(torch.rand(3, 2, dtype=FLOAT64), indices_of([residual], laplace))
    rows = PointwiseRows(of, prepared, ("flat",), (residual,), torch.ones(1, 3, dtype=FLOAT64))
    assert not Objective([rows], {"flat": 1.0}, of.layout.size, 3).evaluate(theta_of(of)).gradient.any()
    values, jacobian = rows.jacobian(theta_of(of))
    assert torch.equal(values, -torch.ones(3, dtype=FLOAT64))
    assert not jacobian.any()
    assert not one_by_one(rows, theta_of(of)).any()


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_jacobian_of_global_rows(symmetric: bool) -> None:
    """Two numbers made of all points: the mean of u and the mean of v_x squared."""
    of = trial(MLP(4, 2), symmetric, "jet")
    indices = IndexSet.closure([(1, 0)], 2)
    x = torch.rand(9, 2, generator=torch.Generator().manual_seed(4), dtype=FLOAT64)
    prepared = of.prepare(x, indices)

    def means(network: NetworkFunction) -> Tensor:
        fields = of.evaluate(prepared, network)
        return torch.stack([fields.value[:, 0].mean() - 1.0, fields.derivative((1, 0))[:, 1].square().mean()])

    rows, theta = GlobalRows(of, ("mean", "slope"), means), theta_of(of)
    values, jacobian = rows.jacobian(theta)
    assert (rows.count, jacobian.shape) == (2, (2, of.layout.size))
    close(values, rows.values(theta).detach())
    close(jacobian, one_by_one(rows, theta))
    h, direction = 1e-6, torch.ones_like(theta)
    slope = (rows.values(theta + h * direction) - rows.values(theta - h * direction)) / (2 * h)
    torch.testing.assert_close(jacobian @ direction, slope, rtol=1e-7, atol=1e-8)
    assert {name: float(part) for name, part in rows.by_term(values).items()} == {
        "mean": float(values[0]),
        "slope": float(values[1]),
    }


CALLS: list[tuple[str, Callable[[Rows, Tensor], object]]] = [
    ("values", lambda rows, theta: rows.values(theta)),
    ("jacobian", lambda rows, theta: rows.jacobian(theta)),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_rows_change_nothing(name: str, call: Callable[[Rows, Tensor], object]) -> None:
    of = trial(MLP(4, 2), True, "jet")
    rows, theta = pointwise(of), theta_of(of)
    kept, before = theta.clone(), rows.values(theta)
    call(rows, theta)
    assert torch.equal(theta, kept)
    assert not theta.requires_grad
    assert torch.equal(rows.values(theta), before)
