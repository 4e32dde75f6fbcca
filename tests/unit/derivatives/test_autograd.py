"""Nested reverse mode.

Satisfied: the derivatives of a known function are its own; those along a coordinate on which it does not depend are
zero, and remain part of the parameters' graph; it works where the caller has switched gradients off.
"""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet

INDICES = IndexSet.closure([(2, 0), (1, 1), (0, 3)], 2)


def points() -> torch.Tensor:
    return torch.rand(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def waves(at: Jet) -> Jet:
    x, y = at.value.unbind(1)
    return Jet(torch.stack([torch.sin(2 * x) * torch.exp(y), x**2 * y], dim=1)[None], at.indices)


@pytest.mark.parametrize("grad", [True, False])
def test_of_known_functions(grad: bool) -> None:
    x, y = points().unbind(1)
    with torch.set_grad_enabled(grad):
        found = differentiate(waves, points(), INDICES)
    truth = {
        (0, 0): (torch.sin(2 * x) * torch.exp(y), x**2 * y),
        (0, 1): (torch.sin(2 * x) * torch.exp(y), x**2),
        (1, 0): (2 * torch.cos(2 * x) * torch.exp(y), 2 * x * y),
        (1, 1): (2 * torch.cos(2 * x) * torch.exp(y), 2 * x),
        (2, 0): (-4 * torch.sin(2 * x) * torch.exp(y), 2 * y),
        (0, 2): (torch.sin(2 * x) * torch.exp(y), 0 * x),
        (0, 3): (torch.sin(2 * x) * torch.exp(y), 0 * x),
    }
    assert set(truth) == set(INDICES.indices)
    for index, columns in truth.items():
        torch.testing.assert_close(found.derivative(index).detach(), torch.stack(columns, 1), rtol=1e-13, atol=1e-14)


def test_the_points_are_left_alone() -> None:
    x = points()
    differentiate(waves, x, INDICES)
    assert not x.requires_grad
    assert torch.equal(x, points())


@pytest.mark.parametrize("bend", [torch.relu, torch.clone], ids=["piecewise linear", "linear"])
def test_derivatives_that_vanish_have_a_gradient_of_zero(bend: Callable[[torch.Tensor], torch.Tensor]) -> None:
    layer = nn.Linear(2, 1, dtype=torch.float64)
    found = differentiate(lambda at: Jet(bend(layer(at.value))[None], at.indices), points(), INDICES)
    second = found.derivative((2, 0))
    assert not second.any()
    (slope,) = torch.autograd.grad(second.sum(), layer.weight)
    assert not slope.any()


def test_of_a_constant() -> None:
    found = differentiate(lambda at: Jet(torch.ones_like(at.value)[None], at.indices), points(), INDICES)
    assert torch.equal(found.coefficients[0], torch.ones_like(points()))
    assert not found.coefficients[1:].any()
