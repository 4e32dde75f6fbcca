"""Reading an evolution in one coordinate of space as one between two ends, with what holds there for every field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.problem.prescribed import number
from pinnkit.problem.problem import Condition, Coordinate, Face, Problem
from pinnkit.verification.evolution import Evolution, cannot_treat, numbers
from pinnkit.verification.slots import slotted


@final
@dataclass(frozen=True)
class Wall:
    """value * u + slope * u_x = given at an end; `given` is over time alone."""

    value: float
    slope: float
    given: sympy.Expr


@final
@dataclass(frozen=True)
class Walls:
    """The interval on which fields are computed, with what holds for each of them at its lower and its upper end.

    signs: by which factor each field is continued to negative places; empty where the interval is the whole one.
    """

    lower: float
    upper: float
    ends: Mapping[str, tuple[Wall | None, Wall | None]]
    signs: Mapping[str, float]


def read_walls(problem: Problem, evolution: Evolution, method: str) -> Walls:
    """The interval and its walls.

    Where every field is even or odd, half of the interval is enough: the field (odd) or its slope (even) is zero in
    the middle, and in a periodic coordinate also at the end.

    Raises:
        UserError: the first feature that makes it another problem.
    """
    if len(evolution.space) != 1:
        raise cannot_treat(problem, method, f"it has {len(evolution.space)} coordinates of space, not one")
    for name in evolution.constraints:
        raise cannot_treat(problem, method, f"`{name}` has no time derivative")
    (space,) = evolution.space
    if not space.axis.finite:
        raise cannot_treat(problem, method, f"`{space.name}` goes to infinity")
    signs = {s.field: -1.0 if s.parity == "odd" else 1.0 for s in problem.symmetries if s.coordinate == space.name}
    halved = set(signs) == set(problem.fields) and abs(space.lower + space.upper) <= 1e-12 * space.length
    if space.periodic and not halved:
        reason = f"`{space.name}` is periodic, and not every field is declared as even or odd in it"
        raise cannot_treat(problem, method, reason)
    found = _found(problem, evolution, method, halved)
    ends = {}
    for name in problem.fields:
        order = _order(problem, evolution, method, name)
        own = found[name]
        if halved and order:
            mirror = Wall(1.0, 0.0, sympy.S.Zero) if signs[name] < 0 else Wall(0.0, 1.0, sympy.S.Zero)
            own[0].append(mirror)
            if space.periodic:
                own[1].append(mirror)
        given = len(own[0]) + len(own[1])
        if given != order or max(len(own[0]), len(own[1])) > 1:
            needed = "one at each end" if order == 2 else "one in all" if order == 1 else "none"
            reason = f"`{name}` is of order {order} in `{space.name}` and has {given} conditions at its ends; it needs"
            raise cannot_treat(problem, method, f"{reason} {needed}")
        ends[name] = (own[0][0] if own[0] else None, own[1][0] if own[1] else None)
    return Walls(0.0 if halved else space.lower, space.upper, ends, signs if halved else {})


def _found(
    problem: Problem, evolution: Evolution, method: str, halved: bool
) -> dict[str, tuple[list[Wall], list[Wall]]]:
    """The conditions of every field at the lower and at the upper end of what is computed."""
    found: dict[str, tuple[list[Wall], list[Wall]]] = {name: ([], []) for name in problem.fields}
    for condition, face in evolution.held:
        if halved and face.side == "lower":
            continue  # the mirror image of what holds at the other end
        field, wall = _wall(problem, method, evolution.time, condition, face)
        found[field][face.side == "upper"].append(wall)
    return found


def _wall(problem: Problem, method: str, time: Coordinate, condition: Condition, face: Face) -> tuple[str, Wall]:
    """What one condition says of one field at an end."""
    scope = problem.scope
    parts = slotted(condition.tree_on(face, scope).doit().xreplace(numbers(problem)), scope)
    along = problem.index(face.coordinate)
    shown = f"the condition `{condition.name}` on {face}"
    if len({p.field for p in parts.slots}) != 1:
        raise cannot_treat(problem, method, f"{shown} is not one on a single field")
    if any(p.order != p.orders[along] or p.order > 1 for p in parts.slots):
        raise cannot_treat(problem, method, f"{shown} holds other derivatives than the first one in space")
    if len(parts.linear) != len(parts.slots):
        raise cannot_treat(problem, method, f"{shown} is not linear in the field with numbers as factors")
    factors = {p.order: factor for p, factor in parts.linear.items()}
    given = -parts.source.xreplace({scope.symbols[face.coordinate]: number(face.value)})
    field = next(iter(parts.slots)).field
    return field, Wall(factors.get(0, 0.0), factors.get(1, 0.0), given)


def _order(problem: Problem, evolution: Evolution, method: str, field: str) -> int:
    """How often a field is differentiated in space."""
    (space,) = evolution.space
    along = problem.index(space.name)
    partials = {p for rate in evolution.rates for p in partials_in(rate, problem.scope) if p.field == field}
    order = max((p.orders[along] for p in partials), default=0)
    if order > 2:
        reason = f"`{field}` is differentiated {order} times in `{space.name}`; it treats up to two"
        raise cannot_treat(problem, method, reason)
    return order
