"""What makes an objective on fresh points, what a draw follows from, and what to do where it takes too much memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.points import PointMemory


class Draws(Protocol):
    """Makes an objective on fresh points."""

    def draw(self, theta: Tensor, generator: np.random.Generator, memory: PointMemory | None = None) -> Objective:
        """An objective in the precision of theta; adaptive points see the residual at theta, and those before."""
        ...

    def smaller(self) -> "Draws | None":
        """The same in chunks of half as many rows; None where there is no less."""
        ...


@final
@dataclass(frozen=True, eq=False)
class Origin:
    """What a draw of points follows from: the parameters, the generator's state, and what samplers remembered."""

    theta: Tensor
    numbers: Mapping[str, Any]
    memory: PointMemory


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, on a CPU or on a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = ("can't allocate memory", "not enough memory", "Cannot allocate memory")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)
