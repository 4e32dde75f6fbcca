"""Conditions built into the field: u = G + D N, where G takes the prescribed values and D vanishes where they hold.

On a box, G is the boolean sum of one-dimensional interpolations (W. J. Gordon, SIAM J. Numer. Anal. 8 (1971) 158): for
one coordinate after the other, time last, the gap between G and the prescribed values is interpolated along that
coordinate and added. D is the product of each coordinate's own distance. Along a coordinate with an infinite end both
are written in its map s in [-1, 1], so that they take their values at infinity too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import sympy

from pinnkit.equations.numbers import exact
from pinnkit.problem.prescribed import number
from pinnkit.problem.problem import Coordinate, Problem, Side
from pinnkit.problem.symmetry import Symmetry


@final
@dataclass(frozen=True)
class Lift:
    """G (``value``) and D (``distance``) of one field."""

    value: sympy.Expr = sympy.S.Zero
    distance: sympy.Expr = sympy.S.One

    @property
    def trivial(self) -> bool:
        """Whether the field is the network itself."""
        return bool(self.value == 0 and self.distance == 1)


@final
@dataclass(frozen=True)
class Fixed:
    """One field's value (``order`` 0) or derivative along the coordinate (1, 2, ...) on one face.

    A ``value`` of None is that of another field, which is added where the lift is evaluated.
    """

    condition: str
    coordinate: str
    side: Side
    order: int
    value: sympy.Expr | None


def build_lift(
    fixed: Sequence[Fixed],
    problem: Problem,
    symmetries: Sequence[Symmetry],
    coordinates: Sequence[Coordinate] | None = None,
) -> Lift:
    """The lift of one field from all that is fixed of it, mirrored where the field is odd or even."""
    value, distance = sympy.S.Zero, sympy.S.One
    for coordinate in sorted(coordinates or problem.coordinates, key=lambda c: c.name == problem.time):
        own = [f for f in fixed if f.coordinate == coordinate.name]
        if own:
            x = problem.scope.symbols[coordinate.name]
            value += _interpolation(own, value, x, coordinate)
            distance *= _distance(own, x, coordinate)
    for symmetry in symmetries:
        x = problem.scope.symbols[symmetry.coordinate]
        sign = -1 if symmetry.parity == "odd" else 1
        mirrored = value.subs(x, -x, simultaneous=True)
        if sympy.simplify(value - sign * mirrored) != 0:
            value = (value + sign * mirrored) / 2
        reflected = distance.subs(x, -x, simultaneous=True)
        if sympy.expand(distance - reflected) != 0:
            distance = distance * reflected
    return Lift(value, distance)


def _interpolation(fixed: Sequence[Fixed], value: sympy.Expr, x: sympy.Symbol, along: Coordinate) -> sympy.Expr:
    """What must be added so that `value` takes all that is fixed along one coordinate."""
    if not along.axis.finite:
        return _mapped_interpolation(fixed, value, x, along)
    low, high = number(along.lower), number(along.upper)
    gaps: Mapping[tuple[Side, int], sympy.Expr] = {
        (f.side, f.order): f.value - sympy.diff(value, x, f.order).subs(x, low if f.side == "lower" else high)
        if f.value is not None
        else sympy.S.Zero
        for f in fixed
    }
    if len({f.side for f in fixed}) == 2:
        return (gaps["lower", 0] * (high - x) + gaps["upper", 0] * (x - low)) / (high - low)
    end = low if fixed[0].side == "lower" else high
    return sum(
        (gap * (x - end) ** order / sympy.factorial(order) for (_, order), gap in gaps.items()), start=sympy.S.Zero
    )


def _mapped_interpolation(fixed: Sequence[Fixed], value: sympy.Expr, x: sympy.Symbol, along: Coordinate) -> sympy.Expr:
    """The same where an end is infinite: linear in s between two ends, powers of L' (1 + s)/2 from a finite one alone.

    L' makes the slope at the finite end that of x. What has no limit at infinity is taken as zero: whether the lift
    then holds is seen when it is evaluated.
    """
    axis, added = along.axis, sympy.S.Zero
    if any(f.order for f in fixed):
        finite = axis.from_lower(x) if fixed[0].side == "lower" else axis.from_upper(x)
        step = finite * exact(axis.scale) * (1 if fixed[0].side == "lower" else -1)
        for f in sorted(fixed, key=lambda f: f.order):
            added += _gap(f, value + added, x, along) * step**f.order / sympy.factorial(f.order)
        return added
    ways = {"lower": axis.from_upper(x), "upper": axis.from_lower(x)}
    gaps = {f.side: _gap(f, value, x, along) for f in fixed}
    return sum((gap * ways[side] if len(gaps) == 2 else gap for side, gap in gaps.items()), start=sympy.S.Zero)


def _gap(f: Fixed, value: sympy.Expr, x: sympy.Symbol, along: Coordinate) -> sympy.Expr:
    """What is missing of a prescribed value at an end that may be infinite."""
    if f.value is None:
        return sympy.S.Zero
    gap = f.value - sympy.diff(value, x, f.order).subs(x, number(_end(f, along)))
    return f.value if gap.has(sympy.nan, sympy.zoo, sympy.oo, sympy.AccumBounds) else gap


def _end(f: Fixed, along: Coordinate) -> float:
    return along.lower if f.side == "lower" else along.upper


def _distance(fixed: Sequence[Fixed], x: sympy.Symbol, along: Coordinate) -> sympy.Expr:
    """A function of the coordinate that vanishes, as often as needed, at the fixed ends, and is at most 1 else."""
    if not along.axis.finite:
        axis, lower = along.axis, fixed[0].side == "lower"
        if len({f.side for f in fixed}) == 2:
            return axis.from_both(x)
        return (axis.from_lower(x) if lower else axis.from_upper(x)) ** len(fixed)
    low, high, length = number(along.lower), number(along.upper), number(along.upper) - number(along.lower)
    if len({f.side for f in fixed}) == 2:
        return 4 * (x - low) * (high - x) / length**2
    nearness = (x - low) if fixed[0].side == "lower" else (high - x)
    return (nearness / length) ** len(fixed)
