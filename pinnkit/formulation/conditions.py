"""Which conditions are built into the field exactly, which become rows of the objective, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import numpy as np
import sympy

from pinnkit.equations import compile_tree
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.formulation.lift import Fixed, Lift, build_lift
from pinnkit.formulation.magnitudes import scaled
from pinnkit.formulation.shaped_lift import Factors, fixed_twice, holds, obstacle_on, shaped_lifts
from pinnkit.formulation.solenoidal import holds_identically, obstacle, outputs_of
from pinnkit.formulation.stream import satisfied, stream_lift
from pinnkit.problem.prescribed import number, prescribed
from pinnkit.problem.problem import Condition, Equation, Face, Problem

Hard = Literal["auto", "all", "none"] | tuple[str, ...]
"""Which conditions to build in: those that gain by it, all that can be, none, or these."""

_LIMIT = 1e100
"""A coordinate at which an expression has its limit at infinity, and its square is still finite."""

_KINKED = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.Min, sympy.Max)


@final
@dataclass(frozen=True)
class Choice:
    """What became of one condition, as a word and a reason; ``lifted`` where a lift makes it exact."""

    condition: str
    exact: bool
    reason: str
    lifted: bool = False

    def __str__(self) -> str:
        return f"{self.condition}: {'exact' if self.exact else 'soft'} ({self.reason})"


@final
@dataclass(frozen=True)
class Formulation:
    """The trial fields of a problem: a lift for every field, the conditions left to the objective, and the reasons.

    ``stream`` is the lift of the stream function, where the problem gives one. ``continued`` is, for every field, how
    many of its derivatives by time start exactly as another field gives them.
    """

    problem: Problem
    lifts: tuple[Lift, ...]
    soft: tuple[Condition, ...]
    choices: tuple[Choice, ...]
    continued: tuple[int, ...] = ()
    stream: Lift | None = None

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The equations left to the objective: those that the fields do not satisfy by their form."""
        return tuple(e for e in self.problem.equations if not holds_identically(e, self.problem))

    @property
    def identities(self) -> tuple[str, ...]:
        """The names of the equations that the fields satisfy by their form."""
        return tuple(e.name for e in self.problem.equations if e not in self.equations)

    @property
    def outputs(self) -> int:
        """How many outputs of a network the fields are made of."""
        return len(outputs_of(self.problem))


def formulate(problem: Problem, hard: Hard = "auto") -> Formulation:
    """Decide on every condition and build the lifts.

    Raises:
        UserError: `hard` names no condition, or one that cannot be built in.
    """
    names = [condition.name for condition in problem.conditions]
    for name in hard if isinstance(hard, tuple) else ():
        if any(name == condition.name for condition in problem.integrals):
            raise UserError(f"condition `{name}` cannot be exact: it holds integrals; leave it out of `hard`")
        if name not in names:
            message, hint = unknown("condition", name, names)
            raise UserError(Mistake(f"{message} in `hard`", hint=hint))
    factors = Factors(problem.body, problem) if problem.body is not None else None
    choices = {condition.name: _choose(condition, problem, hard, factors) for condition in problem.conditions}
    lifts = (
        _agree(problem, choices) if factors is None or problem.time is not None else _around(problem, choices, factors)
    )
    for name in hard if isinstance(hard, tuple) else ():
        if not choices[name].exact:
            raise UserError(f"condition `{name}` cannot be exact: {choices[name].reason}")
    soft = tuple(condition for condition in problem.conditions if not choices[condition.name].exact)
    stream = stream_lift(problem)
    if stream is None:
        lifts = scaled(lifts, problem)
    return Formulation(problem, lifts, soft, tuple(choices.values()), _continued(problem, choices), stream)


def _continued(problem: Problem, choices: Mapping[str, Choice]) -> tuple[int, ...]:
    """How many orders in time of every field are exact and given by another field."""
    exact = [c for c in problem.conditions if c.given is not None and choices[c.name].exact]
    fields = [field for condition in exact for field, _ in _fixed(condition, problem) or []]
    return tuple(fields.count(name) for name in problem.fields)


def _choose(condition: Condition, problem: Problem, hard: Hard, factors: Factors | None) -> Choice:
    """The decision on one condition by itself."""

    def soft(reason: str) -> Choice:
        return Choice(condition.name, False, reason)

    if hard == "none" or (isinstance(hard, tuple) and condition.name not in hard):
        return soft("as the config asks")
    if factors is not None and any(face.piece for face in condition.faces):
        reason = obstacle_on(condition, problem, factors) or _unfit(condition, problem)
        return Choice(condition.name, True, "built into the field", lifted=True) if reason is None else soft(reason)
    if all(_identical(condition, face, problem) for face in condition.faces):
        return Choice(condition.name, True, "the ansatz satisfies it")
    if satisfied(condition, problem):
        return Choice(condition.name, True, "the stream function satisfies it")
    fixed = _fixed(condition, problem)
    if fixed is None:
        return soft("it does not fix one field, or its derivative along the normal, to a known value")
    if (unfit := _unfit(condition, problem)) is not None:
        return soft(unfit)
    alone = len(problem.coordinates) - len(problem.family) == 1
    for name, f in fixed:
        if f.order and math.isinf(_end(name, f, problem)):
            return soft("it fixes a derivative at infinity, where every derivative of the fields vanishes by their map")
        if f.order and f.coordinate != problem.time and not alone:
            return soft("it fixes a derivative, and only values are built in away from the start of time")
        if name in problem.divergence_free and problem.stream_function is not None:
            return soft("the stream function is given, and does not satisfy it")
        if name in problem.divergence_free and f.coordinate != problem.time:
            return soft("a distance in space would give the fields without divergence one")
        late = f.coordinate == problem.time and problem.order(name, f.coordinate) > 1
        if hard == "auto" and late and not alone:
            return soft("of second order in time, where a lift leaves early times without weight")
    return Choice(condition.name, True, "built into the field", lifted=True)


def _unfit(condition: Condition, problem: Problem) -> str | None:
    """Why the values that a condition fixes cannot be those of a lift."""
    found = [prescribed(condition, face, problem) for face in condition.faces]
    values = [f.value for f in found if f is not None] if condition.given is None else []
    free = {str(symbol) for value in values for symbol in value.free_symbols}
    if unknowns := [f"`{p.name}`" for p in problem.unknowns if p.name in free]:
        return f"its value depends on {', '.join(unknowns)}, which is not known before training"
    if any(value.has(*_KINKED) for value in values):
        return "its value has a jump or a kink, which the lift would carry into the whole domain"
    return None


def _around(problem: Problem, choices: dict[str, Choice], factors: Factors) -> tuple[Lift, ...]:
    """The lifts on a shape, once what does not go together is made soft (in `choices`)."""
    exact = [c for c in problem.conditions if choices[c.name].lifted]
    for name, reason in fixed_twice(exact, problem).items():
        choices[name] = Choice(name, False, reason)
    exact = [c for c in exact if choices[c.name].lifted]
    lifts = shaped_lifts(exact, problem, factors)
    for condition in exact:
        found = prescribed(condition, condition.faces[0], problem)
        assert found is not None
        if not holds(lifts[problem.fields.index(found.field)], [condition], problem):
            choices[condition.name] = Choice(condition.name, False, "its lift does not take its values on the boundary")
    if any(not choices[c.name].lifted for c in exact):
        return _around(problem, choices, factors)
    return lifts


def _identical(condition: Condition, face: Face, problem: Problem) -> bool:
    """Whether a condition says 0 = 0 on a face, whatever the fields are."""
    if condition.given is not None:
        return False
    scope, tree = problem.scope, condition.tree_on(face, problem.scope)
    marked = tree.xreplace({scope.tree(p): sympy.Dummy(real=True) for p in partials_in(tree, scope)})
    return bool(sympy.expand(marked.xreplace({scope.symbols[face.coordinate]: number(face.value)})) == 0)


def _fixed(condition: Condition, problem: Problem) -> list[tuple[str, Fixed]] | None:
    """What a condition fixes on each of its faces, by field, or None where one of them fixes nothing."""
    found = []
    for face in condition.faces:
        known = prescribed(condition, face, problem)
        if known is None:
            return None
        value = known.value if condition.given is None else None
        what = Fixed(condition.name, face.coordinate, face.side, known.normal_order, value)
        found.append((known.field, what))
    return found


def _agree(problem: Problem, choices: dict[str, Choice]) -> tuple[Lift, ...]:
    """The lifts of the exact conditions, once those that contradict each other are made soft (in `choices`)."""
    by_name = {condition.name: condition for condition in problem.conditions}
    while True:
        exact = [by_name[name] for name, choice in choices.items() if choice.lifted]
        fixed = [pair for condition in exact for pair in _fixed(condition, problem) or []]
        unfit = {f.condition: "its order leaves a gap that a lift cannot fill" for f in _incomplete(problem, fixed)}
        if not unfit:
            lifts = tuple(_lift_of(name, fixed, problem) for name in problem.fields)
            clash = "it contradicts another condition where their faces meet"
            unfit = {f.condition: clash for f in _clashing(problem, fixed, lifts)}
            reason = obstacle(problem, lifts) if not unfit else None
            if reason is not None:
                unfit = {f.condition: reason for field, f in fixed if field in problem.divergence_free}
            if not unfit:
                return lifts
        for name, reason in unfit.items():
            choices[name] = Choice(name, False, reason)


def _incomplete(problem: Problem, fixed: Sequence[tuple[str, Fixed]]) -> list[Fixed]:
    """Derivatives fixed where the lower orders are not, twice, or on both ends of a coordinate."""
    found = []
    for name in problem.fields:
        for coordinate in problem.coordinates_of(name):
            own = [f for field, f in fixed if field == name and f.coordinate == coordinate.name]
            sides = {f.side for f in own}
            for side in sides:
                orders = sorted(f.order for f in own if f.side == side)
                if orders != list(range(len(orders))) or (len(sides) == 2 and len(orders) > 1):
                    found += [f for f in own if f.side == side and (f.order or orders[0] or orders.count(0) > 1)]
    return found


def _clashing(problem: Problem, fixed: Sequence[tuple[str, Fixed]], lifts: Sequence[Lift]) -> list[Fixed]:
    """What must go so that the lifts hold: of every field that fails, its start where that helps, else what fails."""
    found = []
    for name, lift in zip(problem.fields, lifts, strict=True):
        own = [f for field, f in fixed if field == name]
        broken = [f for f in own if not _holds(name, f, lift, problem)]
        if broken:
            rest = [f for f in own if f.coordinate != problem.time]
            alone = _lift_of(name, [(name, f) for f in rest], problem)
            helps = len(rest) < len(own) and all(_holds(name, f, alone, problem) for f in rest)
            found += [f for f in own if f not in rest] if helps else broken
    return found


def _lift_of(field: str, fixed: Sequence[tuple[str, Fixed]], problem: Problem) -> Lift:
    symmetries = [s for s in problem.symmetries if s.field == field]
    return build_lift([f for name, f in fixed if name == field], problem, symmetries, problem.coordinates_of(field))


def _end(field: str, fixed: Fixed, problem: Problem) -> float:
    """The value of the coordinate on the face on which something is fixed."""
    along = next(c for c in problem.coordinates_of(field) if c.name == fixed.coordinate)
    return along.lower if fixed.side == "lower" else along.upper


def _holds(field: str, fixed: Fixed, lift: Lift, problem: Problem) -> bool:
    """Whether the finished lift still takes a prescribed value, at 64 points of its face."""
    if fixed.value is None:
        return True
    symbol = problem.scope.symbols[fixed.coordinate]
    unit = np.random.default_rng(0).random((64, len(problem.coordinates)))
    values: dict[str, np.ndarray | float] = dict(problem.values)
    for column, coordinate in zip(unit.T, problem.coordinates_of(field), strict=True):
        values[coordinate.name] = coordinate.axis.from_unit(column)
    values[fixed.coordinate] = np.full(64, np.clip(_end(field, fixed, problem), -_LIMIT, _LIMIT))
    got = compile_tree(sympy.diff(lift.value, symbol, fixed.order), problem.scope)(values)
    wanted = compile_tree(fixed.value, problem.scope)(values)
    scale = 1.0 + float(np.max(np.abs(wanted)))
    return bool(np.all(np.abs(np.asarray(got) - np.asarray(wanted)) <= 1e-9 * scale))
