"""Causal weights: rows at later times count once the equations are satisfied at all earlier ones.

Time is divided into N slices of equal length with the losses L_1, ..., L_N, and L_0 is that of the initial conditions:

    w_i = exp(-epsilon (L_0 + sum over k < i of L_k)),

without a gradient of its own. L_i is the mean square of the equations over slice i, with the weights of their terms. A
sum stands in the exponent, so that epsilon belongs to N: with twice as many slices, half of it holds back
as much.
Rows of equations, and of conditions that do not hold at the start, are multiplied by the root of the weight of their
slice; those at the very start of time always count in full, which are those of the initial conditions.

Training goes through rising values of epsilon, on to the next as soon as every weight is above delta on fresh points.

S. Wang, S. Sankaran, P. Perdikaris, arXiv 2203.07404 (2022).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Objective
from pinnkit.objective.rows import PointwiseRows
from pinnkit.problem.problem import Problem

_SHUT = 1e-3
"""A weight below which a row takes no part in training that one could see."""


_A_WHILE = 200
"""Steps after which a weight that is still zero is told of."""


@final
@dataclass(frozen=True)
class Causal:
    """Weights w_i = exp(-epsilon sum of earlier losses) of the slices of time.

    Args:
        epsilons: the values of epsilon, one after the other, rising.
        delta: every weight must be above it, on fresh points, before the next epsilon.
        slices: N.
        most: the most steps at one epsilon, whether its weights are above delta or not; None for no limit.
        stop: whether a phase ends once every weight is above delta at the last epsilon.

    Example:
        >>> Causal(epsilons=(1.0, 10.0)).slices
        32
    """

    epsilons: tuple[float, ...] = (1e-2, 1e-1, 1.0, 10.0, 100.0)
    delta: float = 0.99
    slices: int = 32
    most: int | None = None
    stop: bool = True

    def __post_init__(self) -> None:
        if not self.epsilons or not all(0 <= epsilon < math.inf for epsilon in self.epsilons):
            raise UserError("`epsilons` of `causal` need at least one number, each finite and 0 or more")
        if any(after <= before for before, after in zip(self.epsilons, self.epsilons[1:], strict=False)):
            raise UserError("`epsilons` of `causal` must rise")
        if not 0 < self.delta < 1:
            raise UserError(f"`delta` of `causal` is {self.delta:g}; it needs a number between 0 and 1")
        if self.slices < 2:
            raise UserError(f"`slices` of `causal` is {self.slices}; it needs at least 2")
        if self.most is not None and self.most < 1:
            raise UserError(f"`most` of `causal` is {self.most}; it needs at least 1")


@final
@dataclass(frozen=True)
class Chain:
    """What causal weights must know of a problem: its time and which terms are at its start.

    Args:
        along: the position of time among the coordinates.
        lower: where time starts.
        upper: where it ends.
        equations: the names of the equations.
        initial: the names of the conditions at the start that are not exact.
    """

    along: int
    lower: float
    upper: float
    equations: frozenset[str]
    initial: frozenset[str]

    @staticmethod
    def of(problem: Problem) -> "Chain":
        """The chain of a problem.

        Raises:
            UserError: the problem has no time.
        """
        if problem.time is None:
            raise UserError(f"`{problem.name}` has no `time`, and `causal` weights follow it")
        time = problem.coordinate(problem.time)
        starts = {
            condition.name
            for condition in problem.conditions
            if all(face.coordinate == time.name and face.side == "lower" for face in condition.faces)
        }
        equations = frozenset(equation.name for equation in problem.equations)
        return Chain(problem.index(time.name), time.lower, time.upper, equations, frozenset(starts))

    def slice_of(self, points: Tensor, count: int) -> Tensor:
        """The slice (N,) of every point (N, d)."""
        share = (points[:, self.along] - self.lower) / (self.upper - self.lower)
        return (share * count).long().clamp(0, count - 1)

    def losses(self, objective: Objective, rows: Tensor, count: int) -> tuple[float, Tensor]:
        """L_0 and the losses (count,) of the slices, from all rows (N,) of an objective."""
        slices, start = rows.new_zeros(count), 0.0
        for block, own in zip(objective.chunks, rows.split([b.count for b in objective.chunks]), strict=True):
            for term, part in block.by_term(own).items():
                if term in self.initial:
                    start += float(part @ part)
                elif term in self.equations and isinstance(block, PointwiseRows):
                    slices.index_add_(0, self.slice_of(block.prepared.points, count), part * part)
        return start, slices * count


@final
@dataclass(eq=False)
class CausalWeights:
    """The weights while training goes on: which epsilon is in use, and what the weights are.

    Args:
        causal: the rule.
        chain: what it must know of the problem.
    """

    causal: Causal
    chain: Chain
    stage: int = 0
    steps: int = 0
    start: float = 0.0
    weights: Tensor | None = None
    told: set[int] = field(default_factory=set)

    remembers: ClassVar[tuple[str, ...]] = ("stage", "steps", "start", "weights", "told")
    """What changes while training goes on."""

    @property
    def epsilon(self) -> float:
        """The value in use."""
        return self.causal.epsilons[self.stage]

    @property
    def open(self) -> bool:
        """Whether every weight was above delta in the last step."""
        return self.weights is None or float(self.weights.min()) > self.causal.delta

    def look(self, fresh: Objective, theta: Tensor) -> str | None:
        """Go on to the next epsilon where the weights on fresh points allow it; why the phase is over, if it is."""
        start, losses = self.chain.losses(fresh, fresh.rows(theta), self.causal.slices)
        while float(self._weights(start, losses).min()) > self.causal.delta:
            if self._last:
                met = f"every causal weight is above {self.causal.delta:g} on fresh points at epsilon {self.epsilon:g}"
                return met if self.causal.stop else None
            self._go_on()
        return None

    def weighed(self, plain: Objective, theta: Tensor) -> tuple[Objective, Tensor]:
        """The objective with the weights at theta, and its rows (N,) without them."""
        if self.causal.most is not None and self.steps >= self.causal.most and not self._last:
            self._go_on()
        rows = plain.rows(theta)
        self.start, losses = self.chain.losses(plain, rows, self.causal.slices)
        self.weights = self._weights(self.start, losses)
        self.steps += 1
        roots = torch.sqrt(self.weights)

        def scale(points: Tensor) -> Tensor:
            at_start = points[:, self.chain.along] <= self.chain.lower
            return torch.where(at_start, torch.ones_like(roots[:1]), roots[self.chain.slice_of(points, len(roots))])

        return plain.scaled(scale), rows

    def report(self) -> Mapping[str, Any]:
        """The numbers for the log."""
        assert self.weights is not None
        return {"epsilon": self.epsilon, "weights": [round(float(w), 6) for w in self.weights]}

    def diagnosis(self) -> str:
        """Which part of time does not take part in training yet, and what holds it back; empty where all does."""
        if self.weights is None or float(self.weights.min()) > _SHUT:
            return ""
        held = int((self.weights <= _SHUT).nonzero()[0, 0])
        if held == 0 and math.exp(-self.epsilon * self.start) <= _SHUT:
            why = "the initial condition still holds every weight at 0"
        else:
            begin = self.chain.lower + (self.chain.upper - self.chain.lower) * held / len(self.weights)
            why = f"the weights from {begin:.3g} on are still 0: the equations are not satisfied before"
        return f"causal weights at epsilon {self.epsilon:g}: {why}; smaller `epsilons` would let later times train"

    def note(self) -> str | None:
        """The diagnosis, once an epsilon, when it has lasted for a while."""
        if self.steps < _A_WHILE or self.stage in self.told or not (found := self.diagnosis()):
            return None
        self.told.add(self.stage)
        return found

    @property
    def _last(self) -> bool:
        """Whether no epsilon follows."""
        return self.stage + 1 == len(self.causal.epsilons)

    def _go_on(self) -> None:
        """Take the next epsilon."""
        self.stage, self.steps = self.stage + 1, 0

    def _weights(self, start: float, losses: Tensor) -> Tensor:
        earlier = torch.cumsum(losses, 0) - losses
        return torch.exp(-self.epsilon * (start + earlier))
