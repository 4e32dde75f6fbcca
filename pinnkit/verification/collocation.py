"""One resolution of an evolution between walls: its equations at Chebyshev nodes, their run, and its values."""

from typing import Any, final

import numpy as np
import sympy

from pinnkit.equations.evaluate import Program, compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.problem.problem import Problem
from pinnkit.verification.chebyshev import Chebyshev
from pinnkit.verification.evolution import Evolution
from pinnkit.verification.extrapolation import Path
from pinnkit.verification.lagrange import in_time
from pinnkit.verification.method import evaluated
from pinnkit.verification.slots import slotted
from pinnkit.verification.walls import Walls

_MOST_STEPS = 100_000

_CHUNK = 4096
"""Points whose values are found at once."""


@final
class Collocation:
    """The system y' = f(t, y) for the values y of all fields at those nodes at which no condition holds.

    A field's values at all nodes are P y + Q g(t): at an end with a condition a u + b u_x = g they follow from it.
    """

    def __init__(self, problem: Problem, evolution: Evolution, walls: Walls, count: int) -> None:
        self.problem, self.evolution, self.walls = problem, evolution, walls
        self.chebyshev = Chebyshev(walls.lower, walls.upper, count)
        self._time, self._space = evolution.time, evolution.space[0]
        self._free: list[np.ndarray] = []
        self._expand: list[np.ndarray] = []
        self._lift: list[np.ndarray] = []
        self._given: list[list[Program]] = []
        for name in evolution.evolving:
            self._eliminate(name)
        sizes = [len(free) for free in self._free]
        self._parts = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes), strict=True)]
        self._programs = [compile_tree(rate, problem.scope) for rate in evolution.rates]
        self._slopes = [self._slopes_of(rate) for rate in evolution.rates]
        every = {p for program in self._programs for p in program.partials}
        every |= {p for slopes in self._slopes for p, own in slopes for p in (p, *own.partials)}
        self._partials = sorted(every)
        self._from_free = {p: self._derivative(p) @ self._expand[self._field(p)] for p in self._partials}
        self._path = Path(np.empty(0), np.empty((0, 0)))

    def integrate(self, integrator: str, tolerance: float) -> str:
        """Run through the whole of time; what the integrator says where it gives up, or nothing."""
        from scipy import integrate

        steps = integrate.Radau if integrator == "radau" else integrate.BDF
        begin, end = self._time.lower, self._time.upper
        start = self._start()
        scale = max(float(np.max(np.abs(start))), 1e-300)
        times, states = [begin], [start]
        with np.errstate(all="ignore"):
            try:
                solver = steps(
                    self._rates, begin, start, end, rtol=tolerance, atol=1e-2 * tolerance * scale, jac=self._jacobian
                )
                while solver.status == "running":
                    message = solver.step()
                    if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                        return f"{message or 'a value that is not finite'} (near {self._time.name} = {times[-1]:g})"
                    times.append(solver.t)
                    states.append(solver.y)
                    if len(times) > _MOST_STEPS:
                        return f"it needs more than {_MOST_STEPS} steps"
            except (ValueError, np.linalg.LinAlgError) as error:  # scipy's own checks for numbers that are not finite
                return f"{error} (near {self._time.name} = {times[-1]:g})"
        self._path = Path(np.array(times), np.array(states))
        return ""

    def values(self, points: np.ndarray) -> np.ndarray:
        """The fields (n, f) at points (n, 2) of the problem's coordinates."""
        points = np.asarray(points, dtype=np.float64)
        t = points[:, self.problem.index(self._time.name)]
        x = points[:, self.problem.index(self._space.name)]
        if np.any(t < self._time.lower):
            raise ValueError(f"the solution begins at {self._time.lower:g}; {np.min(t):g} was asked for")
        result = np.empty((len(points), len(self.problem.fields)))
        order = np.argsort(t, kind="stable")
        for begin in range(0, len(order), _CHUNK):
            block = order[begin : begin + _CHUNK]
            times, when = np.unique(t[block], return_inverse=True)
            places, where = np.unique(x[block], return_inverse=True)
            rows = self.chebyshev.interpolation(np.abs(places) if self.walls.signs else places)
            for i, found in enumerate(self._whole(times, in_time(self._path, times))):
                name = self.evolution.evolving[i]
                sign = np.where(x[block] < 0, self.walls.signs.get(name, 1.0), 1.0)
                grid = found @ rows.T if len(times) * len(places) <= 64 * len(block) else None
                value = grid[when, where] if grid is not None else np.einsum("nk,nk->n", found[when], rows[where])
                result[block, self.problem.fields.index(name)] = sign * value
        return result

    def tail(self) -> float:
        """The largest share of the last Chebyshev coefficients of any field at some times."""
        times = self._time.lower + self._time.length * np.arange(1, 17) / 16
        return max(self.chebyshev.tail(found) for found in self._whole(times, in_time(self._path, times)))

    def _eliminate(self, name: str) -> None:
        """Note how a field at all nodes follows from its values at those without a condition."""
        ends = self.walls.ends[name]
        size = self.chebyshev.count + 1
        held = [(node, wall) for node, wall in zip((0, size - 1), ends, strict=True) if wall is not None]
        nodes = np.array([node for node, _ in held], dtype=int)
        free = np.setdiff1d(np.arange(size), nodes)
        expand, lift = np.zeros((size, len(free))), np.zeros((size, len(nodes)))
        expand[free, np.arange(len(free))] = 1.0
        if held:
            rows = np.array([wall.slope * self.chebyshev.derivatives[1][node] for node, wall in held])
            rows[np.arange(len(nodes)), nodes] += [wall.value for _, wall in held]
            inverse = np.linalg.inv(rows[:, nodes])
            expand[nodes], lift[nodes] = -inverse @ rows[:, free], inverse
        self._free.append(free)
        self._expand.append(expand)
        self._lift.append(lift)
        self._given.append([compile_tree(wall.given, self.problem.scope) for _, wall in held])

    def _slopes_of(self, rate: sympy.Expr) -> list[tuple[Partial, Program]]:
        """The derivatives of a rate by every field and derivative in it."""
        parts = slotted(rate, self.problem.scope)
        return [(p, compile_tree(parts.written(parts.factor(p)), self.problem.scope)) for p in parts.slots]

    def _field(self, partial: Partial) -> int:
        return self.evolution.evolving.index(partial.field)

    def _derivative(self, partial: Partial) -> np.ndarray:
        return self.chebyshev.derivatives[partial.orders[self.problem.index(self._space.name)]]

    def _walls_at(self, t: Any) -> list[np.ndarray]:
        """For every field what its conditions give at a time, shape (conditions,), or (times, conditions)."""
        values: dict[Partial | str, Any] = {self._time.name: t}
        like = np.empty(np.shape(t))
        return [
            np.stack([p.broadcast(values, like) for p in own], axis=-1) if own else np.empty((*like.shape, 0))
            for own in self._given
        ]

    def _whole(self, times: np.ndarray, states: np.ndarray) -> list[np.ndarray]:
        """Every field at all nodes (m, n + 1), for states at m times."""
        given = self._walls_at(times)
        return [states[:, part] @ self._expand[i].T + given[i] @ self._lift[i].T for i, part in enumerate(self._parts)]

    def _start(self) -> np.ndarray:
        points = np.full((self.chebyshev.count + 1, 2), self._time.lower)
        points[:, self.problem.index(self._space.name)] = self.chebyshev.nodes
        values = [evaluated(tree, self.problem, points) for tree in self.evolution.initial]
        return np.concatenate([value[free] for value, free in zip(values, self._free, strict=True)])

    def _known(self, t: float, y: np.ndarray) -> dict[Partial | str, Any]:
        """All that the rates are functions of, at the nodes."""
        values: dict[Partial | str, Any] = {self._time.name: t, self._space.name: self.chebyshev.nodes}
        given = self._walls_at(t)
        for p in self._partials:
            i = self._field(p)
            values[p] = self._from_free[p] @ y[self._parts[i]]
            if len(given[i]):
                values[p] = values[p] + self._derivative(p) @ (self._lift[i] @ given[i])
        return values

    def _rates(self, t: float, y: np.ndarray) -> np.ndarray:
        values = self._known(t, y)
        like = self.chebyshev.nodes
        found = [program.broadcast(values, like) for program in self._programs]
        return np.concatenate([rate[free] for rate, free in zip(found, self._free, strict=True)])

    def _jacobian(self, t: float, y: np.ndarray) -> np.ndarray:
        values = self._known(t, y)
        matrix = np.zeros((len(y), len(y)))
        for row, slopes, free in zip(self._parts, self._slopes, self._free, strict=True):
            for partial, program in slopes:
                factor = program.broadcast(values, self.chebyshev.nodes)[free]
                matrix[row, self._parts[self._field(partial)]] += factor[:, None] * self._from_free[partial][free]
        return matrix
