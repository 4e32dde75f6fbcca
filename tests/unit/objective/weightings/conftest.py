"""Losses of which all is known: rows as functions of theta, in groups `a`, `b`, `c` of two rows each."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.objective.statistics import Statistics

F64 = torch.float64


def rows(theta: Tensor) -> Tensor:
    x, y, z = theta
    return torch.stack((30.0 * (y - x * x), 1.0 - x, torch.sin(y - 1.0), x + y * z, 0.01 * (z - 2.0), torch.cos(x * z)))


@pytest.fixture(scope="session")
def thetas() -> list[Tensor]:
    """A short path."""
    generator = torch.Generator().manual_seed(5)
    return [
        torch.tensor([-0.5, 1.5, 0.3], dtype=F64) + 0.1 * torch.randn(3, generator=generator, dtype=F64)
        for _ in range(6)
    ]


@pytest.fixture
def unequal(objective_of: Callable[..., Objective], thetas: list[Tensor]) -> Objective:
    """Three losses of very different sizes."""
    plain = objective_of(rows, thetas[0], blocks=3)
    groups = {"a": ("block_0",), "b": ("block_1",), "c": ("block_2",)}
    return Objective(plain.chunks, plain.weights, plain.size, 10**6, groups=groups)


@pytest.fixture
def looks(unequal: Objective, thetas: list[Tensor]) -> list[Statistics]:
    """The statistics along the path."""
    return [Statistics(unequal, theta) for theta in thetas]


@pytest.fixture
def losses(thetas: list[Tensor]) -> list[Tensor]:
    """L_g (3,) along the path, by hand."""
    return [0.5 * (rows(theta) ** 2).view(3, 2).sum(1) for theta in thetas]


@pytest.fixture
def gradients(thetas: list[Tensor]) -> list[Tensor]:
    """The gradients (3, 3) of L_g along the path, by hand."""
    return [torch.autograd.functional.jacobian(lambda t: 0.5 * (rows(t) ** 2).view(3, 2).sum(1), own) for own in thetas]


@pytest.fixture
def slopes(thetas: list[Tensor]) -> list[Tensor]:
    """The Jacobian (6, 3) of the rows along the path, by hand."""
    return [torch.autograd.functional.jacobian(rows, own) for own in thetas]
