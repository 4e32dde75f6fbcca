"""Checks that put numbers in: corners, the zero field, declared symmetries and the exact reference."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import final

import numpy as np
import sympy

from pinnkit.equations.differentiate import differentiate
from pinnkit.equations.expression import Partial
from pinnkit.equations.partials import partials_in
from pinnkit.errors import UserError
from pinnkit.problem.ansatz import NETWORK
from pinnkit.problem.counting import implied
from pinnkit.problem.faces import ends
from pinnkit.problem.finding import Remark
from pinnkit.problem.integral_checks import satisfied_by_zero, unsatisfied
from pinnkit.problem.interface_checks import unmet_interfaces
from pinnkit.problem.prescribed import Prescribed, prescribed
from pinnkit.problem.problem import Condition, Equation, Face, Problem, TorchResidual, partials_of
from pinnkit.problem.sampling import SAMPLES, Statement, elsewhere, evaluate, interior, is_known, on_faces, statements
from pinnkit.problem.symmetry import Symmetry
from pinnkit.problem.truth import settled

_SAME = 1e-9
_EXACT = 1e-8


def corner_jump(problem: Problem) -> Iterator[Remark]:
    """Values that differ where two faces meet, and values on a face that jump across a period."""
    known = [
        (condition, face, found)
        for condition in problem.conditions
        for face in condition.faces
        if (found := prescribed(condition, face, problem)) is not None and is_known(found.value, problem)
    ]
    worst: dict[tuple[str, str], tuple[float, str, Remark]] = {}
    for (first, a, p), (second, b, q) in combinations(known, 2):
        if a.piece or b.piece or a.coordinate == b.coordinate or p.field != q.field or p.normal_order or q.normal_order:
            continue
        if first is second and first.alike:
            continue
        points = on_faces(problem, a, b)
        jump, at = _jump(evaluate(p.value, problem, points), evaluate(q.value, problem, points))
        if jump > worst.get((first.name, second.name), (0.0,))[0]:
            message = (
                f"`{first.name}` and `{second.name}` give `{p.field}` values that differ by {jump:.3g} where "
                f"`{a}` meets `{b}`{_elsewhere(points, at, (a, b))}"
            )
            worst[first.name, second.name] = (jump, message, _corner(message, second))
    yield from (remark for _, _, remark in worst.values())
    for condition, face, found in known:
        yield from _period_jumps(problem, condition, face, found)


def _period_jumps(problem: Problem, condition: Condition, face: Face, found: Prescribed) -> Iterator[Remark]:
    for coordinate in problem.coordinates:
        if not coordinate.periodic or coordinate.name == face.coordinate:
            continue
        lower, upper = (evaluate(found.value, problem, on_faces(problem, face, end)) for end in ends(coordinate))
        jump, _ = _jump(lower, upper)
        if jump > 0:
            message = (
                f"`{condition.name}` on `{face}` jumps by {jump:.3g} from one end of the periodic `{coordinate.name}` "
                "to the other"
            )
            yield _corner(message, condition)


def _corner(message: str, condition: Condition) -> Remark:
    hint = "The answer cannot be smooth there. Write `accept: [corner_jump]` where that is meant."
    return Remark(message, condition.residual.place, hint)


def _jump(a: np.ndarray | None, b: np.ndarray | None) -> tuple[float, int]:
    """The largest difference, where it is more than rounding, and the sample at which it is."""
    if a is None or b is None:
        return 0.0, 0
    difference = np.nan_to_num(np.abs(a - b), nan=0.0, posinf=0.0)
    at = int(difference.argmax())
    return (float(difference[at]), at) if difference[at] > _SAME * (1 + abs(a[at])) else (0.0, at)


def _elsewhere(points: Mapping[str, np.ndarray], at: int, faces: tuple[Face, ...]) -> str:
    others = [name for name in points if name not in {face.coordinate for face in faces}]
    return " at " + ", ".join(f"`{name} = {points[name][at]:.3g}`" for name in others) if others else ""


def implied_condition(problem: Problem) -> Iterator[Remark]:
    """A start of a field without a derivative in time that is not seen to agree with the equations."""
    starts = [(field, h) for field in problem.fields for h in implied(problem, field)]
    agreement = _agreement(problem, starts[0][1].face) if starts else {}
    for field, h in starts:
        own = {equation.name: holds for equation, holds in agreement.items() if field in _fields(equation, problem)}
        broken = next((name for name, holds in own.items() if not holds), None)
        if broken is not None or not own:
            reason = f"`{broken}` does not hold there" if broken is not None else "no equation tells whether it agrees"
            message = (
                f"`{h.condition.name}` fixes `{field}` on `{h.face}`, of which no equation has a derivative in "
                f"`{problem.time}`: {reason}"
            )
            hint = "Leave it out, or write `accept: [implied_condition]` where it is known to agree."
            yield Remark(message, h.condition.residual.place, hint)


def _fields(equation: Equation, problem: Problem) -> set[str]:
    return {p.field for p in partials_of(equation, problem.scope)}


def _agreement(problem: Problem, start: Face) -> dict[Equation, bool]:
    """Whether each equation without a derivative in time holds for the values at the start, where it can be told."""
    along, points, known = problem.index(start.coordinate), on_faces(problem, start), {}
    for condition in problem.conditions:
        found = prescribed(condition, start, problem) if start in condition.faces else None
        if found is not None and not found.normal_order:
            known[found.field] = found.value
    told = {}
    for equation in problem.equations:
        partials = partials_of(equation, problem.scope)
        if isinstance(equation.residual, TorchResidual) or any(p.orders[along] for p in partials):
            continue
        if not all(is_known(tree, problem) for tree in (equation.residual.tree, *known.values())):
            continue
        if not partials or any(p.field not in known for p in partials):
            continue
        slopes = {p: _slope(known[p.field], p, points, problem) for p in partials}
        values = {p: value for p, value in slopes.items() if value is not None}
        left = evaluate(equation.residual.tree, problem, points, values) if len(values) == len(partials) else None
        if left is not None:
            scale = max(1e-12, *(float(np.abs(value).max()) for value in values.values()))
            told[equation] = bool(np.abs(left).max() <= _EXACT * scale)
    return told


def _slope(tree: sympy.Expr, partial: Partial, points: Mapping[str, np.ndarray], problem: Problem) -> np.ndarray | None:
    """A derivative of a known expression at points, or None where it has none."""
    try:
        for name, order in zip(problem.scope.coordinates, partial.orders, strict=True):
            tree = differentiate(tree, name, problem.scope, order)
    except UserError:
        return None
    return evaluate(tree, problem, points)


def trivial_solution(problem: Problem) -> Iterator[Remark]:
    """The zero field satisfies everything."""
    if any(isinstance(e.residual, TorchResidual) for e in problem.equations):
        return
    for statement in statements(problem):
        zero = {p: np.zeros(SAMPLES) for p in partials_in(statement.tree, problem.scope)}
        values = evaluate(statement.tree, problem, statement.points(problem), zero)
        if values is None or not np.all(np.abs(values) < 1e-12):
            return
    if any(np.any(m.values) for observations in problem.observations for m in observations.measured):
        return
    if not satisfied_by_zero(problem) or any(_of_zero(a.expression.tree, problem) != 0 for a in problem.ansatz):
        return
    fields = " and ".join(f"`{field} = 0`" for field in problem.fields)
    message = f"{fields} satisfies all equations and conditions"
    hint = "Training may well find it. A condition or a source that is not zero is needed for any other answer."
    yield Remark(message, problem.places.get("conditions"), hint)


def _of_zero(ansatz: sympy.Expr, problem: Problem) -> sympy.Expr:
    """What an ansatz makes of a network that is zero."""
    return ansatz.xreplace({problem.scope.with_fields(NETWORK).functions[NETWORK]: sympy.S.Zero})


def symmetry(problem: Problem) -> Iterator[Remark]:
    """A declared symmetry that the domain, an equation or a condition does not have."""
    for declared in problem.symmetries:
        coordinate = problem.coordinate(declared.coordinate)
        if not coordinate.axis.centred:
            message = (
                f"`{declared.field}` cannot be {declared.parity} in `{coordinate.name}`: the interval "
                f"[{coordinate.lower:g}, {coordinate.upper:g}] is not centred on zero"
            )
            yield Remark(message, coordinate.place)
    problem = elsewhere(problem)
    for name in dict.fromkeys(s.coordinate for s in problem.symmetries):
        signs = {s.field: -1.0 if s.parity == "odd" else 1.0 for s in problem.symmetries if s.coordinate == name}
        yield from _asymmetric(problem, name, signs)


def _asymmetric(problem: Problem, name: str, signs: Mapping[str, float]) -> Iterator[Remark]:
    said = ", ".join(f"`{s.field}` {s.parity}" for s in problem.symmetries if s.coordinate == name)
    everything = statements(problem)
    for statement in everything:
        if any(p.field not in signs for p in partials_in(statement.tree, problem.scope)):
            continue
        others = [statement]
        if statement.face is not None and statement.face.coordinate == name:
            others = [s for s in everything if _facing(s, statement, problem)]
        if others and not any(_mirrored(problem, statement, other, name, signs) for other in others):
            message = (
                f"`{statement.name}`{statement.where} does not keep its form when `{name}` changes sign, "
                f"so that the symmetry ({said}) cannot hold"
            )
            yield Remark(message, statement.place)


def _facing(other: Statement, statement: Statement, problem: Problem) -> bool:
    """Whether a condition stands on the opposite face and uses the same derivatives."""
    a, b = other.face, statement.face
    if a is None or b is None or a.coordinate != b.coordinate or a.side == b.side:
        return False
    return partials_in(other.tree, problem.scope) == partials_in(statement.tree, problem.scope)


def _mirrored(problem: Problem, statement: Statement, other: Statement, name: str, signs: Mapping[str, float]) -> bool:
    """Whether a residual at a point equals, up to one sign, the other residual at the mirrored point."""
    generator = np.random.default_rng(21)
    partials = partials_in(statement.tree, problem.scope) | partials_in(other.tree, problem.scope)
    values = {p: generator.uniform(-1, 1, SAMPLES) for p in sorted(partials)}
    points = statement.points(problem)
    here = evaluate(statement.tree, problem, points, values)
    along = problem.index(name)
    flipped = {p: v * signs[p.field] * (-1.0) ** p.orders[along] for p, v in values.items()}
    there = evaluate(other.tree, problem, points | {name: -points[name]}, flipped)
    if here is None or there is None:
        return True
    scale = _SAME * (1e-300 + np.nanmax(np.abs(here), initial=0.0))
    return any(bool(np.all(np.nan_to_num(np.abs(here - sign * there)) <= scale)) for sign in (1.0, -1.0))


def exact_reference(problem: Problem) -> Iterator[Remark]:
    """An exact reference that lacks a field or does not satisfy the problem."""
    if problem.reference is None or not problem.reference.exact:
        return
    problem = settled(problem)
    assert problem.reference is not None
    exact = problem.reference.exact
    for field in problem.fields:
        if field not in exact:
            yield Remark(f"`reference.exact` lacks the field `{field}`", next(iter(exact.values())).place)
    for declared in problem.symmetries:
        yield from _exact_symmetry(problem, declared)
    known = _Exact(problem)
    for statement in statements(problem):
        error = _defect(problem, statement, known)
        if error is not None and error > _EXACT:
            message = (
                f"the exact reference does not satisfy `{statement.name}`{statement.where}: "
                f"relative residual {error:.3g}"
            )
            yield Remark(message, statement.place)
    yield from unsatisfied(problem, known.tree, _EXACT)
    yield from unmet_interfaces(problem, known.tree, _EXACT)


@final
class _Exact:
    """The derivatives of the exact fields, each made once however many equations and conditions ask for it."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._trees: dict[Partial, sympy.Expr | None] = {}
        self._inside: dict[Partial, np.ndarray | None] = {}

    def tree(self, partial: Partial) -> sympy.Expr | None:
        """What a derivative is, or None where that is not known."""
        if partial not in self._trees:
            self._trees[partial] = self._made(partial)
        return self._trees[partial]

    def _made(self, partial: Partial) -> sympy.Expr | None:
        """The derivative, from the one of an order less; None where the field is not given or sympy has no rule."""
        problem = self._problem
        if problem.reference is None or partial.field not in problem.reference.exact:
            return None
        if not partial.order:
            tree = problem.reference.exact[partial.field].tree
            return tree if is_known(tree, problem) else None
        last = max(k for k, order in enumerate(partial.orders) if order)
        fewer = tuple(order - (k == last) for k, order in enumerate(partial.orders))
        below = self.tree(replace(partial, orders=fewer))
        try:
            # One at a time: of several, sympy would look for common factors, which takes longer than all else here.
            return None if below is None else sympy.diff(below, problem.scope.symbols[problem.scope.coordinates[last]])
        except (sympy.core.function.ArgumentIndexError, NotImplementedError):
            return None

    def inside(self, partial: Partial) -> np.ndarray | None:
        """Its values at points of the domain."""
        if partial not in self._inside:
            tree = self.tree(partial)
            found = None if tree is None else evaluate(tree, self._problem, interior(self._problem))
            self._inside[partial] = found
        return self._inside[partial]


def _exact_symmetry(problem: Problem, declared: Symmetry) -> Iterator[Remark]:
    expression = problem.reference.exact.get(declared.field) if problem.reference is not None else None
    if expression is None or not is_known(expression.tree, problem):
        return
    points = interior(problem)
    here = evaluate(expression.tree, problem, points)
    there = evaluate(expression.tree, problem, points | {declared.coordinate: -points[declared.coordinate]})
    if here is None or there is None:
        return
    sign = -1.0 if declared.parity == "odd" else 1.0
    jump, _ = _jump(here, sign * there)
    if jump > 0:
        message = f"the exact `{declared.field}` is not {declared.parity} in `{declared.coordinate}`"
        yield Remark(message, expression.place)


def _defect(problem: Problem, statement: Statement, exact: _Exact) -> float | None:
    """The residual of the exact fields, or None where it cannot be evaluated.

    It is relative to the largest term and, on a face, where all terms may vanish, to the fields inside.
    """
    points = statement.points(problem)
    if not is_known(statement.tree, problem):
        return None
    values: dict[Partial, np.ndarray] = {}
    scale = 1e-12
    for partial in partials_in(statement.tree, problem.scope):
        tree, inside = exact.tree(partial), exact.inside(partial)
        value = None if tree is None else evaluate(tree, problem, points)
        if value is None or inside is None:
            return None
        values[partial] = value
        scale = max(scale, np.abs(inside[np.isfinite(inside)]).max(initial=0.0))
    terms = [evaluate(term, problem, points, values) for term in sympy.Add.make_args(statement.tree)]
    known = [term for term in terms if term is not None]
    finite = np.all([np.isfinite(term) for term in known], axis=0)
    if len(known) < len(terms) or not np.any(finite):
        return None
    scale = max(scale, *(float(np.abs(term[finite]).max()) for term in known))
    return float(np.abs(np.sum(known, axis=0)[finite]).max() / scale)
