"""Burgers' equation solved by the Cole-Hopf transformation, to round-off in most cases."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np

from pinnkit.errors import Mistake, UserError
from pinnkit.geometry.box import box_of
from pinnkit.points.sobol import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution, evaluated
from pinnkit.verification.viscous_burgers import ViscousBurgers, read_viscous_burgers
from pinnkit.verification.waveform import Waveform

TAIL = 37.0
"""Integrands are cut where they are below exp(-37) = 9e-17 of their largest value."""

BLOCK = 2**15
"""How many integrand values are held at once: few enough to stay in a processor's cache."""

LEVELS = 7
"""How many times the resolution may be doubled."""

ROUND_OFF = 1e-15
"""The least error that is ever stated: two resolutions may agree in digits that both have lost."""


@final
@dataclass(frozen=True)
class ColeHopf(ReferenceMethod):
    """The Cole-Hopf solution of u_t + u u_x = nu u_xx for an initial value w, with walls u = 0 or periodic.

    With W' = w, u = ∫ w(y) e^E dy / ∫ e^E dy, where E = -(x - y)^2 / (4 nu t) - W(y) / (2 nu). This is the usual
    formula, which has (x - y) / t in place of w(y), integrated by parts: it keeps its digits where t is small.
    Walls are replaced by the odd continuation of w beyond them, which is periodic; a mean m of w is taken out by the
    frame that moves with it, u(x, t) = m + v(x - m t, t).

    In eta = (x - y) / (4 nu t)^(1/2) the integrals are sums over equal steps, which converge exponentially, over a
    window that is proved to hold all of e^E above exp(-37) of its largest value. Steps and the cells of `Waveform`
    are refined together until two resolutions agree; twice their difference is the stated accuracy.

    Sources: E. Hopf, Comm. Pure Appl. Math. 3 (1950) 201; J. D. Cole, Quart. Appl. Math. 9 (1951) 225; for the sums,
    L. N. Trefethen, J. A. C. Weideman, SIAM Review 56 (2014) 385.

    Args:
        accuracy: the relative L2 difference of two resolutions at which refinement ends.
    """

    accuracy: float = 1e-12

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(
                Mistake(f"`accuracy` of `cole_hopf` is {self.accuracy:g}; it needs a number between 0 and 1")
            )

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution at the coarsest resolution that reaches the accuracy, or else at the best one."""
        burgers = read_viscous_burgers(problem)
        initial = _initial_value(problem, burgers)
        columns = [problem.index(burgers.space.name), problem.index(burgers.time.name)]
        x, t = _trial_points(problem)[:, columns].T

        coarse = chosen = _Level(burgers, initial, 0)
        values, difference = coarse(x, t), np.inf
        for level in range(1, LEVELS + 1):
            fine = _Level(burgers, initial, level)
            before, values = values, fine(x, t)
            change = float(relative_l2(values[:, None], before[:, None])[0])
            if change < difference:
                chosen, difference = coarse, change
            if difference <= self.accuracy:
                break
            coarse = fine

        def field(points: np.ndarray) -> np.ndarray:
            return chosen(*np.asarray(points, dtype=np.float64)[:, columns].T)[:, None]

        # Twice: where an error halves from level to level, the differences still to come add up to the last one.
        return ReferenceSolution(field, "the Cole–Hopf formula, integrated numerically", max(2 * difference, ROUND_OFF))


def _trial_points(problem: Problem) -> np.ndarray:
    """The points, shape (n, 2), on which two resolutions are compared."""
    box = box_of(problem)
    inside = Sobol(2048).draw(box, np.random.default_rng(0)).coordinates
    # A layer is often steepest at the last moment, on which scattered points do not fall.
    last = box.face(str(problem.time), "upper").from_unit(np.linspace(0.0, 1.0, 257)[:, None])
    return np.concatenate([inside, last])


def _initial_value(problem: Problem, burgers: ViscousBurgers) -> Callable[[np.ndarray], np.ndarray]:
    """The initial value as a function of the space coordinate."""

    def initial(x: np.ndarray) -> np.ndarray:
        points = np.full((len(x), 2), burgers.time.lower)
        points[:, problem.index(burgers.space.name)] = x
        return evaluated(burgers.initial, problem, points)

    return initial


def _continued(initial: Callable[[np.ndarray], np.ndarray], lower: float, upper: float, y: np.ndarray) -> np.ndarray:
    """The initial value continued beyond the upper wall as an odd function about it."""
    beyond = y > upper
    return np.where(beyond, -1.0, 1.0) * initial(np.where(beyond, 2.0 * upper - y, y))


@final
class _Level:
    """The solution at one resolution: 2^level times the nodes and the cells of the coarsest."""

    def __init__(self, burgers: ViscousBurgers, initial: Callable[[np.ndarray], np.ndarray], level: int) -> None:
        space = burgers.space
        self.viscosity = burgers.viscosity
        self.begin = burgers.time.lower
        self.initial = initial
        self.step = 0.25 / 2**level
        cells = 512 * 2**level
        if burgers.walls:
            odd = partial(_continued, initial, space.lower, space.upper)
            self.wave = Waveform(odd, space.lower, 2.0 * space.length, cells)
        else:
            self.wave = Waveform(initial, space.lower, space.length, cells)

    def __call__(self, x: np.ndarray, t: np.ndarray) -> np.ndarray:
        """The solution at n points, shape (n,)."""
        elapsed = t - self.begin
        if np.any(elapsed < 0):
            raise ValueError(f"the Cole–Hopf solution begins at {self.begin:g}; {np.min(t):g} was asked for")
        result = np.empty_like(x)
        at_start = elapsed == 0
        if np.any(at_start):
            result[at_start] = self.initial(x[at_start])
        # Points of like times need windows of like widths, so they go together.
        order = np.flatnonzero(~at_start)
        order = order[np.argsort(elapsed[order], kind="stable")]
        done = len(order)
        while done > 0:
            half = int(np.ceil(self._window(float(elapsed[order[done - 1]])) / self.step))
            begin = max(0, done - max(1, BLOCK // (2 * half + 1)))
            block = order[begin:done]
            result[block] = self._sums(x[block], elapsed[block], half)
            done = begin
        return result

    def _window(self, elapsed: float) -> float:
        """The |eta| beyond which e^E is below exp(-TAIL) of its largest value.

        Let a = |w| t^(1/2) / (2 nu^(1/2)) with the largest |w|, and b = (max W - min W) / (2 nu). Then
        E(eta) - E(0) <= -eta^2 + 2 a |eta|, which gives the first bound. The largest E lies at some eta* with
        eta*^2 <= min(a^2, b), and E(eta) - E(eta*) <= eta*^2 - eta^2 + b, which gives the second.
        """
        a = 0.5 * self.wave.largest * np.sqrt(elapsed / self.viscosity)
        b = 0.5 * self.wave.swing / self.viscosity
        return float(min(a + np.sqrt(a * a + TAIL), np.sqrt(min(a * a, b) + b + TAIL)))

    def _sums(self, x: np.ndarray, elapsed: np.ndarray, half: int) -> np.ndarray:
        """The quotient of the two sums, with the largest exponent taken out of both."""
        eta = self.step * np.arange(-half, half + 1)
        centre = x - self.wave.mean * elapsed
        spread = np.sqrt(4.0 * self.viscosity * elapsed)
        primitive, value = self.wave.both(centre[:, None] - spread[:, None] * eta)
        primitive *= -0.5 / self.viscosity
        primitive -= eta * eta
        primitive -= primitive.max(axis=1, keepdims=True)
        weight = np.exp(primitive, out=primitive)
        return self.wave.mean + np.einsum("ij,ij->i", weight, value) / weight.sum(axis=1)
