"""The error by the linearised equation: what another network adds to the trained fields so that the equations hold.

    F'(u) [e] = -F(u),    e = s D (N_theta - N_theta0),    estimate of field f:  ||e_f|| / ||u_f||

F are all equations and conditions, u the trained fields. The optimizer of the run solves for e as for a further stage,
on a second network, whose scale s makes the equations linear in so small a change of the fields. Where the residual
falls, e is the error but for what is left: for a linear problem the error of u satisfies this very equation.

It says nothing where the residual is rounding, where it did not fall, where data and not equations hold the error, and
of states of nearly one energy, a mixture of which leaves no residual. The equation as the correction's own:
K. Böhmer, P. Hemker, H. Stetter, The Defect Correction Approach, Computing Suppl. 5, 1-32 (1984).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.apart import apart
from pinnkit.building import Run
from pinnkit.config import Config
from pinnkit.confirming import more, wider
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.trial import Base, Trial
from pinnkit.marching import edges_of
from pinnkit.points import Uniform
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.running import Listener, Quiet, trained_by_itself
from pinnkit.stage import Stage
from pinnkit.staging import next_run

LEFT = 0.5**0.5
"""The share of the residual that may be left; above, e explains less than half of its mean square."""

CLEAR = 10.0
"""How far the residual must lie above its rounding."""

_POINTS = 2000
"""Points of every term at which residuals are compared."""


@final
@dataclass(frozen=True)
class Estimate:
    """What the linearised equation says of the error.

    Args:
        relative_l2: of every field, the estimate; empty where nothing can be said.
        parameters: by how much every unknown parameter would move, in its own unit.
        outputs: by how much every output that is a number would move, in its own unit.
        left: the share of the residual that the second network left over.
        seconds: what it took.
        silence: why nothing can be said, if so.
        moved: the fields with what was added to them; None where nothing can be said.
    """

    relative_l2: Mapping[str, float]
    parameters: Mapping[str, float]
    outputs: Mapping[str, float]
    left: float
    seconds: float
    silence: str | None = None
    moved: Solution | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        if self.silence is not None:
            return f"The linearised equation says nothing of the error: {self.silence}."
        listed = ", ".join(f"{value:.2g} in `{name}`" for name, value in self.relative_l2.items())
        return (
            f"The linearised equation, solved by another network, moves the fields by a relative L2 norm of {listed}, "
            f"and leaves {self.left:.1%} of the residual: an estimate of the error, and no proof."
        )

    def as_result(self) -> dict[str, Any]:
        """What `result.json` says of it."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "moved"}


def require_estimable(problem: Problem, config: Config) -> None:
    """Refuse what the linearised equation cannot tell the error of, before anything is trained.

    Raises:
        UserError: windows of time, states of an eigenproblem, or observations.
    """
    hint = "`--confirm` solves it twice instead."
    if len(edges_of(problem, config)) > 2:
        raise UserError(Mistake("`--estimate` follows the error through one window of time, not several", hint=hint))
    if problem.levels is not None:
        message = "`--estimate` is blind to a mixture of states of nearly one energy, which leaves no residual"
        raise UserError(Mistake(message, hint=hint))
    if problem.observations:
        message = "`--estimate` sees what the equations leave open, and not what is wrong with observations"
        raise UserError(Mistake(message, hint="The intervals of the parameters tell that."))


def estimate(solution: Solution, config: Config | None = None, listener: Listener | None = None) -> Estimate:
    """Solve the linearised equation on a solution, and measure what it adds.

    Args:
        solution: whose error is asked for.
        config: of its run as the user gave it; else as it was run.
        listener: who hears of it; nobody where not given.

    Raises:
        UserError: what `require_estimable` refuses.

    Example:
        >>> print(pinnkit.estimate(pinnkit.solve(problem, config)))  # doctest: +SKIP
    """
    problem = solution.problem
    own = config if config is not None else solution.config
    require_estimable(problem, own)
    told = listener if listener is not None else Quiet()
    (window,) = solution.windows
    second = Stage(network=wider(own.network), points=more(own.points), phases=own.phases)
    asked = replace(own, stages=(*own.stages[: len(window.run.stages)], second))
    run = next_run(asked, window.run, window.theta)
    told.say(f"estimating: the linearised equation, by {run.trial.layout.size} parameters, {run.stages[-1]}")
    start = run.trial.layout.start(run.trial.network)
    generator = np.random.default_rng([own.seed, 8])
    seed = int(generator.integers(2**32))
    before = _rows(run.trial, run, start, seed)
    if float(before.norm()) <= CLEAR * _rounding(run, before, start, seed, generator):
        return _silent("the residual is rounding, and so small an error leaves no trace in it")
    trained = trained_by_itself(run, told)
    if trained.failure is not None or trained.interrupted:
        return _silent((trained.failure or "it was interrupted").rstrip("."), seconds=trained.seconds)
    left = float(_rows(run.trial, run, trained.theta, seed).norm() / before.norm())
    if not left <= LEFT:
        return _silent(f"its second network left {left:.0%} of the residual", left, trained.seconds)
    moved = Solution.of(run, trained.theta)
    return Estimate(*apart(solution, moved), left, trained.seconds, moved=moved)


def _silent(why: str, left: float = 1.0, seconds: float = 0.0) -> Estimate:
    return Estimate({}, {}, {}, left, seconds, why)


def _rows(trial: Trial, run: Run, theta: Tensor, seed: int) -> Tensor:
    """All weighted rows at points that are always the same."""
    few = replace(run.assembly, trial=trial, interior=Uniform(_POINTS), faces=Uniform(_POINTS))
    return few.draw(theta, np.random.default_rng(seed)).rows(theta).detach()


def _rounding(run: Run, rows: Tensor, start: Tensor, seed: int, generator: np.random.Generator) -> float:
    """The size of the rows' rounding: what they change by where every parameter is changed in its last digit.

    Arithmetic of floating-point numbers gives the exact answer to parameters changed by so much (N. J. Higham, Accuracy
    and Stability of Numerical Algorithms, 2nd ed., SIAM (2002), sec. 1.5).
    """
    assert run.trial.base is not None
    other = run.trial.on(_shaken(run.trial.base, generator))
    return float((_rows(other, run, start, seed) - rows).norm())


def _shaken(base: Base, generator: np.random.Generator) -> Base:
    """The same fields with parameters changed in their last digit, those of all stages."""
    signs = torch.as_tensor(generator.choice([-1.0, 1.0], size=base.theta.shape)).to(base.theta)
    theta = base.theta * (1.0 + torch.finfo(base.theta.dtype).eps * signs)
    earlier = base.trial.base
    trial = base.trial.on(_shaken(earlier, generator)) if earlier is not None else base.trial
    return replace(base, trial=trial, theta=theta)
