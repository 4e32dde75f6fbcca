"""The separable network.

Satisfied: values are the formula, in NumPy; a network of rank one with its output bias at zero is a product of
functions of one variable, so that u u_xy = u_x u_y; the spread of a product at the start does not grow with the number
of features; where every feature belongs to one coordinate, the way that uses it gives what jets of all coordinates do,
with the same gradients, for sums and single derivatives, features that share a coordinate, and coordinates without a
feature; options. Derivatives and rows are tested with the other networks in `test_gated.py`.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.equations.expression import MultiIndex
from pinnkit.errors import UserError
from pinnkit.networks import Separable

F64, CPU = torch.float64, torch.device("cpu")


def built(network: Separable, inputs: int, seed: int = 0) -> nn.Module:
    return network.build(inputs, 1, torch.Generator().manual_seed(seed), F64, CPU)


def points(count: int, dimension: int) -> Tensor:
    return 2 * torch.rand(count, dimension, generator=torch.Generator().manual_seed(1), dtype=F64) - 1


def test_values_are_the_formula() -> None:
    module, x = built(Separable(rank=3, width=5, depth=1), 2), points(11, 2)
    parameters = {name: p.detach().numpy() for name, p in module.named_parameters()}
    product = np.ones((11, 3))
    for i in range(2):
        w1, b1, w2, b2 = (
            parameters[f"factors.{i}.layers.{layer}.{kind}"] for layer in (0, 1) for kind in ("weight", "bias")
        )
        product *= 1 + (np.tanh(x.numpy()[:, i : i + 1] @ w1.T + b1) @ w2.T + b2) / np.sqrt(2)
    truth = product @ parameters["last.weight"].T + parameters["last.bias"]
    found = module(jet.coordinates(x, IndexSet.closure([], 2))).value
    np.testing.assert_allclose(found.detach().numpy(), truth, rtol=1e-13)


def test_of_rank_one_it_is_a_product_of_functions() -> None:
    found = built(Separable(rank=1), 2)(jet.coordinates(points(9, 2), IndexSet.closure([(1, 1)], 2)))
    u, u_x, u_y, u_xy = (found.derivative(k).detach() for k in ((0, 0), (1, 0), (0, 1), (1, 1)))
    assert float(u_xy.abs().max()) > 1e-3
    torch.testing.assert_close(u * u_xy, u_x * u_y, rtol=1e-12, atol=1e-15)


def test_products_of_many_factors_begin_as_those_of_few() -> None:
    spreads: list[float] = []
    for inputs in (2, 10, 100):
        module = built(Separable(rank=64), inputs)
        module.get_submodule("last").register_forward_pre_hook(lambda _, z: spreads.append(float(z[0].value.std())))
        with torch.no_grad():
            module(jet.coordinates(points(200, inputs), IndexSet.closure([], inputs)))
    assert max(spreads) < 2 * min(spreads)
    assert 0.1 < spreads[0] < 1.0


@pytest.mark.parametrize("wanted", [[(-2, -2, -2)], [(-2, -2, 0), (0, 0, 1)], [(3, 0, 0), (0, 1, 0)], [(1, 0, 0)]])
@pytest.mark.parametrize("channels", [(0, 1, 2), (2, 0, 2), (1, 1, 1)])
def test_factors_of_one_coordinate_each(wanted: list[MultiIndex], channels: tuple[int, ...]) -> None:
    module, indices = built(Separable(rank=3, width=4), 3), IndexSet.closure(wanted, 3)
    z = jet.coordinates(points(7, 3), indices)
    features = jet.concatenate([z.channel(c) for c in channels])
    found, truth = (module(f).coefficients for f in (features, Jet(features.coefficients, indices)))
    torch.testing.assert_close(found, truth, rtol=1e-12, atol=1e-14)
    adjoint = torch.randn(found.shape, generator=torch.Generator().manual_seed(4), dtype=F64)
    parameters = list(module.parameters())
    for own, true in zip(*(torch.autograd.grad(y, parameters, adjoint) for y in (found, truth)), strict=True):
        torch.testing.assert_close(own, true, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("option", ["rank", "width", "depth"])
def test_sizes_below_one(option: str) -> None:
    with pytest.raises(UserError, match=rf"^`{option}` of network `separable` is 0; it needs at least 1$"):
        Separable(**{option: 0})
