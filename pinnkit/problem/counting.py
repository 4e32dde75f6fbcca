"""Which conditions stand on which face, for which field, and in which normal order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.problem.faces import ends
from pinnkit.problem.problem import Condition, Coordinate, Face, Problem
from pinnkit.problem.singular import replaced_conditions


@final
@dataclass(frozen=True)
class Held:
    """A condition on one of its faces, with the fields and derivatives that it uses there."""

    condition: Condition
    face: Face
    partials: frozenset[Partial]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it involves."""
        return frozenset(p.field for p in self.partials)

    def normal_order(self, field: str, problem: Problem) -> int:
        """The highest derivative of a field along the face's coordinate in it; of any kind on a piece of a shape."""
        if self.face.piece:
            return max((p.order for p in self.partials if p.field == field), default=0)
        along = problem.index(self.face.coordinate)
        return max((p.orders[along] for p in self.partials if p.field == field), default=0)


def held(problem: Problem) -> tuple[Held, ...]:
    """Every condition on every one of its faces."""
    return tuple(
        Held(condition, face, partials_in(condition.tree_on(face, problem.scope), problem.scope))
        for condition in problem.conditions
        for face in condition.faces
    )


def on_face(face: Face, field: str, everything: tuple[Held, ...]) -> tuple[Held, ...]:
    """What holds for a field on a face."""
    return tuple(h for h in everything if h.face == face and field in h.fields)


def space(problem: Problem) -> Iterator[Coordinate]:
    """The coordinates in space that have ends; those of a shape have none of their own."""
    own = () if problem.body is not None else problem.space
    return (c for c in problem.coordinates if c.name in own and not c.periodic)


def lacking(problem: Problem, coordinate: Coordinate, everything: tuple[Held, ...], regularity: bool = True) -> bool:
    """Whether the conditions along a coordinate are fewer than the orders of all fields together.

    They are counted over all fields, since a system of first order (`u_t = v_x`, `v_t = u_x`) may well have both of
    its conditions on one field. An integral along this coordinate alone counts as one as well and, unless it is not
    asked for, so does regularity at a singular point.
    """
    given = sum(1 for h in everything if h.face.coordinate == coordinate.name)
    for integral in problem.integrals:
        face = integral.faces[0] if integral.faces else None
        given += integral.over(problem.scope, face) == (coordinate.name,)
    needed = _order(problem, coordinate)
    if regularity and given < needed:
        given += len(replaced_conditions(problem))
    return given < needed


def _order(problem: Problem, coordinate: Coordinate) -> int:
    """The orders along a coordinate of all fields together, where two without divergence count as psi.

    With u = psi_y and v = -psi_x, the u_yyy of an equation is the fourth derivative of psi.
    """
    pair = problem.divergence_free
    orders = [problem.order(f, coordinate.name) for f in problem.fields if f not in pair]
    of_psi = (
        [
            problem.order(f, coordinate.name) + (coordinate.name != along)
            for f, along in zip(pair, problem.space, strict=True)
        ]
        if pair
        else []
    )
    return sum(orders) + max(of_psi, default=0)


def time_faces(problem: Problem) -> tuple[Face, Face] | None:
    """The start and the end of time, where there is time."""
    return ends(problem.coordinate(problem.time)) if problem.time is not None else None


def implied(problem: Problem, field: str) -> tuple[Held, ...]:
    """The start of a field that is differentiated in time by no equation, where others are: those fix it as well."""
    faces = time_faces(problem)
    if faces is None or problem.time is None or problem.order(field, problem.time):
        return ()
    if not any(problem.order(other, problem.time) for other in problem.fields):
        return ()
    here = on_face(faces[0], field, held(problem))
    return tuple(h for h in here if h.fields == {field} and not h.normal_order(field, problem))


def listed(found: tuple[Held, ...]) -> str:
    """The names of conditions, in a sentence."""
    return ", ".join(dict.fromkeys(f"`{h.condition.name}`" for h in found))
