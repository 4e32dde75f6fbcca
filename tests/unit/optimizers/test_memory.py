"""What every optimizer says that it holds, beside what its steps allocate; a new entry is tested by being there."""

import weakref
from collections.abc import Callable, Mapping
from typing import Any, final

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pinnkit.optimizers import OPTIMIZERS, Auto, Optimizer

NAMES = [name for name in OPTIMIZERS.names() if OPTIMIZERS.get(name) is not Auto]


@final
class Peak(TorchDispatchMode):
    """The most bytes that tensors made inside took at once; what a library takes within one call is not seen."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.bytes = 0

    def __torch_dispatch__(
        self, function: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = {}
    ) -> Any:
        given = function(*args, **(kwargs or {}))
        known = {tensor.untyped_storage()._cdata for tensor in tree_leaves(args) if isinstance(tensor, Tensor)}
        for tensor in tree_leaves(given):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                if storage._cdata not in {*known, *self.live}:
                    self.live[storage._cdata] = storage.nbytes()
                    weakref.finalize(storage, self.live.pop, storage._cdata, None)
        self.bytes = max(self.bytes, sum(self.live.values()))
        return given


def build(name: str) -> Optimizer:
    """An optimizer whose memory is full after a few steps."""
    return OPTIMIZERS.build({"name": name, "history": 2} if name == "lbfgs" else name)


def measured(objective: Any, optimizer: Optimizer, theta: Tensor) -> int:
    """The peak of four steps and their states."""
    with Peak() as peak:
        state = optimizer.start(theta)
        for _ in range(4):
            made = optimizer.step(objective, theta, state)
            theta, state = made.theta, made.state
    return peak.bytes


@pytest.mark.parametrize(
    ("name", "rows", "chunk"),
    # sven needs all rows at once
    [
        (name, rows, chunk)
        for name in NAMES
        for rows, chunk in ((360, 10**6), (60, 10**6), (360, 90))
        if name != "sven" or rows <= chunk
    ],
)
def test_a_step_takes_what_it_says(objective_of: Any, name: str, rows: int, chunk: int) -> None:
    """Upwards to a fifth, downwards to a factor of three: libraries take what is not seen here."""
    size = 240
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(rows, size, generator=generator, dtype=torch.float64)
    theta = torch.randn(size, generator=generator, dtype=torch.float64)
    objective = objective_of(lambda at: torch.sin(matrix @ at), theta, blocks=4, chunk=chunk)
    own = (rows if rows <= chunk else chunk) * size * 8  # the test's function makes its Jacobian twice
    found, stated = measured(objective, build(name), theta), build(name).memory(size, rows, chunk, 8)
    assert found <= 1.2 * stated + own
    assert stated <= 3.0 * found


@pytest.mark.parametrize("name", [n for n in NAMES if OPTIMIZERS.build(n).memory(10**6, 1, 1, 8) < 10**10])
def test_what_takes_vectors_alone_takes_as_many_as_it_says(objective_of: Any, name: str) -> None:
    theta = torch.linspace(-1.0, 1.0, 60_000, dtype=torch.float64)
    objective = objective_of(lambda at: at[:5] - 3.0 + at[5:10] ** 2, theta)
    found, stated = measured(objective, build(name), theta), build(name).memory(60_000, 5, 10**6, 8)
    assert found <= 1.2 * stated
