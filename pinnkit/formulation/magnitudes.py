"""How large the fields of a problem are, and trial fields of that size: u = G + s D N, with s a power of ten.

A network gives numbers of size one, and so does every step of an optimizer suppose. What a problem says of a field
tells its size: the values that conditions prescribe and observations have, derivatives times a length, and where
nothing is known, the balance of an equation: its other terms over the coefficients of the field's own, a derivative
counting pi over the length of its coordinate. Sizes near one are left as they are.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy

from pinnkit.equations import compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.errors import UserError
from pinnkit.formulation.lift import Lift
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Equation, Problem, TorchResidual, partials_of

NEAR = 50.0
"""Between one over this and this a size is left alone that conditions or observations tell."""

ROUGH = 1e4
"""The same of a size that an equation tells, which takes one wave in the domain: sources may have many."""

_POINTS = 4096
_MOST_COORDINATES = 3
"""In more, so many points miss what is narrow."""


def magnitudes(problem: Problem) -> dict[str, float]:
    """The size of every field of which the problem tells one that is far from one: a power of ten.

    A field is at least as large as what is prescribed, and may be larger elsewhere. A small size is therefore believed
    of linear equations alone, where nothing but conditions and sources makes a field large.
    """
    if problem.sizes is not None:
        return dict(problem.sizes)
    if problem.homes or problem.regions or problem.levels is not None:
        return {}
    points = _points(problem)
    told: dict[str, float] = {}
    for name, size in (*_prescribed(problem, points), *_observed(problem)):
        told[name] = max(size, told.get(name, 0.0))
    told = {name: size for name, size in told.items() if size > 0}
    found: dict[str, float] = {}
    small = _linear(problem) and len(problem.coordinates) <= _MOST_COORDINATES
    for name in problem.fields:
        balance = _balanced(problem, name, told, points) if name not in told or told[name] < 1.0 else 0.0
        size, near = max(told.get(name, 0.0), balance), NEAR if told.get(name, 0.0) >= balance else ROUGH
        if size > near or (small and 0.0 < size < 1.0 / near):
            found[name] = 10.0 ** math.floor(math.log10(size))
    pair = [found[name] for name in problem.divergence_free if name in found]
    return found | dict.fromkeys(problem.divergence_free if pair else (), max(pair, default=1.0))


def _linear(problem: Problem) -> bool:
    """Whether all equations are linear in the fields."""
    functions = tuple(problem.scope.functions.values())
    for equation in problem.equations:
        if isinstance(equation.residual, TorchResidual):
            return False
        marks = {problem.scope.tree(p): sympy.Dummy(real=True) for p in partials_of(equation, problem.scope)}
        marked = equation.residual.tree.xreplace(marks)
        if marked.has(*functions) or any(sympy.diff(marked, m).has(*marks.values()) for m in marks.values()):
            return False
    return True


def scaled(lifts: Sequence[Lift], problem: Problem) -> tuple[Lift, ...]:
    """The lifts of fields of their sizes."""
    sizes = magnitudes(problem)
    return tuple(
        replace(lift, distance=_power(sizes[name]) * lift.distance) if name in sizes else lift
        for name, lift in zip(problem.fields, lifts, strict=True)
    )


def _power(size: float) -> sympy.Expr:
    """A power of ten as sympy's own; no other size is ever taken."""
    return sympy.Integer(10) ** round(math.log10(size))


def _points(problem: Problem) -> dict[str, np.ndarray]:
    """Values of the coordinates at points of the domain's box, and of the parameters."""
    generator = np.random.default_rng(0)
    inside = {c.name: c.axis.from_unit(generator.uniform(0.02, 0.98, _POINTS)) for c in problem.coordinates}
    return {**{name: np.full(_POINTS, value) for name, value in problem.values.items()}, **inside}


def _size(tree: sympy.Expr, problem: Problem, points: Mapping[str, np.ndarray]) -> float:
    """The largest size of an expression of coordinates and parameters; zero where it has none."""
    try:
        with np.errstate(all="ignore"):
            values = np.abs(np.broadcast_to(compile_tree(tree, problem.scope)(points), _POINTS))
    except (UserError, KeyError):  # such as a function of the normal
        return 0.0
    return float(np.max(values[np.isfinite(values)], initial=0.0))


def _length(problem: Problem, name: str) -> float:
    """Of an interval; of one without an end, the length that it is mapped with."""
    coordinate = problem.coordinate(name)
    return coordinate.length if math.isfinite(coordinate.length) else coordinate.scale


def _prescribed(problem: Problem, points: Mapping[str, np.ndarray]) -> Iterator[tuple[str, float]]:
    """What conditions say of the sizes of fields."""
    for condition in problem.conditions:
        if condition.given is not None:
            continue
        for face in condition.faces:
            found = prescribed(condition, face, problem)
            if found is not None:
                order = found.normal_order
                reach = _length(problem, face.coordinate) ** order / math.factorial(order) if order else 1.0
                yield found.field, _size(found.value, problem, points) * reach


def _observed(problem: Problem) -> Iterator[tuple[str, float]]:
    """What observations of fields themselves say."""
    names = {function: name for name, function in problem.scope.functions.items()}
    for observations in problem.observations:
        for measured in observations.measured:
            if measured.expression.tree in names and len(measured.values):
                yield names[measured.expression.tree], float(np.max(np.abs(measured.values)))


def _balanced(problem: Problem, name: str, sizes: Mapping[str, float], points: Mapping[str, np.ndarray]) -> float:
    """The size of a field by the balance of the equations that hold it, the largest of all; zero where none tells."""
    return max((_in_balance(problem, e, name, sizes, points) for e in problem.equations), default=0.0)


def _in_balance(
    problem: Problem, equation: Equation, name: str, sizes: Mapping[str, float], points: Mapping[str, np.ndarray]
) -> float:
    residual = equation.residual
    if isinstance(residual, TorchResidual):
        return 0.0
    partials = partials_of(equation, problem.scope)
    own = [p for p in partials if p.field == name]
    known = {problem.scope.tree(p): sympy.Float(_assumed(problem, p, sizes)) for p in partials}
    slopes = 0.0
    for partial in own:
        mark = sympy.Dummy(real=True)
        others = {tree: value for tree, value in known.items() if tree != problem.scope.tree(partial)}
        slope = sympy.diff(residual.tree.xreplace({problem.scope.tree(partial): mark, **others}), mark)
        slopes += _size(slope.xreplace({mark: sympy.S.Zero}), problem, points) * _rate(problem, partial)
    rest = _size(residual.tree.xreplace(known), problem, points)
    return rest / slopes if slopes > 0 and math.isfinite(rest / slopes) else 0.0


def _assumed(problem: Problem, partial: Partial, sizes: Mapping[str, float]) -> float:
    """A derivative of a field of a known size; of others, zero."""
    return sizes.get(partial.field, 0.0) * _rate(problem, partial)


def _rate(problem: Problem, partial: Partial) -> float:
    """By how much a derivative is larger than its field: pi over the length, for every order."""
    pairs = zip(problem.coordinates, partial.orders, strict=True)
    return math.prod((math.pi / _length(problem, c.name)) ** order for c, order in pairs)
