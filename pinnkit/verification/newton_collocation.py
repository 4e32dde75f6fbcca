"""Boundary value problems in one coordinate by Chebyshev collocation and the method of Gauss and Newton."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from pinnkit.errors import UserError
from pinnkit.formulation.rewriting import Rewriting, rewrite
from pinnkit.problem.problem import Problem
from pinnkit.verification.discretisation import Discretisation
from pinnkit.verification.eigenstates import eigenstates
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import cannot_treat, failed
from pinnkit.verification.gauss_newton import Found, gauss_newton
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution


@final
@dataclass(frozen=True)
class NewtonCollocation(ReferenceMethod):
    """Polynomials that satisfy all equations at Chebyshev points, the ends among them, and all conditions.

    There are more rows than coefficients, and Gauss-Newton steps make their squares least. A polynomial is smooth, so
    that at singular points the regular solution is found. The degree is doubled until two solutions agree; their
    difference is the stated accuracy.

    L. N. Trefethen, Spectral Methods in MATLAB, SIAM 2000; T. A. Driscoll, N. Hale, IMA J. Numer. Anal. 36 (2016) 108,
    for rectangular collocation.

    Args:
        start: expressions of the coordinate and the parameters where the steps begin, by field; where a field has none,
            the lowest polynomials that satisfy the conditions.
        accuracy: the relative L2 difference of two solutions at which doubling ends.
        degree: the first degree.
        most: the largest.
    """

    start: Mapping[str, str] = field(default_factory=dict)
    accuracy: float = 1e-11
    degree: int = 16
    most: int = 512

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `collocation` is {self.accuracy:g}; it needs a number between 0 and 1")
        if not 4 <= self.degree <= self.most <= _MOST:
            given = f"`degree` {self.degree} and `most` {self.most}"
            raise UserError(f"`collocation` was given {given}; it needs 4 <= degree <= most <= {_MOST}")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution of the degree that agrees best with the one before.

        Unknown parameters that the reference gives no values for are found with the fields.

        Raises:
            UserError: the problem is none of functions of one coordinate; the equations and conditions do not determine
                their solution, or have no smooth one that is found; no two solutions agree to 1e-6.
        """
        if problem.levels is not None:
            return _of_levels(problem)
        rewriting = _read(problem)
        chosen, best, before, said = None, np.inf, None, ""
        last: tuple[Discretisation, np.ndarray] | None = None
        level: Discretisation | None = None
        degree = self.degree
        while degree <= self.most:
            level = new = Discretisation(rewriting, degree, "collocation", level)
            theta = new.begin(self.start) if last is None else new.raised(*last)
            found = gauss_newton(new.system, theta)
            said = _fault(found) or _beyond(new.found(found.theta), problem)
            if said:
                last, before = None, None
            else:
                last = new, found.theta
                change = np.inf if before is None else _change(before, last)
                chosen, best = (last, change) if change < best else (chosen, best)
                if best <= self.accuracy:
                    break
                before = last
            degree *= 2
        if chosen is None or not best < _COARSEST:
            reason = said or f"no two of its solutions agree up to degree {degree // 2}"
            hint = "Another `start` may help; `pinnkit check` names singular points." if said else None
            raise failed(problem, "collocation", reason, hint)
        settled, solution = chosen
        return ReferenceSolution(
            lambda at: settled.values(solution, at[:, 0]),
            f"Chebyshev collocation of degree {settled.degree}",
            max(best, _ROUND_OFF),
            settled.found(solution),
        )


def _of_levels(problem: Problem) -> ReferenceSolution:
    """The states of an eigenproblem, which are found without a start."""
    levels, declared = problem.levels, problem.declared
    assert levels is not None
    assert declared is not None
    ((name, own),) = levels.parameters.items()
    found = eigenstates(declared, name, levels.count)
    accuracy = max(float(np.max(found.accuracy)), _ROUND_OFF)
    parameters = dict(zip(own, map(float, found.levels), strict=True))
    return ReferenceSolution(found.values, "eigenstates by Chebyshev collocation", accuracy, parameters)


_MOST = 1024
"""Steps solve dense least-squares systems."""

_COMPARED = 1009
"""At how many points of every part two solutions are compared."""

_COARSEST = 1e-6
"""A reference that is no better is none: polynomials follow a smooth solution to many more digits."""

_ROUND_OFF = 1e-14
"""The least error that is stated."""

_DEFECT = 1e-9
"""What may be left of the equations, relative to their terms, before it is told that they are not satisfied."""


def _fault(found: Found) -> str:
    """Why what was found is no solution, or nothing."""
    if found.reason:
        return found.reason
    if found.lacking:
        return f"the equations and conditions leave {found.lacking} of its coefficients open; a condition is missing"
    if not found.defect <= _DEFECT:
        return f"the best polynomials leave {found.defect:.1e} of the equations: no smooth solution is near"
    return ""


def _beyond(found: Mapping[str, float], problem: Problem) -> str:
    """The unknown parameter that was found outside its bounds, or nothing."""
    for parameter in problem.unknowns:
        bounds, value = parameter.unknown, found[parameter.name]
        if bounds is not None and not bounds.lower <= value <= bounds.upper:
            return f"`{parameter.name}` = {value:.6g} solves it, and is to be {bounds.limits}"
    return ""


def _change(before: tuple[Discretisation, np.ndarray], last: tuple[Discretisation, np.ndarray]) -> float:
    """The largest difference of two solutions, over the fields and the unknown parameters."""
    points = last[0].coordinates(_COMPARED)
    (old, old_theta), (new, theta) = before, last
    changes = [float(np.max(relative_l2(old.values(old_theta, points), new.values(theta, points))))]
    truth = new.found(theta)
    for name, value in old.found(old_theta).items():
        changes.append(abs(value - truth[name]) / (abs(truth[name]) or 1.0))
    return max(changes)


def _read(problem: Problem) -> Rewriting:
    """A problem that can be treated, its ansatz and its regions put into its equations.

    Raises:
        UserError: the first feature that is in the way.
    """
    if len(problem.coordinates) != 1:
        raise cannot_treat(problem, "collocation", f"it has {len(problem.coordinates)} coordinates, not one")
    if len(problem.equations) < len(problem.fields):
        reason = f"it has {len(problem.equations)} equations for {len(problem.fields)} fields"
        raise cannot_treat(problem, "collocation", reason)
    for condition in problem.conditions:
        if condition.given is not None:
            raise cannot_treat(problem, "collocation", f"`{condition.name}` is given by numbers alone")
    return rewrite(problem)
