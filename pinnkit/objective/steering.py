"""An aggregator while training goes on: the direction of every step, made of the gradients of the groups."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators import Aggregator
from pinnkit.objective.objective import Evaluation, GroupEvaluation, Objective


@final
@dataclass(eq=False)
class Steering:
    """The aggregator and what it remembers.

    Args:
        rule: the aggregator.
        state: what it remembers.
        seen: the gradients of the last step.
        told: the notes that were told already.
    """

    rule: Aggregator
    state: Any = None
    seen: GroupEvaluation | None = None
    told: set[str] = field(default_factory=set)
    _note: str | None = None
    _begun: bool = False

    remembers: ClassVar[tuple[str, ...]] = ("state", "told", "_note", "_begun")
    """What changes while training goes on."""

    def steered(self, objective: Objective, theta: Tensor) -> Objective:
        """The objective whose `evaluate` answers the aggregated direction at theta, in place of the gradient."""
        if not self._begun:
            self.state, self._begun = self.rule.start(), True
        found = self.seen = objective.evaluate_groups(theta)
        gradients = torch.stack([gradient.double() for gradient in found.gradients.values()])
        if bool(gradients.any()) and bool(gradients.isfinite().all()):
            made = self.rule.combine(gradients, self.state)
            direction, self.state, self._note = made.direction.to(theta), made.state, made.note
        else:  # the loop tells of losses that are no numbers, and optimizers of a gradient that is zero
            direction, self._note = gradients.sum(0).to(theta), None
        loss = sum(found.halves.values())
        return objective.answering(theta, Evaluation(loss, found.losses, direction))

    def note(self) -> str | None:
        """What the last step had to say, once."""
        if self._note is None or self._note in self.told:
            return None
        self.told.add(self._note)
        return self._note
