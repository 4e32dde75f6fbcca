"""The lowest states of a linear eigenvalue problem in one coordinate, by Chebyshev collocation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import scipy.linalg
import sympy

from pinnkit.equations.expression import Expression
from pinnkit.equations.functions import INTEGRAL
from pinnkit.equations.reductions import DOMAIN
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.formulation.rewriting import Rewriting, rewrite
from pinnkit.problem.counting import held
from pinnkit.problem.problem import IntegralCondition, Problem
from pinnkit.problem.unknown import Unknown
from pinnkit.verification.blocks import Rows, System
from pinnkit.verification.discretisation import Discretisation
from pinnkit.verification.errors import Field, relative_l2
from pinnkit.verification.evolution import cannot_treat, failed, trees
from pinnkit.verification.gauss_newton import gauss_newton
from pinnkit.verification.slots import slotted


@final
@dataclass(frozen=True)
class Eigenstates:
    """The lowest states.

    Args:
        levels: the eigenvalues (q,), which rise.
        values: the states (n, q) at points (n, 1), normalised, each positive in its first lobe from the left.
        accuracy: (q,), the relative difference of two resolutions, over the level and the state.
    """

    levels: np.ndarray
    values: Field
    accuracy: np.ndarray


_METHOD = "collocation"

_DEGREE, _MOST = 24, 160
"""The first degree at which levels are looked for, and one beyond which they are not: the effort is that of all."""

_FINEST = 1000
"""The most unknowns of one state."""

_CONTINUUM = 0.03
"""Two resolutions that differ by more are not those of a separate level."""

_REAL = 1e-6
"""How much of a level may be imaginary, and how far two resolutions may differ, for it to be one."""

_RANK = 1e-12
"""A singular value of the conditions below this is none."""

_AGREED = 1e-11
"""Two resolutions that differ by less are as good as a finer one."""

_COARSEST = 1e-7

_FEWER = "Fewer may exist: what lies above them is no separate level. States that are not smooth need regions."

_SEEN = 1e-2
"""The first lobe of a state has at least this part of its largest value."""

_COMPARED = 509


def eigenstates(problem: Problem, parameter: str, count: int) -> Eigenstates:
    """The states of the lowest eigenvalues of L psi = E M psi under homogeneous conditions.

    All conditions and interfaces C a = 0 are satisfied by a = Z y, Z the null space of C; the equation at as many
    points as y has entries is the generalised eigenvalue problem A Z y = E B Z y. What does not come out alike at two
    degrees is no state. Every state is then a start for Newton's method, with E as an unknown and the norm as a row,
    at rising degrees.

    T. A. Driscoll, N. Hale, IMA J. Numer. Anal. 36 (2016) 108, for the conditions; L. N. Trefethen, Spectral Methods in
    MATLAB, SIAM 2000, chapter 9.

    Args:
        problem: one field in one coordinate; a quadratic integral condition is the norm, integral(psi**2) = 1 else.
        parameter: E.
        count: how many.

    Raises:
        UserError: the problem is no such one; fewer states are found; one of them is not smooth.
    """
    rewriting = _read(problem, parameter)
    degree, fine = _DEGREE, _Pencil(Discretisation(rewriting, _DEGREE, _METHOD), parameter)
    known: list[int] = []
    while len(known) < count and degree < _MOST:
        degree, coarse = degree + degree // 2, fine
        fine = _Pencil(Discretisation(rewriting, degree, _METHOD, coarse.level), parameter)
        known = [i for i, level in enumerate(fine.levels) if _near(level, coarse.levels)]
    if len(known) < count:
        reason = f"{len(known)} of {count} states come out alike at two degrees"
        raise failed(problem, _METHOD, reason, _FEWER)
    states = []
    for i in known[:count]:
        states.append(_polished(fine, i, parameter))
        if not states[-1][2] <= _COARSEST:
            reason = (
                f"{len(states) - 1} of {count} states are found; the next differs by {states[-1][2]:.1e} at two degrees"
            )
            raise failed(problem, _METHOD, reason, _FEWER)
    return _gathered(states, parameter)


@final
class _Pencil:
    """A - E B for the y of one degree, with its eigenvalues and what they belong to.

    Args:
        level: the problem at that degree, with E as a number that is sought.
        parameter: E.
    """

    def __init__(self, level: Discretisation, parameter: str) -> None:
        self.level, number = level, level.numbers[parameter].first
        free = np.zeros(len(level.widths))
        conditions = System(level.conditions, level.widths).jacobian(free)[:, :number] / level.widths[:number]
        lengths = np.linalg.norm(conditions, axis=1)  # zero where an ansatz satisfies it
        _, sizes, right = np.linalg.svd(conditions[lengths > 0] / lengths[lengths > 0, None])
        rank = int(np.sum(sizes > _RANK))
        self._basis = right[rank:].T / level.widths[:number, None]
        equations = System(tuple(_inner_rows(level, number - rank)), level.widths)
        at = {energy: equations.jacobian(np.append(free[:number], energy))[:, :number] for energy in (0.0, 1.0)}
        sizes = np.linalg.norm(at[0.0] / level.widths[:number], axis=1, keepdims=True)
        operator, mass = at[0.0] / sizes, (at[0.0] - at[1.0]) / sizes
        found, vectors = scipy.linalg.eig(operator @ self._basis, mass @ self._basis)
        real = np.flatnonzero(np.isfinite(found) & (np.abs(found.imag) <= _REAL * (1.0 + np.abs(found.real))))
        order = real[np.argsort(found.real[real])]
        self.levels: np.ndarray = found.real[order]
        self._vectors = vectors[:, order]

    def start(self, i: int) -> np.ndarray:
        """The unknowns of a state, of some size."""
        vector = self._vectors[:, i]
        turned = vector / vector[np.argmax(np.abs(vector))]
        return np.append(self._basis @ turned.real, self.levels[i])


def _inner_rows(level: Discretisation, count: int) -> Iterator[Rows]:
    """The equation at `count` points in all, the zeros of Chebyshev polynomials in every part."""
    parts = len(level.problem.equations)
    for i, (name, tree) in enumerate(trees(level.problem, _METHOD).items()):
        own = count // parts + (i < count % parts)
        unit = np.sin(0.25 * np.pi * (2 * np.arange(own) + 1) / own) ** 2
        axis = level.problem.coordinates_in(level.parts[name])[0].axis
        yield level.rows(name, tree, axis.from_unit(unit))


def _near(level: float, others: np.ndarray) -> bool:
    return bool(len(others)) and float(np.min(np.abs(others - level))) <= _REAL * (1.0 + abs(level))


def _polished(pencil: _Pencil, i: int, parameter: str) -> tuple[Discretisation, np.ndarray, float]:
    """A state at the degree that agrees best with the one before, its unknowns, and how far these two differ."""
    level, theta = pencil.level, _normalised(pencil.level, pencil.start(i))
    best: tuple[Discretisation, np.ndarray, float] = (level, theta, np.inf)
    before: tuple[np.ndarray, float] | None = None
    while len(theta) <= _FINEST and best[2] > _AGREED:
        found = gauss_newton(level.system, theta)
        if found.reason:
            break
        # Compared where all degrees have the same points.
        state, energy = level.values(found.theta, level.coordinates(_COMPARED)), level.found(found.theta)[parameter]
        if before is not None:
            apart = abs(energy - before[1]) / (abs(energy) or 1.0)
            change = max(apart, float(relative_l2(before[0], state)[0]))
            if best[2] <= _COARSEST and change > 0.5 * best[2]:
                break  # rounding, which a near level may magnify
            best = (level, found.theta, change) if change < best[2] else best
            if change > _CONTINUUM:
                break
        before = state, energy
        finer = Discretisation(level.rewriting, level.degree + level.degree // 2, _METHOD, level)
        level, theta = finer, finer.raised(level, found.theta)
    return best


def _normalised(level: Discretisation, theta: np.ndarray) -> np.ndarray:
    """The unknowns of a state of which c^2 Q + r_0, the norm's residual at c times the state, is zero."""
    (norm,) = level.integrals
    number = len(theta) - 1
    nothing = float(norm.values(np.append(np.zeros(number), theta[number:]))[0])
    size = float(norm.values(theta)[0]) - nothing
    factor = np.sqrt(max(-nothing / size, 0.0)) if size else 0.0
    return np.append(factor * theta[:number], theta[number:])


def _gathered(states: list[tuple[Discretisation, np.ndarray, float]], parameter: str) -> Eigenstates:
    """All states, each positive in its first lobe."""
    signs = []
    for level, theta, _ in states:
        places = np.sort(level.coordinates(_COMPARED))
        sampled = level.values(theta, places)[:, 0]
        first = np.flatnonzero(np.abs(sampled) >= _SEEN * np.max(np.abs(sampled)))[0]
        signs.append(np.sign(sampled[first]))

    def values(points: np.ndarray) -> np.ndarray:
        shapes = [level.values(theta, points[:, 0])[:, 0] for level, theta, _ in states]
        return np.stack(shapes, axis=1) * np.array(signs)

    levels = np.array([level.found(theta)[parameter] for level, theta, _ in states])
    return Eigenstates(levels, values, np.array([change for _, _, change in states]))


def _read(problem: Problem, parameter: str) -> Rewriting:
    """A problem that can be treated, with E as what is sought and everything else given.

    Raises:
        UserError: the first feature that is in the way.
    """
    if len(problem.coordinates) != 1 or len(problem.fields) != 1 or len(problem.equations) != 1:
        raise cannot_treat(problem, _METHOD, "its states are not those of one field in one coordinate")
    if parameter not in problem.values:
        message, hint = unknown("parameter", parameter, problem.values)
        raise UserError(Mistake(message, hint=hint))
    if len(problem.integrals) > 1:
        raise cannot_treat(problem, _METHOD, "it has several integral conditions, and a state has one norm")
    sought = tuple(replace(p, unknown=Unknown(p.value) if p.name == parameter else None) for p in problem.parameters)
    (psi,) = problem.scope.functions.values()
    norm = Expression(f"integral({psi.func}**2) = 1", INTEGRAL(psi**2, DOMAIN) - 1)
    integrals = problem.integrals or (IntegralCondition("norm", norm),)
    rewriting = rewrite(replace(problem, parameters=sought, integrals=integrals))
    trained = rewriting.trained
    energy = trained.scope.symbols[parameter]
    statements = {name: (tree, 1) for name, tree in trees(trained, _METHOD).items()}
    for h in held(trained):
        statements[h.condition.name] = (h.condition.tree_on(h.face, trained.scope).doit(), 0)
    for name, (tree, degree) in statements.items():
        parts = slotted(tree, trained.scope)
        factors = [sympy.expand(parts.factor(partial)) for partial in parts.slots]
        if any(factor.has(*parts.slots.values()) for factor in factors) or sympy.expand(parts.source) != 0:
            raise cannot_treat(problem, _METHOD, f"`{name}` is not linear and homogeneous, as for states it must be")
        if any(sympy.expand(sympy.diff(factor, energy, degree + 1)) != 0 for factor in factors):
            where = "holds more than its first power" if degree else "holds it"
            raise cannot_treat(problem, _METHOD, f"`{parameter}` is to be an eigenvalue, and `{name}` {where}")
    return rewriting
