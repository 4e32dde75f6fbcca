"""The Jacobian of pointwise rows.

Satisfied, for rows r_n(theta) that depend on their own point (and its mirror images) alone: one sweep over all rows
gives d r_n / d theta, equal to copies of the parameters and to one reverse sweep a row, to 1e-12; a layer that is used
twice counts twice; layers that share a parameter, or do not know their rows, are not covered.
"""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from pinnkit.derivatives import jet
from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.copies import row_jacobian_by_copies
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.layout import Layout
from pinnkit.derivatives.linear import Linear
from pinnkit.derivatives.rows import RowLayer, covers, row_jacobian
from pinnkit.networks import MLP
from pinnkit.networks.activations import ACTIVATIONS, Activation

Evaluate = Callable[[Callable[[Jet], Jet]], list[Tensor]]
INDICES = IndexSet.closure([(2, 0), (1, 1)], 2)
CPU, FLOAT64 = torch.device("cpu"), torch.float64


def points(device: str = "cpu") -> Tensor:
    return torch.rand(7, 2, generator=torch.Generator().manual_seed(1), dtype=FLOAT64).to(device) * 2 - 1


def residuals(fields: Jet) -> list[Tensor]:
    """Three of them, of two fields; the last depends on one field's value alone."""
    u, v = fields.value.unbind(1)
    u_xx, v_xx = fields.derivative((2, 0)).unbind(1)
    u_xy, _ = fields.derivative((1, 1)).unbind(1)
    return [u_xx + u * v, u_xy * v_xx - u**2, 3 * v]


def on_jets(x: Tensor, copies: int) -> Evaluate:
    """The residuals of u(x, y) or, of two copies, of u(x, y) - u(-x, y)."""

    def evaluate(network: Callable[[Jet], Jet]) -> list[Tensor]:
        plain = jet.coordinates(x, INDICES).coefficients
        sides = [plain, plain * torch.tensor([-1.0, 1.0], dtype=x.dtype, device=x.device)]
        together = torch.cat(sides[:copies], dim=1)
        parts = network(Jet(together, INDICES)).coefficients.chunk(copies, dim=1)
        return residuals(Jet(parts[0] - parts[1] if copies == 2 else parts[0], INDICES))

    return evaluate


def on_values(x: Tensor, copies: int) -> Evaluate:
    """The same by nested reverse mode, which copies of the parameters need."""

    def evaluate(network: Callable[[Jet], Jet]) -> list[Tensor]:
        def fields(at: Jet) -> Jet:
            mirror = torch.tensor([-1.0, 1.0], dtype=x.dtype, device=x.device)
            sides = [at.coefficients, at.coefficients * mirror][:copies]
            parts = network(Jet(torch.cat(sides, dim=1), at.indices)).coefficients.chunk(copies, dim=1)
            return Jet(parts[0] - parts[1] if copies == 2 else parts[0], at.indices)

        return residuals(differentiate(fields, x, INDICES))

    return evaluate


def one_by_one(module: nn.Module, theta: Tensor, evaluate: Evaluate) -> tuple[Tensor, Tensor]:
    """One reverse sweep a row."""
    leaf = theta.clone().requires_grad_()
    parameters = Layout.of(module).split(leaf)
    rows = torch.cat(evaluate(lambda z: functional_call(module, parameters, (z,))))
    return rows.detach(), torch.stack([torch.autograd.grad(row, leaf, retain_graph=True)[0] for row in rows])


def start(module: nn.Module, device: str = "cpu") -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(Layout.of(module).size, generator=generator, dtype=FLOAT64).to(device) * 0.5


def close(found: Tensor, truth: Tensor) -> None:
    torch.testing.assert_close(found, truth, rtol=0.0, atol=1e-12 * float(truth.abs().max()))


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_three_ways_to_the_same_jacobian(activation: Activation, copies: int, device: str) -> None:
    module = MLP(4, 2, activation).build(2, 2, torch.Generator().manual_seed(0), FLOAT64, torch.device(device))
    layout, theta, x = Layout.of(module), start(module, device), points(device)
    rows, jacobian = row_jacobian(module, layout, theta, on_jets(x, copies))
    assert jacobian.shape == (3 * 7, layout.size)
    rows_by_copies, jacobian_by_copies = row_jacobian_by_copies(module, layout, theta, 7, on_values(x, copies))
    true_rows, truth = one_by_one(module, theta, on_jets(x, copies))
    close(rows, true_rows)
    close(rows_by_copies, true_rows)
    close(jacobian, truth)
    close(jacobian_by_copies, truth)


def test_nothing_is_left_behind() -> None:
    """No hook on the network, no graph on what is returned, no change of theta."""
    module = MLP(4, 1).build(2, 2, torch.Generator().manual_seed(0), FLOAT64, CPU)
    theta = start(module)
    kept = theta.clone()
    rows, jacobian = row_jacobian(module, Layout.of(module), theta, on_jets(points(), 1))
    assert not rows.requires_grad
    assert not jacobian.requires_grad
    assert not theta.requires_grad
    assert torch.equal(theta, kept)
    assert not any(part._forward_hooks for part in module.modules())


def test_hooks_go_when_a_residual_fails() -> None:
    module = MLP(4, 1).build(2, 2, torch.Generator().manual_seed(0), FLOAT64, CPU)

    def fails(network: Callable[[Jet], Jet]) -> list[Tensor]:
        raise ArithmeticError("no residual")

    with pytest.raises(ArithmeticError):
        row_jacobian(module, Layout.of(module), start(module), fails)
    assert not any(part._forward_hooks for part in module.modules())


def test_rows_without_parameters_have_no_gradient() -> None:
    module = MLP(4, 1).build(2, 2, torch.Generator().manual_seed(0), FLOAT64, CPU)
    x = points()

    def evaluate(network: Callable[[Jet], Jet]) -> list[Tensor]:
        return [on_jets(x, 1)(network)[0], x[:, 0]]

    rows, jacobian = row_jacobian(module, Layout.of(module), start(module), evaluate)
    assert torch.equal(rows[7:], x[:, 0])
    assert not jacobian[7:].any()
    assert bool(jacobian[:7].any())


class Chain(nn.Module):
    """Layers one after the other with tanh between, whatever they are."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.order = layers

    def forward(self, z: Jet) -> Jet:
        for layer in self.order[:-1]:
            z = jet.tanh(layer(z))
        fields: Jet = self.order[-1](z)
        return fields


class Scale(nn.Module):
    """One number times the jet, with its own rows' gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.5, dtype=FLOAT64))

    def forward(self, z: Jet) -> Jet:
        return Jet(z.coefficients * self.factor, z.indices)

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        rows = jacobians["factor"].shape[0]
        jacobians["factor"] += (inputs * adjoint).reshape(inputs.shape[0], -1, rows, inputs.shape[2]).sum((0, 1, 3))


class Unknowing(nn.Module):
    """The same without them."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.5, dtype=FLOAT64))

    def forward(self, z: Jet) -> Jet:
        return Jet(z.coefficients * self.factor, z.indices)


def linear(inputs: int, outputs: int) -> Linear:
    return Linear(inputs, outputs, torch.Generator().manual_seed(inputs + outputs), FLOAT64, CPU)


def test_a_layer_that_is_used_twice() -> None:
    twice = linear(3, 3)
    module = Chain(linear(2, 3), twice, twice, linear(3, 2))
    assert covers(module)
    theta = start(module)
    _, jacobian = row_jacobian(module, Layout.of(module), theta, on_jets(points(), 2))
    close(jacobian, one_by_one(module, theta, on_jets(points(), 2))[1])


def test_a_parameter_that_is_one_number() -> None:
    module = Chain(linear(2, 3), Scale(), linear(3, 2))
    assert isinstance(module.layers[1], RowLayer)
    assert covers(module)
    theta = start(module)
    _, jacobian = row_jacobian(module, Layout.of(module), theta, on_jets(points(), 2))
    close(jacobian, one_by_one(module, theta, on_jets(points(), 2))[1])


def test_what_is_not_covered() -> None:
    shared = [linear(3, 3), linear(3, 3)]
    shared[1].weight = shared[0].weight
    assert covers(Chain(linear(2, 3), linear(3, 3), linear(3, 2)))
    assert not covers(Chain(linear(2, 3), *shared, linear(3, 2)))
    assert not covers(Chain(linear(2, 3), Unknowing(), linear(3, 2)))
    assert not covers(nn.Linear(2, 2))


@pytest.mark.parametrize("orders", [[], [(2,)]], ids=["value", "jet"])
def test_a_linear_layer_is_affine_on_jets(orders: list[tuple[int, ...]]) -> None:
    layer = linear(3, 2)
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([0.5, -2.0]))
    indices = IndexSet.closure(orders, 1)
    z = torch.randn(len(indices), 4, 3, generator=torch.Generator().manual_seed(0), dtype=FLOAT64)
    found = layer(Jet(z, indices)).coefficients
    truth = z @ layer.weight.T
    torch.testing.assert_close(found[0], truth[0] + layer.bias, rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(found[1:], truth[1:], rtol=1e-14, atol=1e-14)
    leaf = z.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: layer(Jet(v, indices)).coefficients, (leaf,))
