"""Pseudo-time: every equation moves a field of its own from where it was, by implicit steps in a further time.

An equation r_e = 0, paired with the field u, gets the rows

    r_e + s_e tau_e (u - u_before),

where u_before is the field at the last renewal, without a gradient. Least squares on them are an implicit step of
length 1/tau_e of u' = -s_e r_e, in a time that is not in the problem. A solution stays where it is. A field at which
the mean square of r_e is stationary, but not zero, is pushed on by the second term as a rule; and of many solutions
the steps leave those from which the flow runs away. Every so many steps u_before is renewed, and with it

    tau_e = |r_e - r_e,before| / |u - u_before|, between two bounds,

the rate at which the equation answered the last move, by root mean squares over the points.

jaxpi2, arXiv 2604.23528; Scale-PINN, arXiv 2602.19475, has a like term. The signs s_e are this project's own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.derivatives.jet import Jet
from pinnkit.equations.expression import MultiIndex
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.formulation.prepared import Prepared
from pinnkit.objective.objective import Draw, Objective
from pinnkit.objective.pairing import Pair, pair_up
from pinnkit.objective.residual_gradients import Further
from pinnkit.objective.rows import PointwiseRows, Residual, Rows
from pinnkit.problem.problem import Problem


@final
@dataclass(frozen=True)
class PseudoTime:
    """Rows r + s tau (u - u_before), where u_before is renewed now and then.

    Args:
        every: how many steps there are between two renewals of u_before and tau.
        first: tau before it has been measured.
        least: the lower bound of tau.
        most: its upper bound.
        steps: after so many steps the rows are the plain ones; None to keep to the end.
        signs: s of equations by name, 1 or -1, where it is not as found from the equation.

    Example:
        >>> PseudoTime().every
        1000
    """

    every: int = 1000
    first: float = 1.0
    least: float = 1e-2
    most: float = 100.0
    steps: int | None = None
    signs: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UserError(f"`every` of `pseudo_time` is {self.every}; it needs at least 1")
        if not 0 <= self.least <= self.most < math.inf:
            raise UserError(
                f"`least` and `most` of `pseudo_time` are {self.least:g} and {self.most:g}; they need "
                "0 <= least <= most, and both finite"
            )
        if not 0 <= self.first < math.inf:
            raise UserError(f"`first` of `pseudo_time` is {self.first:g}; it needs a finite number of 0 or more")
        if self.steps is not None and self.steps < 1:
            raise UserError(f"`steps` of `pseudo_time` is {self.steps}; it needs at least 1")
        for name, sign in self.signs.items():
            if sign not in (1, -1):
                raise UserError(f"the sign of `{name}` in `pseudo_time` is {sign}; it is 1 or -1")

    def pairs(self, problem: Problem) -> tuple[Pair, ...]:
        """The field and the sign of every equation.

        Raises:
            UserError: a sign of what is no equation.
        """
        names = [equation.name for equation in problem.equations]
        for name in self.signs:
            if name not in names:
                message, hint = unknown("equation", name, names)
                raise UserError(Mistake(f"{message} in `signs` of `pseudo_time`", hint=hint))
        return tuple(
            replace(pair, sign=self.signs[pair.equation], known=True) if pair.equation in self.signs else pair
            for pair in pair_up(problem)
        )


@final
@dataclass(frozen=True)
class _Move:
    """What a term's rows measure of its field's move: ``factor`` times a derivative of the field."""

    pair: Pair
    column: int
    orders: MultiIndex
    factor: float

    def of(self, fields: Jet) -> Tensor:
        """(N,)."""
        return self.factor * fields.derivative(self.orders)[:, self.column]


@final
@dataclass(frozen=True, eq=False)
class _Moved:
    """A residual with its term of pseudo-time, r + c u."""

    residual: Residual
    move: _Move
    rate: float

    def __call__(self, fields: Jet, points: Tensor) -> Tensor:
        """(N,)."""
        return self.residual(fields, points) + self.rate * self.move.of(fields)


@final
@dataclass(eq=False)
class PseudoTimeSteps:
    """Pseudo-time while training goes on: where the fields were at the last renewal, and the rates since.

    Args:
        rule: the options.
        moves: by the name of every term that has a pair, what it measures.
        rates: tau by equation.
        before: the parameters at the last renewal.
        since: the steps since then.
        made: all steps.
    """

    rule: PseudoTime
    moves: Mapping[str, _Move]
    rates: dict[str, float] = field(default_factory=dict)
    before: Tensor | None = None
    since: int = 0
    made: int = 0
    due: bool = False
    _draw: Draw | None = None
    _known: dict[int, tuple[Prepared, Jet]] = field(default_factory=dict)

    remembers: ClassVar[tuple[str, ...]] = ("rates", "before", "since", "made", "due", "_draw")
    """What changes while training goes on."""

    @staticmethod
    def of(rule: PseudoTime, problem: Problem, further: Further | None = None) -> "PseudoTimeSteps":
        """The start, for a problem and the derivatives of its residuals that have rows too.

        Raises:
            UserError: signs that do not fit.
        """
        pairs = {pair.equation: pair for pair in rule.pairs(problem)}
        none = (0,) * len(problem.coordinates)
        moves = {name: _Move(pair, problem.fields.index(pair.field), none, 1.0) for name, pair in pairs.items()}
        for name, origin in (further.origins if further is not None else {}).items():
            if origin.term in pairs:
                along = problem.index(origin.coordinate)
                orders = tuple(int(k == along) for k in range(len(none)))
                moves[name] = replace(moves[origin.term], orders=orders, factor=origin.factor)
        return PseudoTimeSteps(rule, moves, dict.fromkeys(pairs, rule.first))

    @property
    def over(self) -> bool:
        """Whether the rows are the plain ones from now on."""
        return self.rule.steps is not None and self.made >= self.rule.steps

    def stepped(self, objective: Objective, plain: Objective, theta: Tensor) -> Objective:
        """The objective of the next step from theta, with the terms of pseudo-time; renews what is due.

        Args:
            objective: the rows that get the terms.
            plain: the same rows without any weights that change, on which tau is measured.
            theta: the parameters.
        """
        if self.over:
            return objective
        renewed = self.before is None or self.due or self.since >= self.rule.every
        if renewed:
            if self.before is not None:
                self.rates.update(self._measured(plain, theta, self.before.to(theta.dtype)))
            self.before, self.since, self.due = theta.detach().clone(), 0, False
        if renewed or self._draw is not objective.draw:
            self._draw, self._known = objective.draw, {}
        self.since, self.made = self.since + 1, self.made + 1
        return objective.mapped(lambda rows: self._moved(rows, theta.dtype))

    def goes_on(self) -> bool:
        """Whether an optimizer that has come to its end shall go on after a renewal; not where it ended at once."""
        self.due = self.since > 1 and not self.over
        return self.due

    def report(self) -> Mapping[str, float] | None:
        """tau by equation, after the first step behind a renewal."""
        return dict(self.rates) if self.since == 1 else None

    def _moved(self, rows: Rows, dtype: torch.dtype) -> Rows:
        """The rows with their terms."""
        if not isinstance(rows, PointwiseRows) or not any(self._move(term, rows) for term in rows.terms):
            return rows
        there = self._fields_before(rows, dtype)
        targets = rows.targets.clone() if rows.targets is not None else torch.zeros_like(rows.factors)
        residuals = list(rows.residuals)
        for k, term in enumerate(rows.terms):
            if (move := self._move(term, rows)) is not None:
                rate = move.pair.sign * self.rates[move.pair.equation]
                residuals[k] = _Moved(rows.residuals[k], move, rate)
                targets[k] += rate * move.of(there)
        return replace(rows, residuals=tuple(residuals), targets=targets)

    def _fields_before(self, rows: PointwiseRows, dtype: torch.dtype) -> Jet:
        """The fields at the last renewal, once for every draw."""
        assert self.before is not None
        prepared = rows.prepared
        if id(prepared) not in self._known:
            found = Jet(rows.trial.fixed(prepared, self.before.to(dtype)), prepared.indices)
            self._known[id(prepared)] = prepared, found
        return self._known[id(prepared)][1]

    def _measured(self, plain: Objective, theta: Tensor, before: Tensor) -> dict[str, float]:
        """tau of the equations that were moved."""
        answers, moves = ({pair.pair.equation: 0.0 for pair in self.moves.values()} for _ in range(2))
        for rows in plain.chunks:
            if not isinstance(rows, PointwiseRows) or not any(term in answers for term in rows.terms):
                continue
            points = rows.prepared.points
            now, then = (Jet(rows.trial.fixed(rows.prepared, at), rows.prepared.indices) for at in (theta, before))
            for term, residual, factor in zip(rows.terms, rows.residuals, rows.factors, strict=True):
                if term in answers:
                    change = factor * (residual(now, points) - residual(then, points))
                    moved = factor * (self.moves[term].of(now) - self.moves[term].of(then))
                    answers[term] += float(change @ change)
                    moves[term] += float(moved @ moved)
        rates = {name: math.sqrt(answers[name] / moves[name]) for name in answers if moves[name] > 0}
        return {
            name: min(max(rate, self.rule.least), self.rule.most) for name, rate in rates.items() if math.isfinite(rate)
        }

    def _move(self, term: str, rows: PointwiseRows) -> _Move | None:
        """What a term measures, where its rows know the derivative."""
        move = self.moves.get(term)
        return move if move is not None and move.orders in rows.prepared.indices.position else None


def told(rule: PseudoTime, problem: Problem, steps: int) -> str:
    """The sentence that says which field each equation moves, which signs are guesses, and that nothing is renewed.

    Args:
        rule: the options.
        problem: the equations.
        steps: how many are made at most.
    """
    pairs = rule.pairs(problem)
    listed = ", ".join(f"`{pair.equation}` moves `{pair.field}` ({'+' if pair.sign > 0 else '-'})" for pair in pairs)
    guessed = ", ".join(f"`{pair.equation}`" for pair in pairs if not pair.known)
    note = f"; nothing in {guessed} says which sign is stable, so + is taken, and `signs` can change it"
    short = f"; all phases together make {steps} steps, and a renewal comes every {rule.every}, so there is none"
    return f"pseudo-time: {listed}{note if guessed else ''}{short if steps <= rule.every else ''}"
