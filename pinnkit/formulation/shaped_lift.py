"""Values on the boundary of a shape built into the field: u = G + D N with distances that are smooth.

Every primitive of which a field is fixed has a factor phi_i, positive in the domain, which vanishes to first order on
its boundary and nowhere else in the domain. With l half the least width of the domain it is psi/l around the domain,
and psi/(psi + l) around a hole, for the polynomial psi of slope one there: so that D does not depend on the units of
length, and steep distances around small holes do not make G steep. D is the product of all phi_i, and G takes the
values g_i by inverse distances,

    D = product of phi_i,        G = sum of g_i w_i / sum of w_i,   w_i = product of phi_j, j other than i

(V. L. Rvachev, T. I. Sheiko, V. Shapiro, I. Tsukanov, Comput. Aided Geom. Design 18 (2001) 195, transfinite
interpolation). All of them are smooth where the boundaries of the primitives do not touch. Where they do, as in an L, a
distance is not smooth in the corner, and its Laplacian has no bound: then nothing is built in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import final

import numpy as np
import sympy

from pinnkit.equations import compile_tree
from pinnkit.formulation.lift import Lift
from pinnkit.problem.body import Body
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Condition, Problem
from pinnkit.shapes import Boolean, Shape
from pinnkit.shapes.requirements import exact

_WHOLE = 1e-9
_POINTS = 64


@final
class Factors:
    """The distance factors of the primitives of a body by name, and why one has none."""

    def __init__(self, body: Body, problem: Problem) -> None:
        self._symbols = [problem.scope.symbols[x] for x in body.coordinates]
        self._body = body
        self.trees: dict[str, sympy.Expr] = {}
        self.obstacles: dict[str, str] = {}
        for name, shape, outer in _primitives(body.shape, True):
            reason = self._obstacle(name, shape, outer)
            if reason is None:
                self.trees[name] = self._factor(shape, outer)
            else:
                self.obstacles[name] = reason

    def _factor(self, shape: Shape, outer: bool) -> sympy.Expr:
        lower, upper = self._body.shape.bounds
        width, psi = exact(0.5 * float(np.min(upper - lower))), shape.factor(self._symbols)
        return psi / width if outer else psi / (psi - width)

    def _obstacle(self, name: str, shape: Shape, outer: bool) -> str | None:
        left = sum(e.measure for e in self._body.shape.elements if e.name.partition(".")[0] == name)
        if abs(left - shape.perimeter) > _WHOLE * shape.perimeter:
            return f"the boundary of `{name}` meets that of another shape, where no distance is smooth"
        if not outer and not shape.rounded:
            return f"`{name}` is cut away and has corners, where no distance from outside is smooth"
        if shape.factor(self._symbols) is None:
            return f"`{name}` has a corner that points inwards, where no distance is smooth"
        return None


def obstacle_on(condition: Condition, problem: Problem, factors: Factors) -> str | None:
    """Why a condition on pieces of a shape cannot be built in; None where it can."""
    assert problem.body is not None
    if problem.time is not None:
        return "it stands on the boundary of a shape, and beside a start in time such are not built in"
    if any(not face.piece for face in condition.faces):
        return "it stands on the boundary of a shape and on a face"
    found = [prescribed(condition, face, problem) for face in condition.faces]
    first = found[0]
    if first is None or any(f is None or f.field != first.field for f in found):
        return "it does not fix one field to a known value"
    if first.field in problem.divergence_free:
        return "a distance in space would give the fields without divergence one"
    names = _covered(condition, problem.body)
    whole = {e.name for e in problem.body.shape.elements if e.name.partition(".")[0] in names}
    bare = whole & set(problem.body.bare([face.piece for face in condition.faces]))
    if bare:
        return f"it stands on a part of `{min(bare).partition('.')[0]}` alone, to which no distance is smooth"
    for name in names:
        if name in factors.obstacles:
            return factors.obstacles[name]
    return None


def shaped_lifts(conditions: Sequence[Condition], problem: Problem, factors: Factors) -> tuple[Lift, ...]:
    """The lift of every field from conditions that can be built in."""
    assert problem.body is not None
    values: dict[str, dict[str, sympy.Expr]] = {field: {} for field in problem.fields}
    for condition in conditions:
        found = prescribed(condition, condition.faces[0], problem)
        assert found is not None
        for name in _covered(condition, problem.body):
            values[found.field][name] = found.value
    return tuple(_lift(values[field], factors) for field in problem.fields)


def fixed_twice(conditions: Sequence[Condition], problem: Problem) -> dict[str, str]:
    """The conditions that fix what another one before them does, and why they cannot be built in."""
    assert problem.body is not None
    seen: set[tuple[str, str]] = set()
    found = {}
    for condition in conditions:
        known = prescribed(condition, condition.faces[0], problem)
        assert known is not None
        own = {(known.field, name) for name in _covered(condition, problem.body)}
        if own & seen:
            found[condition.name] = "another condition fixes the same there"
        seen |= own
    return found


def holds(lift: Lift, conditions: Sequence[Condition], problem: Problem) -> bool:
    """Whether a lift takes its values on all pieces of the conditions, and its distance vanishes, at 64 points."""
    assert problem.body is not None
    generator = np.random.default_rng(0)
    for condition in conditions:
        for face in condition.faces:
            known = prescribed(condition, face, problem)
            assert known is not None
            outline = problem.body.outline(face.piece)
            points = outline.from_unit(generator.random((_POINTS, outline.dimension_of_unit)))
            at: dict[str, np.ndarray | float] = {**problem.values, **_middles(problem)}
            at.update(zip(problem.body.coordinates, points.T, strict=True))
            got, wanted, away = (
                np.asarray(compile_tree(tree, problem.scope)(at)) for tree in (lift.value, known.value, lift.distance)
            )
            scale = 1.0 + float(np.max(np.abs(wanted)))
            if not np.all(np.abs(got - wanted) <= 1e-9 * scale) or not np.all(np.abs(away) <= 1e-9):
                return False
    return True


def _middles(problem: Problem) -> Mapping[str, float]:
    return {c.name: 0.5 * (c.lower + c.upper) for c in problem.coordinates}


def _lift(values: Mapping[str, sympy.Expr], factors: Factors) -> Lift:
    """G and D from what one field is on every primitive."""
    if not values:
        return Lift()
    own = {name: factors.trees[name] for name in values}
    distance = sympy.Mul(*own.values())
    if len(set(values.values())) == 1:
        return Lift(next(iter(values.values())), distance)
    shares = {name: sympy.Mul(*(phi for other, phi in own.items() if other != name)) for name in own}
    return Lift(sympy.Add(*(values[n] * shares[n] for n in own)) / sympy.Add(*shares.values()), distance)


def _covered(condition: Condition, body: Body) -> tuple[str, ...]:
    """The primitives on which a condition stands, or on parts of them."""
    pieces = [face.piece for face in condition.faces]
    elements = [e.name for piece in pieces for e in body.outline(piece).elements]
    return tuple(dict.fromkeys(name.partition(".")[0] for name in elements))


def _primitives(shape: Shape, outer: bool) -> Iterator[tuple[str, Shape, bool]]:
    """Every primitive with its name, and whether the domain is inside of it."""
    if isinstance(shape, Boolean):
        yield from _primitives(shape.left, outer)
        yield from _primitives(shape.right, outer if shape.kind != "difference" else not outer)
    else:
        yield shape.elements[0].name.partition(".")[0], shape, outer
