"""Jets as values: coordinates, affine maps, channels, products.

Satisfied: the jet of x -> s x has the value s x, the slope s along its own coordinate and nothing else; an affine map
moves the value alone; `derivative` is k! times the coefficient; every function of one index alone is torch's own.
"""

import math
from collections.abc import Callable

import pytest
import torch

from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet

PLANE = IndexSet.closure([(3, 0), (1, 1)], 2)
VALUE = IndexSet.closure([], 2)
PLAIN: dict[str, tuple[Callable[[Jet], Jet], Callable[[torch.Tensor], torch.Tensor]]] = {
    "tanh": (jet.tanh, torch.tanh),
    "sin": (jet.sin, torch.sin),
    "cos": (jet.cos, torch.cos),
    "softplus": (jet.softplus, torch.nn.functional.softplus),
    "silu": (jet.silu, torch.nn.functional.silu),
    "gelu": (jet.gelu, torch.nn.functional.gelu),
}


def points(count: int = 5) -> torch.Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4 - 2


def test_coordinates() -> None:
    x = points()
    found = jet.coordinates(x, PLANE)
    assert torch.equal(found.value, x)
    for index in PLANE.indices[1:]:
        truth = torch.tensor([float(index == (1, 0)), float(index == (0, 1))], dtype=torch.float64)
        assert torch.equal(found.derivative(index), truth.expand(5, 2))


def test_coordinates_of_which_one_is_not_differentiated() -> None:
    found = jet.coordinates(points(), IndexSet.closure([(0, 2)], 2))
    assert torch.equal(found.derivative((0, 1)), torch.tensor([[0.0, 1.0]], dtype=torch.float64).expand(5, 2))


def test_an_affine_map_moves_the_value_alone() -> None:
    z = jet.coordinates(points(), PLANE)
    scale, shift = torch.tensor([2.0, -3.0], dtype=torch.float64), torch.tensor([0.5, 4.0], dtype=torch.float64)
    found = jet.affine(z, scale, shift)
    assert torch.equal(found.value, points() * scale + shift)
    assert torch.equal(found.coefficients[1:], z.coefficients[1:] * scale)


def test_affine_channels_know_their_slopes() -> None:
    z, scale = jet.coordinates(points(), PLANE), torch.tensor([2.0, -3.0], dtype=torch.float64)
    found = jet.affine(z, scale, torch.ones_like(scale))
    turned = jet.concatenate([found.channel(1), found.channel(0), found.channel(0)])
    assert turned.slopes is not None
    for d, index in enumerate([(1, 0), (0, 1)]):
        assert torch.equal(turned.derivative(index), turned.slopes[d].expand(5, 3))
    assert jet.concatenate([found, jet.sin(found)]).slopes is None
    assert jet.multiply(found, found).slopes is None


def test_channels_and_their_concatenation() -> None:
    z = jet.sin(jet.coordinates(points(), PLANE))
    again = jet.concatenate([z.channel(1), z.channel(0)])
    assert torch.equal(again.coefficients, z.coefficients.flip(2))


def test_a_derivative_is_the_coefficient_times_k_factorial() -> None:
    x = points()
    found = jet.multiply(jet.sin(jet.coordinates(x, PLANE)).channel(0), jet.sin(jet.coordinates(x, PLANE)).channel(1))
    a, b = x.unbind(1)
    torch.testing.assert_close(found.derivative((3, 0))[:, 0], -torch.cos(a) * torch.sin(b), rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(found.derivative((1, 1))[:, 0], torch.cos(a) * torch.cos(b), rtol=1e-13, atol=1e-14)
    assert math.isclose(float(found.coefficients[PLANE.position[3, 0], 0, 0]) * 6, float(found.derivative((3, 0))[0]))


def test_a_derivative_that_is_not_carried() -> None:
    with pytest.raises(KeyError):
        jet.coordinates(points(), PLANE).derivative((0, 2))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("indices", [PLANE, VALUE], ids=["jet", "value"])
def test_values_are_those_of_torch(name: str, indices: IndexSet, device: str) -> None:
    on_jets, plain = PLAIN[name]
    x = points().to(device)
    found = on_jets(jet.coordinates(x, indices))
    assert found.coefficients.shape == (len(indices), 5, 2)
    torch.testing.assert_close(found.value, plain(x), rtol=1e-14, atol=1e-15)


def test_a_bare_product_is_plain() -> None:
    a, b = jet.coordinates(points(), VALUE), jet.sin(jet.coordinates(points(), VALUE))
    assert torch.equal(jet.multiply(a, b).value, points() * torch.sin(points()))
