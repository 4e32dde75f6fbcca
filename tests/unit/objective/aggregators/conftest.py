"""Sets of gradients, and the properties that a direction may have, as asserts."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

F64 = torch.float64


def drawn(count: int, size: int, seed: int) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed), dtype=F64)


def nearly_parallel(count: int, angle: float, seed: int) -> Tensor:
    """Gradients of sizes from 1e-3 to 1e3 in a cone about one direction, so many radians wide."""
    noise = drawn(count, 40, seed)
    middle = noise[0] / noise[0].norm()
    aside = noise - (noise @ middle)[:, None] * middle
    units = middle + angle * aside / aside.norm(dim=1, keepdim=True)
    return torch.logspace(-3, 3, count, dtype=F64)[:, None] * units / units.norm(dim=1, keepdim=True)


@pytest.fixture(scope="session")
def sets() -> Mapping[str, Tensor]:
    """Independent gradients: two to ten of them, in and out of conflict, of like and unlike sizes."""
    found = {f"{count} at random": drawn(count, 30, count) for count in (2, 3, 5, 10)}
    base = drawn(1, 30, 7)[0]
    found["in conflict"] = torch.stack([base, -base + 0.3 * drawn(1, 30, 8)[0], drawn(1, 30, 9)[0]])
    found["of unlike sizes"] = torch.logspace(-6, 6, 4, dtype=F64)[:, None] * drawn(4, 30, 10)
    found["nearly parallel"] = nearly_parallel(4, 1e-3, 11)
    return found


Assert = Callable[[Tensor, Tensor], None]


@pytest.fixture(scope="session")
def no_loss_rises() -> Assert:
    """J d >= 0 up to rounding."""

    def check(gradients: Tensor, direction: Tensor) -> None:
        parts = gradients @ direction
        sizes = gradients.norm(dim=1) * direction.norm()
        assert bool((parts >= -1e-9 * sizes).all()), parts / sizes

    return check


@pytest.fixture(scope="session")
def every_loss_falls() -> Assert:
    """J d > 0."""

    def check(gradients: Tensor, direction: Tensor) -> None:
        assert float(direction.norm()) > 0
        assert bool((gradients @ direction > 0).all())

    return check
