"""MultiAdam: Adam's moments for every group of losses by itself, and the mean of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.optimizer import Step, require_memory, require_positive, standstill
from pinnkit.optimizers.schedule import Scheduled


@final
@dataclass(frozen=True, eq=False)
class MultiAdamState:
    """Of every group the running means of its gradient and of the square, and its largest norm; and the steps made."""

    firsts: Mapping[str, Tensor]
    seconds: Mapping[str, Tensor]
    peaks: Mapping[str, float]
    count: int


@final
@dataclass(frozen=True)
class MultiAdam(Scheduled):
    """theta -= lr_t/n sum_i m_i/(sqrt v_i + epsilon), m_i and v_i the corrected means of group i's g_i and g_i^2.

    Multiplying the loss of a group by a number changes nothing: each parameter is moved by every group as much. So the
    size of the domain, which changes the loss of an equation by powers of it and that of a condition not at all, has
    no part in training. n is the number of groups that take part: one whose gradient is below `dead` of the largest
    that it had, or below the square of `dead` of the largest of all, is rounding, and would move parameters as much as
    others.

    J. Yao, C. Su, Z. Hao, S. Liu, H. Su, J. Zhu, ICML 2023 (arXiv 2306.02816), algorithm 1. Groups that drop out are
    this project's own.

    Args:
        beta1: memory of the mean gradients.
        beta2: memory of the mean squares.
        epsilon: keeps the division finite.
        dead: the share of its largest norm below which a group's gradient is rounding.
    """

    beta1: float = 0.99
    beta2: float = 0.99
    epsilon: float = 1e-8
    dead: float = 1e-10

    name: ClassVar[str] = "multi_adam"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.name, epsilon=self.epsilon)
        require_memory(self.name, beta1=self.beta1, beta2=self.beta2, dead=self.dead)

    def start(self, theta: Tensor) -> MultiAdamState:
        """No moments."""
        return MultiAdamState({}, {}, {}, 0)

    def step(self, objective: Objective, theta: Tensor, state: MultiAdamState) -> Step:
        """The gradient of every group, one update."""
        found = objective.evaluate_groups(theta)
        loss, gradients = sum(found.halves.values()), found.gradients
        if (why := standstill(torch.stack(list(gradients.values())))) is not None:
            return Step(theta, state, loss, found.losses, finished=why)
        count, rate = state.count + 1, self.rate(state.count)
        norms = {group: float(own.norm()) for group, own in gradients.items()}
        peaks = {group: max(norm, state.peaks.get(group, 0.0)) for group, norm in norms.items()}
        floor = self.dead**2 * max(norms.values())
        firsts, seconds, moves = {}, {}, []
        for group, own in gradients.items():
            none = torch.zeros_like(theta)
            firsts[group] = self.beta1 * state.firsts.get(group, none) + (1.0 - self.beta1) * own
            seconds[group] = self.beta2 * state.seconds.get(group, none) + (1.0 - self.beta2) * own**2
            if norms[group] > max(self.dead * peaks[group], floor):
                mean = firsts[group] / (1.0 - self.beta1**count)
                moves.append(mean / (torch.sqrt(seconds[group] / (1.0 - self.beta2**count)) + self.epsilon))
        move = torch.stack(moves).mean(0)
        after = MultiAdamState(firsts, seconds, peaks, count)
        report = {"lr": rate, "groups": float(len(moves))}
        return Step(theta - rate * move, after, loss, found.losses, report)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """Some vectors (P,) more a group."""
        return super().memory(parameters, rows, chunk, itemsize) + _GROUPS * 4 * parameters * itemsize


_GROUPS = 4
"""Groups for which room is kept; how many there are is known once points are drawn."""
