"""Optimizers of torch's kind, which keep parameters and memory in themselves, as functions of what goes in.

One step builds the parameters from theta in the network's own shapes, hands the library what it remembered, lets it
step, and takes both out again. Nothing is shared between the state that goes in and the one that comes out.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.optimizer import Step, standstill

Build = Callable[[Sequence[nn.Parameter]], Sequence[torch.optim.Optimizer]]
"""The library's optimizers of a network's parameters, each of some of them."""


@final
@dataclass(frozen=True, eq=False)
class LibraryState:
    """The number of steps made, and the `state_dict` of each of the library's optimizers."""

    count: int = 0
    memories: tuple[Mapping[str, Any], ...] = ()


def library_step(
    objective: Objective, theta: Tensor, state: LibraryState, build: Build, rate: float, idle: int = 0
) -> Step:
    """One gradient, and one update by the library.

    Args:
        objective: where the gradient and the parameters' shapes come from.
        theta: the parameters (P,).
        state: what the library remembers.
        build: makes the library's optimizers.
        rate: the learning rate of this step.
        idle: how many first calls only start the library's memory, and are made with the first gradient.
    """
    found = objective.evaluate(theta)
    if (why := standstill(found.gradient)) is not None:
        return Step(theta, state, found.loss, found.losses, finished=why)
    parameters = [nn.Parameter(part.clone()) for part in _shaped(theta, objective.shapes)]
    for parameter, slope in zip(parameters, _shaped(found.gradient, objective.shapes), strict=True):
        parameter.grad = slope.clone()
    optimizers = build(parameters)
    for optimizer, memory in zip(optimizers, state.memories, strict=state.count > 0):
        # Loading does not copy tensors that need no conversion, and the step would write into them.
        optimizer.load_state_dict(copy.deepcopy(dict(memory)))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        for _ in range(1 if state.count else 1 + idle):
            optimizer.step()
    moved = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    after = LibraryState(state.count + 1, tuple(optimizer.state_dict() for optimizer in optimizers))
    return Step(moved, after, found.loss, found.losses, {"lr": rate})


def _shaped(vector: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """Views of a flat vector (P,) in the network's shapes."""
    pieces = vector.split([shape.numel() for shape in shapes])
    return [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]
