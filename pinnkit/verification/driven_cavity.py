"""Steady flow in the unit square below a sliding lid, with the singular flow at the lid's corners taken out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import box_of
from pinnkit.points.sobol import Sobol
from pinnkit.problem.prescribed import dirichlet_value
from pinnkit.problem.problem import Problem
from pinnkit.problem.sampling import SAMPLES, evaluate
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import cannot_treat, failed, numbers, trees
from pinnkit.verification.lid_driven import LidDriven
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution

_FIRST, _MORE = 32, 16
"""The first degree, and by how much it grows."""

_CREEPING = 200.0
"""The Reynolds number to which Newton's steps from creeping flow are trusted; twice that is reached from there."""

_COARSEST = 1e-3
"""A reference that is no better is none."""

_HINT = "It treats the vorticity's equation for u and v alone, in the unit square with u = 1 on its upper side."


@final
@dataclass(frozen=True)
class DrivenCavity(ReferenceMethod):
    """The stream function of a lid-driven cavity as singular corner flows and a Chebyshev polynomial in x and y.

    Sources: O. Botella, R. Peyret, Computers & Fluids 27 (1998) 421, for taking the corners out; G. I. Taylor,
    in Aeronautics and Astronautics, Pergamon 1960, p. 12, for the flow there.

    Args:
        accuracy: the relative L2 difference of two resolutions at which refinement ends.
        most: the largest degree of the polynomial in x and in y.
    """

    accuracy: float = 1e-5
    most: int = 64

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(
                Mistake(f"`accuracy` of `driven_cavity` is {self.accuracy:g}; it needs a number between 0 and 1")
            )
        if not _FIRST + _MORE <= self.most <= 96:
            raise UserError(
                Mistake(f"`most` of `driven_cavity` is {self.most}; it needs a degree from {_FIRST + _MORE} to 96")
            )

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The flow at the first degree whose difference from the degree before is small enough, or the last one."""
        viscosity = _viscosity(problem)
        _held(problem)
        points = Sobol(2048).draw(box_of(problem), np.random.default_rng(0)).coordinates
        last = _first(problem, viscosity)
        values, difference = last.values(*points.T), np.inf
        for degree in range(_FIRST + _MORE, self.most + 1, _MORE):
            fine = LidDriven(viscosity, degree)
            said = fine.solve(last)
            if said:
                raise failed(problem, "driven_cavity", said)
            before, values = values, fine.values(*points.T)
            last, difference = fine, float(np.max(relative_l2(before, values)))
            if difference <= self.accuracy:
                break
        if not difference <= _COARSEST:
            reason = f"two degrees differ by {difference:.1e} up to degree {last.chebyshev.count}"
            raise failed(problem, "driven_cavity", reason, "A larger `most` may help, or a smaller Reynolds number.")
        flow, swap = last, problem.fields != _velocities(problem)

        def field(at: np.ndarray) -> np.ndarray:
            found = flow.values(*np.asarray(at, dtype=np.float64).T)
            return found[:, ::-1] if swap else found

        said = f"Chebyshev collocation of degree {flow.chebyshev.count} beside the corner flows"
        return ReferenceSolution(field, said, difference)


def _first(problem: Problem, viscosity: float) -> LidDriven:
    """The flow at the first degree: from creeping flow, where it is fast by way of ever faster ones."""
    slower = [viscosity]
    while slower[0] * _CREEPING < 1:
        slower.insert(0, 2 * slower[0])
    last: LidDriven | None = None
    for own in slower:
        flow = LidDriven(own, _FIRST)
        said = flow.solve(last)
        if said:
            raise failed(problem, "driven_cavity", said, "The lid may be too fast for this method.")
        last = flow
    assert last is not None
    return last


def _velocities(problem: Problem) -> tuple[str, ...]:
    """The names of u and v: as they stand in `divergence_free`, or in the order of the fields."""
    return tuple(problem.divergence_free) or problem.fields


def _viscosity(problem: Problem) -> float:
    """The nu of u omega_x + v omega_y = nu laplace omega, omega = v_x - u_y, beside u_x + v_y = 0.

    Raises:
        UserError: the first feature that makes it another problem.
    """
    if len(problem.coordinates) != 2 or problem.time is not None or len(problem.fields) != 2:
        given = f"{len(problem.coordinates)} coordinates and {len(problem.fields)} fields were given"
        raise _refusal(problem, f"it needs two coordinates of space and two fields; {given}")
    scope = problem.scope
    x, y = (scope.symbols[c.name] for c in problem.coordinates)
    u, v = (scope.functions[name] for name in _velocities(problem))
    found: list[float] = []
    continuous = bool(problem.divergence_free)
    for name, tree in trees(problem, "driven_cavity").items():
        residual = tree.xreplace(numbers(problem))
        scale = sympy.diff(residual.xreplace({u.diff(x): (mark := sympy.Dummy())}), mark)
        if scale.is_number and scale != 0 and sympy.expand(residual - scale * (u.diff(x) + v.diff(y))) == 0:
            continuous = True
            continue
        found.append(_spread(problem, name, residual, (u, v, x, y)))
    if len(found) != 1 or not continuous:
        raise _refusal(problem, "it needs one equation of the vorticity, and a velocity without divergence")
    return found[0]


def _spread(problem: Problem, name: str, residual: sympy.Expr, symbols: tuple[sympy.Expr, ...]) -> float:
    """The nu of one equation of the vorticity, whatever its sign and its factor, which may depend on x and y.

    It is compared at points and for fields that are random numbers: no simplification could be waited for.
    """
    u, v, x, y = symbols
    omega = v.diff(x) - u.diff(y)
    carried = (u * omega.diff(x) + v * omega.diff(y)).doit().expand()
    spread = (omega.diff(x, 2) + omega.diff(y, 2)).doit().expand()
    bare = residual.xreplace(marks := {v.diff(x, 2): sympy.Dummy(), v.diff(x, 3): sympy.Dummy(), u: sympy.Dummy()})
    curved, third, speed = marks.values()
    factor, diffused = sympy.diff(bare, speed, curved), -sympy.diff(bare, third)
    generator = np.random.default_rng(0)
    points = dict(zip((str(x), str(y)), generator.uniform(0.01, 0.99, (2, SAMPLES)), strict=True))
    left = residual - factor * carried
    partials = partials_in(left, problem.scope) | partials_in(spread, problem.scope)
    values = {p: generator.standard_normal(SAMPLES) for p in sorted(partials)}
    found = [evaluate(tree, problem, points, values) for tree in (factor, diffused, left, spread)]
    if all(part is not None and np.all(np.isfinite(part)) for part in found):
        scale, slope, rest, waves = (np.asarray(part) for part in found)
        nu = float(np.median(slope / scale)) if np.all(scale != 0) else 0.0
        small = 1e-9 * np.abs(scale) * (1 + np.abs(nu * waves))
        if nu > 0 and np.all(np.abs(rest + scale * nu * waves) <= small):
            return nu
    raise _refusal(problem, f"`{name}` is not u*d(w, x) + v*d(w, y) = nu*laplace(w) with w = v_x - u_y")


def _held(problem: Problem) -> None:
    """Compare the conditions with those of the cavity.

    Raises:
        UserError: an interval, or a condition, of another problem; one that is missing.
    """
    (first, second), (u, v) = problem.coordinates, _velocities(problem)
    for own in (first, second):
        if own.periodic or not own.axis.finite or (own.lower, own.upper) != (0.0, 1.0):
            raise _refusal(problem, f"`{own.name}` must go from 0 to 1")
    held: dict[tuple[str, str, str], float] = {}
    for condition in problem.conditions:
        for face in condition.faces:
            value = dirichlet_value(condition, face, problem)
            if value is None:
                raise _refusal(problem, f"the condition `{condition.name}` does not give a velocity on {face}")
            for name, given in value.items():
                number = given.xreplace(numbers(problem))
                held[name, face.coordinate, face.side] = float(number) if number.is_number else np.nan
    needed: Mapping[tuple[str, str, str], float] = {
        (name, own.name, side): float((name, own, side) == (u, second, "upper"))
        for name in (u, v)
        for own in (first, second)
        for side in ("lower", "upper")
    }
    for key, number in needed.items():
        if held.get(key) != number:
            name, along, side = key
            raise _refusal(problem, f"`{name}` must be {number:g} at the {side} end of `{along}`")


def _refusal(problem: Problem, reason: str) -> UserError:
    return cannot_treat(problem, "driven_cavity", reason, _HINT)
