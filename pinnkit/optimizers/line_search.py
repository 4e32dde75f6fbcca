"""A step length that satisfies the strong Wolfe conditions."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch import Tensor

from pinnkit.objective.objective import Evaluation


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """The objective at one step length: phi(alpha) = L(theta + alpha d) and its slope."""

    length: float
    slope: float
    found: Evaluation

    @property
    def loss(self) -> float:
        """phi(alpha), infinite where it is no number, so that it is never preferred."""
        return self.found.loss if math.isfinite(self.found.loss) else math.inf


def strong_wolfe(
    evaluate: Callable[[Tensor], Evaluation],
    theta: Tensor,
    direction: Tensor,
    start: Evaluation,
    length: float = 1.0,
    decrease: float = 1e-4,
    curvature: float = 0.9,
    most: int = 25,
) -> Trial | None:
    """A length a with phi(a) <= phi(0) + c1 a phi'(0) and |phi'(a)| <= c2 |phi'(0)|, or the best decrease found.

    J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), algorithms 3.5 and 3.6, with cubic interpolation
    (eq. 3.59). None where no length tried lowers the loss.

    Args:
        evaluate: the objective at given parameters.
        theta: where the search starts.
        direction: d, a direction of descent.
        start: the objective at theta.
        length: the first length tried.
        decrease: c1.
        curvature: c2.
        most: at most so many evaluations.
    """
    zero = Trial(0.0, float(start.gradient @ direction), start)
    if not zero.slope < 0:
        return None
    trials: list[Trial] = []

    def at(alpha: float) -> Trial:
        found = evaluate(theta + alpha * direction)
        trial = Trial(alpha, float(found.gradient @ direction), found)
        trials.append(trial)
        return trial

    def enough(trial: Trial) -> bool:
        return trial.loss <= zero.loss + decrease * trial.length * zero.slope

    def flat(trial: Trial) -> bool:
        return abs(trial.slope) <= -curvature * zero.slope

    last, alpha = zero, length
    low = high = zero
    while len(trials) < most:
        trial = at(alpha)
        if not enough(trial) or (last is not zero and trial.loss >= last.loss):
            low, high = last, trial
            break
        if flat(trial):
            return trial
        if trial.slope >= 0:
            low, high = trial, last
            break
        last, alpha = trial, 2.0 * alpha
    while len(trials) < most and high is not low:
        trial = at(_between(low, high))
        if not enough(trial) or trial.loss >= low.loss:
            high = trial
        elif flat(trial):
            return trial
        else:
            if trial.slope * (high.length - low.length) >= 0:
                high = low
            low = trial
        if abs(high.length - low.length) * abs(zero.slope) <= 1e-16 * abs(zero.loss):
            break
    better = [trial for trial in trials if trial.loss < zero.loss]
    return min(better, key=lambda trial: trial.loss) if better else None


def _between(a: Trial, b: Trial) -> float:
    """The minimum of the cubic through two trials, kept away from both; the middle where there is none."""
    middle = 0.5 * (a.length + b.length)
    if not (math.isfinite(a.loss) and math.isfinite(b.loss) and math.isfinite(b.slope)):
        return middle
    gap = b.length - a.length
    d1 = a.slope + b.slope - 3.0 * (b.loss - a.loss) / gap
    inside = d1 * d1 - a.slope * b.slope
    if inside < 0:
        return middle
    d2 = math.copysign(math.sqrt(inside), gap)
    below = b.slope - a.slope + 2.0 * d2
    if below == 0:
        return middle
    best = b.length - gap * (b.slope + d2 - d1) / below
    left, right = sorted((a.length + 0.1 * gap, b.length - 0.1 * gap))
    return min(max(best, left), right)
