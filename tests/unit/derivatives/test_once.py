"""Reverse rules that are differentiable once: right the first time, an error the second, never a wrong number."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.derivatives import composition
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear

F64 = torch.float64
INDICES = IndexSet.closure([(2,)], 1)


def product(a: Tensor) -> Tensor:
    return composition.multiply(a, torch.ones_like(a).detach(), INDICES)


def sine(a: Tensor) -> Tensor:
    return composition.compose(composition.sin, a, INDICES)


def affine(a: Tensor) -> Tensor:
    layer = Linear(1, 2, torch.Generator().manual_seed(0), F64, torch.device("cpu"))
    return layer(Jet(a, INDICES)).coefficients


@pytest.mark.parametrize("rule", [product, sine, affine])
def test_a_second_derivative_is_an_error(rule: Callable[[Tensor], Tensor]) -> None:
    a = torch.linspace(-1, 1, 12, dtype=F64).reshape(3, 4, 1).requires_grad_()
    (bare,) = torch.autograd.grad((rule(a) ** 2).sum(), a)
    (slope,) = torch.autograd.grad((rule(a) ** 2).sum(), a, create_graph=True)
    assert torch.equal(slope.detach(), bare)
    with pytest.raises(RuntimeError, match="differentiable once was differentiated again"):
        torch.autograd.grad(slope.sum(), a)
