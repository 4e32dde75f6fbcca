"""Easier problems that are solved first: the same equations with smaller values of one parameter.

A parameter such as a Reynolds number or a speed may make a problem so hard that training from random parameters of the
network fails. It is then raised step by step, each problem beginning with the parameters that solve the one before
(numerical continuation; for networks, A. Krishnapriyan, A. Gholami, S. Zhe, R. Kirby, M. Mahoney, NeurIPS 2021,
arXiv 2109.01050, section 5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.optimizers import Optimizer
from pinnkit.problem.problem import Problem


@final
@dataclass(frozen=True)
class Curriculum:
    """Values of one parameter that come before the problem's own.

    Args:
        parameter: its name; where not given, the problem has one parameter alone.
        shares: these values as shares of the problem's own.
        values: the values themselves, in place of shares; where they rise, those below the problem's own come first,
            and where they fall those above.
        steps: the most steps that a phase makes for each; as many as for the problem itself where not given.
        seconds: the most seconds, likewise.

    Example:
        >>> problem = pinnkit.define(...)  # doctest: +SKIP
        >>> Curriculum("Re", values=(100, 250, 500)).before(problem.with_parameters(Re=400))  # doctest: +SKIP
        (100.0, 250.0)
    """

    parameter: str | None = None
    shares: tuple[float, ...] = (0.25, 0.5)
    values: tuple[float, ...] = ()
    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, given in (("shares", self.shares), ("values", self.values)):
            if not all(map(math.isfinite, given)):
                raise UserError(f"`{name}` of `curriculum` need finite numbers, not {', '.join(map(str, given))}")
            steps = {math.copysign(1.0, b - a) if a != b else 0.0 for a, b in pairwise(given)}
            if len(steps) > 1 or 0.0 in steps:
                raise UserError(f"`{name}` of `curriculum` must rise, or fall, not {', '.join(map(str, given))}")
        if not self.shares and not self.values:
            raise UserError("`curriculum` has neither `shares` nor `values`; leave it out to begin with the problem")
        if self.steps is not None and self.steps < 1:
            raise UserError(f"`steps` of `curriculum` is {self.steps}; it needs at least 1")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise UserError(f"`seconds` of `curriculum` is {self.seconds:g}; it needs a finite number above 0")

    def name(self, problem: Problem) -> str:
        """The parameter of a problem that is raised.

        Raises:
            UserError: there is no such parameter, or it has no fixed value.
        """
        known = [p.name for p in problem.parameters if p.unknown is None]
        if self.parameter is None:
            if len(known) != 1:
                listed = ", ".join(f"`{name}`" for name in known) or "none"
                hint = "Name it, as in `curriculum: {parameter: Re, values: [100, 300]}`."
                raise UserError(Mistake(f"`curriculum` has no `parameter`, and the problem has {listed}", hint=hint))
            return known[0]
        if self.parameter in problem.family or any(p.name == self.parameter for p in problem.unknowns):
            what = "has a range" if self.parameter in problem.family else "is to be found"
            raise UserError(f"the parameter `{self.parameter}` of `curriculum` {what}; it needs one with a fixed value")
        if self.parameter not in known:
            message, hint = unknown("parameter", self.parameter, known)
            raise UserError(Mistake(f"{message} in `curriculum`", hint=hint))
        return self.parameter

    def before(self, problem: Problem) -> tuple[float, ...]:
        """The values that come before the problem's own.

        Raises:
            UserError: as `name` does.
        """
        own = problem.values[self.name(problem)]
        given = [float(v) for v in self.values] if self.values else [share * own for share in self.shares]
        rises = given[0] < given[-1] if len(given) > 1 else given[0] < own
        return tuple(v for v in given if v != own and (v < own) == rises)

    def shortened(self, phases: Sequence[Optimizer]) -> tuple[Optimizer, ...]:
        """The phases for an easier problem."""

        def least(own: float | None, most: float | None) -> float | None:
            return own if most is None else most if own is None else min(own, most)

        return tuple(
            replace(
                phase, steps=min(phase.steps, self.steps or phase.steps), seconds=least(phase.seconds, self.seconds)
            )
            for phase in phases
        )
