"""The second derivative along a step: exact for quadratic rows, and of first order in h for others."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.optimizers.second_derivative import second_derivative

THETA = torch.tensor([0.3, -0.7], dtype=torch.float64)
STEP = torch.tensor([0.9, -0.4], dtype=torch.float64)
Function = Callable[[Tensor], Tensor]


def quadratic(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((x * y - 3.0 * y * y, x + 2.0, x * x))


def waves(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((torch.sin(2.0 * x - y), torch.exp(x * y)))


def quotient(function: Function, h: float) -> Tensor:
    _, linear = torch.autograd.functional.jvp(function, THETA, STEP)
    return second_derivative(function(THETA), linear, function(THETA + h * STEP), h)


def exact(function: Function) -> Tensor:
    """By reverse mode twice."""

    def slope(theta: Tensor) -> Tensor:
        along: Tensor = torch.autograd.functional.jvp(function, theta, STEP, create_graph=True)[1]
        return along

    second: Tensor = torch.autograd.functional.jvp(slope, THETA, STEP)[1]
    return second


@pytest.mark.parametrize("h", [1.0, 0.1])
def test_it_is_exact_for_quadratic_rows(h: float) -> None:
    torch.testing.assert_close(quotient(quadratic, h), exact(quadratic), rtol=0.0, atol=1e-12)


def test_it_is_of_first_order_in_h() -> None:
    errors = [float((quotient(waves, h) - exact(waves)).norm()) for h in (1e-2, 5e-3)]
    assert 1e-3 < errors[0] < 1e-1
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.02)
