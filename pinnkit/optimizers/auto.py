"""The optimizer that a run's size, precision, device and memory ask for."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, final

import torch
from torch import Tensor

from pinnkit.memory import free_memory, in_words
from pinnkit.objective.objective import Objective
from pinnkit.optimizers.adam import Adam
from pinnkit.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits
from pinnkit.optimizers.sketched_gauss_newton import SketchedGaussNewton
from pinnkit.optimizers.soap import SOAP


@final
@dataclass(frozen=True, eq=False)
class AutoState:
    """The optimizer that was chosen, and its own state."""

    optimizer: Optimizer
    inner: Any


@final
@dataclass(frozen=True)
class Auto(Optimizer):
    """Another optimizer, chosen by the number of parameters, the precision, the device and the free memory.

    In float64 levenberg_marquardt for P <= 3,000 (10,000 on CUDA), sketched_gauss_newton for P <= 50,000 (200,000 on
    CUDA), each where it fits into half of the free memory; in all other cases soap, or adam where the package of soap
    is not installed. It is chosen once, before the first step. `steps`, `seconds`, `target` and `precision` are handed
    over.
    """

    steps: int = 100_000
    seconds: float | None = 120.0

    def __post_init__(self) -> None:
        require_limits("auto", self)

    def start(self, theta: Tensor) -> None:
        """Nothing is chosen yet."""
        return

    def step(self, objective: Objective, theta: Tensor, state: AutoState | None) -> Step:
        """A step of the optimizer that the first objective called for."""
        if state is None:
            chunk = objective.count if objective.keeps else max(block.count for block in objective.chunks)
            chosen, _ = self.resolved(objective.size, objective.count, chunk, theta.dtype, theta.device)
            state = AutoState(chosen, chosen.start(theta))
        made = state.optimizer.step(objective, theta, state.inner)
        return replace(made, state=AutoState(state.optimizer, made.state))

    def resolved(
        self, parameters: int, rows: int, chunk: int, dtype: torch.dtype, device: torch.device
    ) -> tuple[Optimizer, str]:
        """The optimizer with the limits of this phase, and why it was chosen."""
        soap = find_spec("pytorch_optimizer") is not None
        chosen, why = choose(parameters, rows, chunk, dtype, device.type, free_memory(device), soap)
        limited = replace(chosen, steps=self.steps, seconds=self.seconds, target=self.target, precision=self.precision)
        return limited, why


_SMALL = (3_000, 10_000)
"""Up to how many parameters every step solves the whole Gauss-Newton system: on a CPU, on CUDA."""

_MIDDLE = (50_000, 200_000)
"""Up to how many a sketch of that system is solved."""


def choose(
    parameters: int, rows: int, chunk: int, dtype: torch.dtype, device: str, free: int | None, soap: bool
) -> tuple[Optimizer, str]:
    """The optimizer for a run of these measures, with its own default options, and why.

    Args:
        parameters: P.
        rows: N.
        chunk: how many rows of a Jacobian may exist at once.
        dtype: the precision of the phase.
        device: `cpu`, `cuda` or `mps`.
        free: the free bytes; None where unknown, which is taken as enough.
        soap: whether the package that `soap` needs is there.
    """
    size = f"{parameters:,} parameters"
    first = SOAP() if soap else Adam()
    if dtype != torch.float64:
        return first, f"{size} in float32, in which second order loses its digits"
    crowded = ""
    for limits, method in ((_SMALL, LevenbergMarquardt()), (_MIDDLE, SketchedGaussNewton())):
        limit = limits[device == "cuda"]
        need = method.memory(parameters, rows, chunk, dtype.itemsize)
        if parameters <= limit and (free is None or 2 * need <= free):
            return method, f"{size}, at most {limit:,} on this device{crowded}"
        if parameters <= limit and free is not None:
            crowded += f"; more exact steps need {in_words(need)}, above half of the {in_words(free)} that are free"
    return first, size + (crowded or f", more than {limit:,} on this device")
