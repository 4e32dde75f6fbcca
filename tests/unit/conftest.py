"""Objectives made of plain functions, on which optimizers and the loop can be tested without a network."""

from collections.abc import Callable
from typing import Protocol, final

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.objective.rows import Rows


@final
class FunctionRows(Rows):
    """Some of the rows (count,) that a function makes of theta (P,)."""

    def __init__(self, function: Callable[[Tensor], Tensor], part: slice, count: int, term: str) -> None:
        self.terms = (term,)
        self.count = count
        self._function = function
        self._part = part

    def values(self, theta: Tensor) -> Tensor:
        return self._function(theta)[self._part]

    def jacobian(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        slopes = torch.autograd.functional.jacobian(self.values, theta.detach())
        assert isinstance(slopes, Tensor)
        return self.values(theta).detach(), slopes


class ObjectiveOf(Protocol):
    """Makes an objective of a function."""

    def __call__(
        self, function: Callable[[Tensor], Tensor], theta: Tensor, blocks: int = 1, chunk: int = 10**6
    ) -> Objective: ...


@pytest.fixture
def objective_of() -> ObjectiveOf:
    """The objective of a function from theta (P,) to rows (N,), in some blocks, each a term `block_0`, ..."""

    def make(function: Callable[[Tensor], Tensor], theta: Tensor, blocks: int = 1, chunk: int = 10**6) -> Objective:
        count = len(function(theta))
        edges = [round(count * i / blocks) for i in range(blocks + 1)]
        rows = [
            FunctionRows(function, slice(edges[i], edges[i + 1]), edges[i + 1] - edges[i], f"block_{i}")
            for i in range(blocks)
        ]
        return Objective(rows, {f"block_{i}": 1.0 for i in range(blocks)}, len(theta), chunk)

    return make
