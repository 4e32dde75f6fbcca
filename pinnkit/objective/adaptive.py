"""A weighting while training goes on: when its weights are made anew, and what they are meanwhile."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import Tensor

from pinnkit.objective.objective import Draw, Objective
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.weightings import Weighting, Weights

LEAST, MOST = 1e-8, 1e8
"""What no weight of a group may leave: beyond, a loss is lost in rounding beside the others."""


@final
@dataclass(eq=False)
class AdaptiveWeights:
    """The weighting, what it remembers, and its weights.

    Args:
        rule: the weighting.
        state: what it remembers.
        weights: those in use.
        since: the steps since they were made.
    """

    rule: Weighting
    state: Any = None
    weights: Weights | None = None
    since: int = 0
    _draw: Draw | None = None
    _known: tuple[Objective, Objective] | None = None
    _note: str | None = None
    _told: bool = False

    remembers: ClassVar[tuple[str, ...]] = ("state", "weights", "since", "_draw", "_note", "_told")
    """What changes while training goes on."""

    def weighed(self, objective: Objective, theta: Tensor) -> Objective:
        """The objective with the weights for a step from theta, made anew where that is due."""
        fresh = self._draw is not objective.draw
        begins = self.weights is None or (fresh and self.rule.pointwise)
        if begins or self.since >= self.rule.every:
            found = Statistics(objective, theta)
            if begins:
                self.state = self.rule.start(found)
            weights, self.state = self.rule.update(found, self.state)
            self.weights, self.since, self._known = self._sound(weights, begins), 0, None
        self._draw, self.since = objective.draw, self.since + 1
        if self._known is None or self._known[0] is not objective:
            self._known = objective, self._applied(objective)
        return self._known[1]

    @property
    def by_row(self) -> bool:
        """Whether rows of one term have weights of their own, so that losses by term have them too."""
        return self.weights is not None and self.weights.rows is not None

    def report(self) -> dict[str, float] | None:
        """The weights of the groups, just after they were made; of rows, their mean square over all."""
        if self.weights is None or self.since != 1:
            return None
        if self.weights.rows is not None:
            squares = self.weights.rows.double() ** 2
            return {"least": float(squares.min()), "mean": float(squares.mean()), "most": float(squares.max())}
        return dict(self.weights.groups)

    def note(self) -> str | None:
        """That weights were held back, once."""
        if self._note is None or self._told:
            return None
        self._told = True
        return self._note

    def _applied(self, objective: Objective) -> Objective:
        assert self.weights is not None
        factors = {
            term: factor for group, factor in self.weights.groups.items() for term in objective.groups.get(group, ())
        }
        weighed = objective.reweighted(factors) if factors else objective
        return weighed.rescaled(self.weights.rows) if self.weights.rows is not None else weighed

    def _sound(self, weights: Weights, begins: bool) -> Weights:
        """The weights within their bounds; those that are no numbers stay what they were."""
        before: Mapping[str, float] = self.weights.groups if self.weights is not None else {}
        held = {}
        for group, factor in weights.groups.items():
            sound = min(MOST, max(LEAST, factor)) if math.isfinite(factor) else before.get(group, 1.0)
            if sound != factor:
                self._note = (
                    f"the weight of `{group}` by `{self.rule.name}` would be {factor:.3g}; it is held at {sound:g}"
                )
            held[group] = sound
        rows = weights.rows
        if rows is not None and not bool(rows.isfinite().all()):
            self._note = f"weights of rows by `{self.rule.name}` are no numbers any more; they stay what they were"
            rows = self.weights.rows if self.weights is not None and not begins else None
        return Weights(held, rows)
