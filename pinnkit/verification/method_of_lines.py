"""Evolution equations between walls by Chebyshev collocation in space and a stiff integrator in time."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from pinnkit.errors import UserError
from pinnkit.problem.problem import Problem
from pinnkit.verification.collocation import Collocation
from pinnkit.verification.errors import relative_l2
from pinnkit.verification.evolution import failed, read_evolution
from pinnkit.verification.method import ReferenceMethod, ReferenceSolution
from pinnkit.verification.walls import read_walls


@final
@dataclass(frozen=True)
class MethodOfLines(ReferenceMethod):
    """u_t = F(u, u_x, u_xx, x, t) at Chebyshev nodes between two walls, as a stiff system that scipy integrates.

    Values at the ends are eliminated by the conditions there. Nodes are doubled where the last Chebyshev coefficients
    still carry something, and the tolerance of the integrator is lowered, until two resolutions agree.

    L. N. Trefethen, Spectral Methods in MATLAB, SIAM 2000; E. Hairer, G. Wanner, Solving Ordinary Differential
    Equations II, Springer 1996, for Radau; L. F. Shampine, M. W. Reichelt, SIAM J. Sci. Comput. 18 (1997) 1, for BDF.

    Args:
        accuracy: the relative L2 error at which refinement ends.
        integrator: `radau`, implicit Runge-Kutta of order five, or `bdf`, of orders one to five with cheaper steps.
        nodes: into how many intervals the first nodes divide space.
        levels: the most refinements.
    """

    accuracy: float = 1e-8
    integrator: Literal["radau", "bdf"] = "radau"
    nodes: int = 32
    levels: int = 9

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise UserError(f"`accuracy` of `method_of_lines` is {self.accuracy:g}; it needs a number between 0 and 1")
        if not 8 <= self.nodes <= _MOST_NODES:
            raise UserError(f"`nodes` of `method_of_lines` is {self.nodes}; it needs 8 to {_MOST_NODES}")
        if self.levels < 1:
            raise UserError(f"`levels` of `method_of_lines` is {self.levels}; it needs at least 1")

    def solve(self, problem: Problem) -> ReferenceSolution:
        """The solution at the first resolution that agrees with the one before.

        Raises:
            UserError: the problem is no evolution between walls; the integrator gives up; or no two resolutions agree
                to better than 1e-2.
        """
        evolution = read_evolution(problem, "method_of_lines")
        walls = read_walls(problem, evolution, "method_of_lines")
        nodes, place = self.nodes, 0
        points = _compared(problem)
        chosen, error = None, np.inf
        growth, before, coarse, said = _GROWTH, None, None, ""
        for _ in range(self.levels + 1):
            level = Collocation(problem, evolution, walls, nodes)
            again = bool(said)
            said = level.integrate(self.integrator, _TOLERANCES[place])
            if said:
                if again or 2 * nodes > _MOST_NODES:
                    raise failed(problem, "method_of_lines", f"`{self.integrator}` gave up: {said}")
                nodes, before, coarse = 2 * nodes, None, None
                continue
            values, tail = level.values(points), level.tail()
            helped = coarse is None or tail < _HELPED * coarse[1]  # else it is noise of the steps in time
            if coarse is not None:
                growth = max(1.0, float(np.max(relative_l2(values, coarse[0]))) / max(coarse[1], _ROUND_OFF))
            coarse = None
            crowded = growth * tail > max(_TAIL * self.accuracy, _ROUND_OFF)
            if crowded and helped and 2 * nodes <= _MOST_NODES:
                nodes, before, coarse = 2 * nodes, None, (values, tail)
                continue
            if before is not None:
                change = max(float(np.max(relative_l2(values, before))), growth * tail)
                chosen, error = (level, change) if change < error else (chosen, error)
            before, place = values, place + 1
            if error <= self.accuracy or place == len(_TOLERANCES):
                break
        if chosen is None or not error < _COARSEST:
            raise failed(problem, "method_of_lines", f"no two of its resolutions agree up to {nodes + 1} nodes")
        name = {"radau": "Radau", "bdf": "BDF"}[self.integrator]
        method = f"Chebyshev collocation at {chosen.chebyshev.count + 1} nodes and {name} steps"
        return ReferenceSolution(chosen.values, method, max(error, _ROUND_OFF))


_TOLERANCES = (1e-6, 1e-8, 1e-10, 1e-12)
"""Of the integrator, from one run to the next."""

_MOST_NODES = 1024
"""Steps solve dense systems, which grow with the third power of it."""

_GROWTH = 10.0
"""How far an error of the last coefficients is thought to grow in time, before two numbers of nodes were compared."""

_TAIL = 0.1
"""The share of the accuracy that the last coefficients may carry."""

_HELPED = 0.7
"""By which factor more nodes lessen the share of the last coefficients at least, where these stand for space."""

_COARSEST = 1e-2
"""A reference that is no better is none."""

_ROUND_OFF = 1e-12
"""The least error that is stated: rounding errors of second derivatives at Chebyshev nodes are that large."""


def _compared(problem: Problem) -> np.ndarray:
    """The points (n, 2) at which two resolutions are compared: 61 places at 40 times, the end of time among them."""
    axes = []
    for c in problem.coordinates:
        share = np.arange(1, 41) / 40 if c.name == problem.time else (np.arange(61) + 0.5) / 61
        axes.append(c.lower + c.length * share)
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
