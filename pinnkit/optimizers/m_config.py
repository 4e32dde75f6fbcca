"""M-ConFIG: ConFIG on running means of the gradients, of which one a step is made anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.config import config_update
from pinnkit.objective.objective import Draw, GroupEvaluation, Objective
from pinnkit.optimizers.optimizer import Step, require_memory, require_positive, standstill
from pinnkit.optimizers.schedule import Scheduled


@final
@dataclass(frozen=True, eq=False)
class MConFIGState:
    """What is remembered.

    turn: the number of steps made. firsts: the running mean (P,) of every group's gradient. counts: how often each was
    made. pseudo, second: f and v (P,). updates: s. losses: the last known ones, by term. draw, since: the points at
    hand, and the steps since they came.
    """

    turn: int
    firsts: Mapping[str, Tensor]
    counts: Mapping[str, int]
    pseudo: Tensor
    second: Tensor
    updates: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    draw: Draw | None = None
    since: int = 0


@final
@dataclass(frozen=True)
class MConFIG(Scheduled):
    """theta -= lr_t c/(sqrt v' + epsilon), c the ConFIG direction of the means m_i/(1 - beta1^(n_i)) of the gradients.

    A step is the turn of one group i of losses, m_i <- beta1 m_i + (1 - beta1) g_i, n_i <- n_i + 1; the others keep
    their means. v is that of Adam for the pseudo-gradient (f_s - beta1 f_(s-1))/(1 - beta1), f_s = c (1 - beta1^s), s
    the number of updates, and v' = v/(1 - beta2^s). Until every group had a turn, theta stays. With one group it is
    Adam.

    A step costs one back-propagation, of its group alone. Losses that were not made are the last known ones.
    Q. Liu, M. Chu, N. Thuerey, ICLR 2025 (arXiv 2408.11104), algorithm 1.

    Args:
        beta1: memory of the mean gradients.
        beta2: memory of the mean square of the pseudo-gradient.
        epsilon: keeps the division finite.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "m_config"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.name, epsilon=self.epsilon)
        require_memory(self.name, beta1=self.beta1, beta2=self.beta2)

    def start(self, theta: Tensor) -> MConFIGState:
        """No means yet."""
        return MConFIGState(0, {}, {}, torch.zeros_like(theta), torch.zeros_like(theta))

    def step(self, objective: Objective, theta: Tensor, state: MConFIGState) -> Step:
        """One group's gradient, one update."""
        groups = tuple(objective.groups)
        group = groups[state.turn % len(groups)]
        found = objective.evaluate_groups(theta, (group,))
        known, since = self._losses(objective, theta, state, found, len(groups))
        loss = 0.5 * sum(weight * known[term] for term, weight in objective.weights.items())
        gradient = found.gradients[group]
        rest = standstill(gradient)
        if rest is not None and ("finite" in rest or len(groups) == 1):
            return Step(theta, state, loss, known, finished=rest)
        before = state.firsts.get(group, torch.zeros_like(theta))
        firsts = {**state.firsts, group: self.beta1 * before + (1.0 - self.beta1) * gradient}
        counts = {**state.counts, group: state.counts.get(group, 0) + 1}
        rate = self.rate(state.turn)
        turn, draw = state.turn + 1, objective.draw
        if len(firsts) < len(groups):
            after = MConFIGState(turn, firsts, counts, state.pseudo, state.second, 0, known, draw, since)
            return Step(theta, after, loss, known, {"lr": rate})
        if not any(bool(own.any()) for own in firsts.values()):
            return Step(theta, state, loss, known, finished="the gradient is zero")
        means = torch.stack([firsts[g].double() / (1.0 - self.beta1 ** counts[g]) for g in groups])
        direction = config_update(means).direction.to(theta)
        updates = state.updates + 1
        pseudo = direction * (1.0 - self.beta1**updates)
        square = ((pseudo - self.beta1 * state.pseudo) / (1.0 - self.beta1)) ** 2
        second = self.beta2 * state.second + (1.0 - self.beta2) * square
        spread = torch.sqrt(second / (1.0 - self.beta2**updates)) + self.epsilon
        after = MConFIGState(turn, firsts, counts, pseudo, second, updates, known, draw, since)
        return Step(theta - rate * direction / spread, after, loss, known, {"lr": rate})

    def _losses(
        self, objective: Objective, theta: Tensor, state: MConFIGState, found: GroupEvaluation, count: int
    ) -> tuple[dict[str, float], int]:
        """Every term's loss, and the steps since the points came.

        On points that came after all groups had a turn on the last ones, all losses are made, so that those on unseen
        points are what they are called. Where points come faster, those of other groups are the last known ones.
        """
        fresh = objective.draw is not state.draw
        if not state.losses or (fresh and state.since >= count):
            return {**objective.losses(objective.rows(theta)), **found.losses}, 1
        return {**state.losses, **found.losses}, 1 if fresh else state.since + 1
