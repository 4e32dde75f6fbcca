"""One step along a direction of descent: what every quasi-Newton method shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from pinnkit.objective.objective import Evaluation, Objective
from pinnkit.optimizers.line_search import strong_wolfe
from pinnkit.optimizers.optimizer import standstill

Known = tuple[Objective, Evaluation]
"""An objective and what it is at the present parameters, so that the line search's last evaluation serves again."""


@final
@dataclass(frozen=True, eq=False)
class Descent:
    """What one line search gave.

    here: the objective where it started. move, change: the step s and the change of gradient y, absent where no length
    lowers the loss. after: the objective where it ended. finished: why there is no point in going on.
    """

    here: Evaluation
    move: Tensor | None = None
    change: Tensor | None = None
    after: Evaluation | None = None
    length: float = 0.0
    finished: str | None = None

    @property
    def curved(self) -> bool:
        """Whether s y is positive beyond rounding, which alone keeps an inverse Hessian positive definite."""
        if self.move is None or self.change is None:
            return False
        return float(self.move @ self.change) > 1e-14 * float(self.move.norm() * self.change.norm())


def descend(
    objective: Objective,
    theta: Tensor,
    known: Known | None,
    inverse_times: Callable[[Tensor], Tensor],
    fresh: bool,
    seen: Callable[[Evaluation], Evaluation] = lambda found: found,
) -> Descent:
    """A strong Wolfe step along -H g.

    Args:
        objective: what shall fall.
        theta: where the step starts.
        known: the objective at theta, if it was evaluated already.
        inverse_times: g to H g.
        fresh: whether H knows nothing yet, so that the length of its direction means nothing.
        seen: the objective as the line search shall see it, a function of the loss.
    """
    here = known[1] if known is not None and known[0] is objective else seen(objective.evaluate(theta))
    if (why := standstill(here.gradient)) is not None:
        return Descent(here, finished=why)
    direction = -inverse_times(here.gradient)
    first = min(1.0, 1.0 / float(here.gradient.abs().sum())) if fresh else 1.0
    trial = strong_wolfe(lambda at: seen(objective.evaluate(at)), theta, direction, here, first)
    if trial is None:
        return Descent(here, finished="the line search found no lower loss" if fresh else None)
    move = trial.length * direction
    return Descent(here, move, trial.found.gradient - here.gradient, trial.found, trial.length)
