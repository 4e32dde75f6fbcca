"""L-BFGS with a strong Wolfe line search."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from pinnkit.objective.objective import Objective
from pinnkit.optimizers.descent import Known, descend
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits, require_positive


@final
@dataclass(frozen=True, eq=False)
class LBFGSState:
    """The last steps s and changes of gradient y, oldest first, and the objective already evaluated at theta."""

    pairs: tuple[tuple[Tensor, Tensor], ...] = ()
    known: Known | None = None


@final
@dataclass(frozen=True)
class LBFGS(Optimizer):
    """theta += a d with d = -H g, H from the last `history` steps by the two-loop recursion, a strong Wolfe length.

    J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), algorithms 7.4 and 7.5. One step is one new
    direction, however many evaluations its line search takes.

    Args:
        history: how many pairs (s, y) are kept.
    """

    history: int = 100

    def __post_init__(self) -> None:
        require_limits("lbfgs", self)
        require_positive("lbfgs", history=self.history)

    def start(self, theta: Tensor) -> LBFGSState:
        """No history."""
        return LBFGSState()

    def step(self, objective: Objective, theta: Tensor, state: LBFGSState) -> Step:
        """One direction and its line search; without progress the history is dropped once, then the phase ends."""
        pairs = state.pairs
        found = descend(objective, theta, state.known, lambda g: _inverse_times(g, pairs), not pairs)
        report = {"length": found.length}
        if found.move is None or found.change is None or found.after is None:
            after = state if found.finished else LBFGSState((), (objective, found.here))
            return Step(theta, after, found.here.loss, found.here.losses, report, found.finished)
        if found.curved:
            pairs = (*pairs, (found.move, found.change))[-self.history :]
        after = LBFGSState(pairs, (objective, found.after))
        return Step(theta + found.move, after, found.here.loss, found.here.losses, report)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The history beside some vectors."""
        return super().memory(parameters, rows, chunk, itemsize) + 2 * self.history * itemsize * parameters


def _inverse_times(gradient: Tensor, pairs: tuple[tuple[Tensor, Tensor], ...]) -> Tensor:
    """H g by the two-loop recursion."""
    q = gradient.clone()
    kept = []
    for move, change in reversed(pairs):
        rho = 1.0 / (move @ change)
        alpha = rho * (move @ q)
        q -= alpha * change
        kept.append((move, change, rho, alpha))
    if pairs:
        move, change = pairs[-1]
        q *= (move @ change) / (change @ change)
    for move, change, rho, alpha in reversed(kept):
        q += (alpha - rho * (change @ q)) * move
    return q
