"""What tests of optimizers share: functions whose minima are known, rows drawn at random, and a loop of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, final

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers import Optimizer, Step

F64 = torch.float64
Function = Callable[[Tensor], Tensor]


class Run(Protocol):
    """Steps of an optimizer until it ends or there were so many; theta after the last one, and all of them."""

    def __call__(
        self, objective: Objective, theta: Tensor, steps: int, optimizer: Optimizer, state: Any = None
    ) -> tuple[Tensor, list[Step]]: ...


@pytest.fixture(scope="session")
def run() -> Run:
    """The steps of one optimizer on one objective, from a state or from its own start."""

    def steps_of(
        objective: Objective, theta: Tensor, steps: int, optimizer: Optimizer, state: Any = None
    ) -> tuple[Tensor, list[Step]]:
        made: list[Step] = []
        state = optimizer.start(theta) if state is None else state
        for _ in range(steps):
            made.append(optimizer.step(objective, theta, state))
            theta, state = made[-1].theta, made[-1].state
            if made[-1].finished is not None:
                break
        return theta, made

    return steps_of


@final
@dataclass(frozen=True, eq=False)
class Known:
    """Rows of theta, where a search starts, and the least sum of their squares that is near."""

    rows: Function
    begin: tuple[float, ...]
    squares: float = 0.0

    @property
    def start(self) -> Tensor:
        """Where a search starts."""
        return torch.tensor(self.begin, dtype=F64)


@pytest.fixture(scope="session")
def known() -> Mapping[str, Known]:
    """Classical functions of J. J. Moré, B. S. Garbow, K. E. Hillstrom, ACM Trans. Math. Softw. 7 (1981)."""
    return {
        "rosenbrock": Known(rosenbrock, (-1.2, 1.0)),
        "freudenstein_roth": Known(freudenstein_roth, (0.5, -2.0), 48.98425367924),
        "powell_singular": Known(powell_singular, (3.0, -1.0, 0.0, 1.0)),
        "helical_valley": Known(helical_valley, (-1.0, 0.01, 0.0)),
        "bard": Known(bard, (1.0, 1.0, 1.0), 8.214877306578963e-3),
    }


def rosenbrock(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((10.0 * (y - x * x), 1.0 - x))


def freudenstein_roth(theta: Tensor) -> Tensor:
    x, y = theta
    return torch.stack((x - 13.0 + ((5.0 - y) * y - 2.0) * y, x - 29.0 + ((y + 1.0) * y - 14.0) * y))


def powell_singular(theta: Tensor) -> Tensor:
    a, b, c, d = theta
    return torch.stack((a + 10.0 * b, 5.0**0.5 * (c - d), (b - 2.0 * c) ** 2, 10.0**0.5 * (a - d) ** 2))


def helical_valley(theta: Tensor) -> Tensor:
    x, y, z = theta
    angle = torch.atan2(y, x) / (2.0 * torch.pi)
    return torch.stack((10.0 * (z - 10.0 * angle), 10.0 * (torch.sqrt(x * x + y * y) - 1.0), z))


def bard(theta: Tensor) -> Tensor:
    measured = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]
    u = torch.arange(1.0, 16.0, dtype=F64)
    v = 16.0 - u
    x, y, z = theta
    return torch.tensor(measured, dtype=F64) - (x + u / (v * y + torch.minimum(u, v) * z))


class Linear(Protocol):
    """A matrix (rows, size) and a vector (rows,), the singular values spread over so many decades where given."""

    def __call__(self, rows: int, size: int, decades: float | None = None) -> tuple[Tensor, Tensor]: ...


@pytest.fixture(scope="session")
def linear() -> Linear:
    """The parts of linear rows, drawn at random, the same for the same shape."""

    def draw(rows: int, size: int, decades: float | None = None) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(100 * rows + size)
        matrix = torch.randn(rows, size, generator=generator, dtype=F64)
        if decades is not None:
            u, _, vt = torch.linalg.svd(matrix, full_matrices=False)
            matrix = u @ torch.diag(torch.logspace(0, -decades, min(rows, size), dtype=F64)) @ vt
        return matrix, torch.randn(rows, generator=generator, dtype=F64)

    return draw


class Shaped(Protocol):
    """The objective of a function of parameters that are arrays of these shapes."""

    def __call__(self, function: Function, theta: Tensor, *shapes: tuple[int, ...]) -> Objective: ...


@pytest.fixture
def shaped(objective_of: Any) -> Shaped:
    """The objective of a function from theta (P,), which a network keeps in arrays of some shapes."""

    def make(function: Function, theta: Tensor, *shapes: tuple[int, ...]) -> Objective:
        plain = objective_of(function, theta)
        return Objective(plain.chunks, plain.weights, plain.size, 10**6, shapes=[torch.Size(shape) for shape in shapes])

    return make
