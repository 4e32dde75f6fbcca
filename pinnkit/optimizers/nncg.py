"""Newton's method by conjugate gradients, preconditioned with a Nystrom approximation of the Hessian."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.objective.objective import Evaluation, Objective
from pinnkit.optimizers.conjugate_gradient import conjugate_gradient
from pinnkit.optimizers.nystrom import Nystrom
from pinnkit.optimizers.optimizer import Optimizer, Step, require_limits, require_positive, standstill


@final
@dataclass(frozen=True, eq=False)
class NNCGState:
    """The preconditioner, absent before the first step and after a failure, its age, and the number of steps made."""

    nystrom: Nystrom | None = None
    age: int = 0
    count: int = 0


@final
@dataclass(frozen=True)
class NNCG(Optimizer):
    """theta += t d, (H + mu I) d = -g by conjugate gradients from 0, the longest t = 1, 1/2, ... of Armijo's rule.

    The rule is L(theta + t d) <= L(theta) + c t g d. The iteration is preconditioned by a Nystrom approximation of H,
    which is renewed every `frequency` steps, and ends early where H + mu I curves down. H v is a central difference of
    gradients (P. Rathore, W. Lei, Z. Frangella, L. Lu, M. Udell, arXiv 2402.01868 (2024), who start each iteration from
    the last direction; from 0, what it has is a direction of descent whenever it is stopped).

    Args:
        rank: of the approximation.
        mu: what is added to the Hessian.
        tolerance: the residual |(H + mu I) d + g| / |g| at which the iteration ends.
        iterations: the most products with H in a step, without those of the preconditioner.
        frequency: the steps between two renewals of the preconditioner.
        decrease: c.
        shrink: the ratio of one t to the one before.
        seed: what the approximations are drawn from.
    """

    rank: int = 60
    mu: float = 1e-4
    tolerance: float = 1e-2
    iterations: int = 100
    frequency: int = 20
    decrease: float = 0.1
    shrink: float = 0.5
    seed: int = 0

    precisions: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def __post_init__(self) -> None:
        require_limits("nncg", self)
        counts = {"rank": self.rank, "iterations": self.iterations, "frequency": self.frequency}
        require_positive("nncg", **counts, mu=self.mu, tolerance=self.tolerance)
        for name, share in (("decrease", self.decrease), ("shrink", self.shrink)):
            if not 0 < share < 1:
                raise UserError(f"`{name}` of optimizer `nncg` is {share:g}; it needs a number between 0 and 1")
        if self.seed < 0:
            raise UserError(f"`seed` of optimizer `nncg` is {self.seed}; it needs 0 or more")

    def start(self, theta: Tensor) -> NNCGState:
        """No preconditioner yet."""
        return NNCGState()

    def step(self, objective: Objective, theta: Tensor, state: NNCGState) -> Step:
        """One direction and its length; without progress the preconditioner is renewed once, then the phase ends."""
        here = objective.evaluate(theta)
        if (why := standstill(here.gradient)) is not None:
            return Step(theta, state, here.loss, here.losses, finished=why)

        def times(v: Tensor) -> Tensor:
            return objective.hessian_times(theta, v)

        nystrom, age = state.nystrom, state.age
        fresh = nystrom is None or age >= self.frequency
        if nystrom is None or fresh:
            generator = np.random.default_rng((self.seed, state.count))
            nystrom, age = Nystrom.of(times, self.rank, generator, theta), 0
        solved = conjugate_gradient(
            lambda v: times(v) + self.mu * v,
            -here.gradient,
            lambda v: nystrom.precondition(v, self.mu),
            self.tolerance,
            self.iterations,
        )
        length = self._length(objective, theta, solved.solution, here)
        report = {"length": length, "products": solved.products, "negative": float(solved.negative)}
        if length == 0.0:
            why = "the line search found no lower loss" if fresh else None
            return Step(theta, NNCGState(count=state.count + 1), here.loss, here.losses, report, why)
        after = NNCGState(nystrom, age + 1, state.count + 1)
        return Step(theta + length * solved.solution, after, here.loss, here.losses, report)

    def memory(self, parameters: int, rows: int, chunk: int, itemsize: int) -> int:
        """The approximation, the products that make it, and what its decomposition takes."""
        return super().memory(parameters, rows, chunk, itemsize) + 6 * self.rank * itemsize * parameters

    def _length(self, objective: Objective, theta: Tensor, direction: Tensor, here: Evaluation) -> float:
        """The longest t that satisfies Armijo's rule; 0 where none does."""
        slope = float(here.gradient @ direction)
        length = 1.0
        while slope < 0 and length > _SHORTEST:
            rows = objective.rows(theta + length * direction)
            loss = 0.5 * float(rows @ rows)
            # Rounding can satisfy the rule without a fall.
            if math.isfinite(loss) and loss < here.loss and loss <= here.loss + self.decrease * length * slope:
                return length
            length *= self.shrink
        return 0.0


_SHORTEST = 1e-10
"""Below this share of a Newton step there is nothing to be found."""
