"""L-BFGS with a strong Wolfe line search."""

import math
from dataclasses import dataclass
from typing import final

from torch import Tensor

from pinnkit.objective.objective import Evaluation, Objective
from pinnkit.optimizers.line_search import strong_wolfe
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits, require_positive


@final
@dataclass(frozen=True, eq=False)
class LBFGSState:
    """The last steps s and changes of gradient y, oldest first, and the objective already evaluated at theta."""

    pairs: tuple[tuple[Tensor, Tensor], ...] = ()
    known: tuple[Objective, Evaluation] | None = None


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
        known = state.known
        here = known[1] if known is not None and known[0] is objective else objective.evaluate(theta)
        size = float(here.gradient.abs().sum())
        if size == 0.0 or not math.isfinite(size):
            why = f"the gradient is {'zero' if size == 0 else 'not finite'}"
            return Step(theta, state, here.loss, here.losses, finished=why)
        direction = -_inverse_times(here.gradient, state.pairs)
        length = 1.0 if state.pairs else min(1.0, 1.0 / size)
        trial = strong_wolfe(objective.evaluate, theta, direction, here, length)
        if trial is None:
            if not state.pairs:
                return Step(theta, state, here.loss, here.losses, finished="the line search found no lower loss")
            return Step(theta, LBFGSState((), (objective, here)), here.loss, here.losses, {"length": 0.0})
        move = trial.length * direction
        change = trial.found.gradient - here.gradient
        pairs = state.pairs
        # Only a positive product keeps H positive definite; strong Wolfe gives one but for rounding.
        if float(move @ change) > 1e-14 * float(move.norm() * change.norm()):
            pairs = (*pairs, (move, change))[-self.history :]
        after = LBFGSState(pairs, (objective, trial.found))
        return Step(theta + move, after, here.loss, here.losses, {"length": trial.length})


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
