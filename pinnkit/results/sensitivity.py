"""How measured values follow unknown parameters, with the fields going along as the equations want it.

With the trained numbers w of the fields and the parameters p, the rows of the equations and conditions are c(w, p), and
those of the observations o(w, p). The fields follow a change of p by dw/dp = W, the minimum of

    |C_w W + C_p|² + |O_w W + O_p|² + tau² |W|²,       S = O_w W + O_p,

with the weights of the training, in which the first term is far larger than the second. So W keeps the equations, and
what they leave free, such as a start that is not known, goes along as the observations want it: S is what is left of
the parameters' effect once such a freedom is taken out. tau is far below every singular value that matters.

One QR decomposition of all columns, made of chunks of rows, gives W by a triangular solve in float64.
"""

from dataclasses import dataclass, replace
from math import sqrt
from typing import final

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from pinnkit.building import Run
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.formulation.trial import Trial
from pinnkit.geometry import box_of
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.residual_gradients import Further
from pinnkit.points import Sobol

MOST_COLUMNS = 3000
"""Trained numbers up to which the sensitivity is computed: its time grows with their third power."""

_ROWS_A_COLUMN = 4
"""Rows of the equations for every trained number: with fewer, fields could bend unseen between the points."""

_FACE_POINTS = 200
_DAMPING = 1e-13
"""tau, relative to the largest column of the Jacobian."""


@final
@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The effect of U unknown parameters on n measured values.

    Args:
        weighted: S (n, U) with the weights of the training, by which the estimate is made.
        factors: those weights (n,), the roots of what a squared misfit in units of the noise counts.
        names: the set and the number of the expression in it, of every row.
        free: how many numbers the observations determine beside the parameters: the trace of the hat matrix.
        rigid: by parameter, the part of its effect on the equations and conditions that the fields cannot undo.
    """

    weighted: np.ndarray
    factors: np.ndarray
    names: tuple[tuple[str, int], ...]
    free: float
    rigid: np.ndarray

    @property
    def in_noise(self) -> np.ndarray:
        """S (n, U) in units of the noise."""
        return np.asarray(self.weighted / self.factors[:, None])


def sensitivity(run: Run, trial: Trial, theta: Tensor) -> Sensitivity:
    """The sensitivity of all observations of a run, at trained parameters of these fields of it.

    Args:
        run: the problem and the weights of its terms.
        trial: the fields, those of the run or of an earlier stage of it.
        theta: their parameters.
    """
    fields, at = trial.in_precision(torch.float64), theta.to(torch.float64)
    count, size = len(fields.problem.unknowns), fields.layout.size
    slopes = _slopes(fields, at)
    objective = _assembly(run, fields).draw(at, np.random.default_rng([run.config.seed, 6]))
    observed = {given.name for given in fields.problem.observations}
    factor = at.new_zeros(0, size)
    seen: dict[str, list[Tensor]] = {}
    biggest, pull = 0.0, at.new_zeros(count)
    for block in objective.chunks:
        _, jacobian = block.jacobian(at)
        jacobian = jacobian.detach()
        jacobian[:, size - count :] /= slopes
        for term, own in block.by_term(jacobian).items():
            if term in observed:
                seen.setdefault(term, []).append(own)
            else:
                pull += (own[:, size - count :] ** 2).sum(0)
        biggest = max(biggest, float(jacobian[:, : size - count].norm(dim=0).max()))
        factor = torch.linalg.qr(torch.cat((factor, jacobian)), mode="r")[1]
    factors, names = _factors(run, fields, observed)
    data = torch.cat([torch.cat(seen[name]) for name in dict.fromkeys(name for name, _ in names)])
    damping = torch.eye(size - count, size, dtype=at.dtype, device=at.device) * (_DAMPING * biggest or 1.0)
    factor = torch.linalg.qr(torch.cat((factor, damping)), mode="r")[1]
    inner, outer = factor[: size - count, : size - count], factor[: size - count, size - count :]
    follow = -torch.linalg.solve_triangular(inner, outer, upper=True)
    weighted = data[:, : size - count] @ follow + data[:, size - count :]
    hat = torch.linalg.solve_triangular(inner.T, data[:, : size - count].T, upper=False)
    left = (factor[size - count :, size - count :] ** 2).sum(0) - (weighted**2).sum(0)
    rigid = (left.clamp(min=0) / pull.clamp(min=torch.finfo(at.dtype).tiny)).sqrt()
    return Sensitivity(
        weighted.cpu().numpy(), factors, tuple(names), float((hat**2).sum()), np.asarray(rigid.cpu().numpy())
    )


def _assembly(run: Run, trial: Trial) -> Assembly:
    """The terms of a run on these fields, at points that are even and many."""
    own = run.assembly
    equations = max(1, len(trial.problem.equations))
    needed = -(-_ROWS_A_COLUMN * trial.layout.size // equations)
    weights = {name: weight for name, weight in own.weights.items() if name in own.plain_terms}
    for given in trial.problem.observations:
        if not given.noisy:  # no solution passes through values with noise, also where nobody said that they have some
            weights[given.name] = weights.get(given.name, 1.0) * run.config.observation_weight
    points, faces = Sobol(needed), Sobol(_FACE_POINTS if box_of(trial.problem).dimension > 1 else 1)
    bare = replace(own, further=Further(), weights={}, compiled=False, corrected=True)
    return replace(bare, trial=trial, interior=points, faces=faces, weights=weights)


def _factors(run: Run, trial: Trial, observed: set[str]) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """The factor of every row of the observations, in units of the noise, and what it is a row of."""
    weights = _assembly(run, trial).weights
    intervals = [(c.lower, c.upper) for c in trial.problem.coordinates]
    factors: list[float] = []
    names: list[tuple[str, int]] = []
    for given in trial.problem.observations:
        points = int(given.inside(intervals).sum())
        for number in range(len(given.measured)):
            names += [(given.name, number)] * points
        rows = points * len(given.measured)
        factors += [sqrt(weights.get(given.name, 1.0) / rows)] * rows
    return np.array(factors), names


def _slopes(trial: Trial, theta: Tensor) -> Tensor:
    """dp/dz (U,) of every unknown parameter p by its trained number z."""
    count = len(trial.problem.unknowns)
    at = trial.tensor([[float(c.axis.from_unit(np.array(0.5))) for c in trial.problem.coordinates]])
    prepared = trial.prepare(at, IndexSet.closure([], len(trial.problem.coordinates)))
    leaf = theta.detach().clone().requires_grad_()
    parameters = trial.layout.split(leaf)

    def network(features: Jet) -> Jet:
        found: Jet = functional_call(trial.network, parameters, (features,))
        return found

    total = trial.evaluate(prepared, network).value[0, -count:].sum()
    slopes: Tensor = torch.autograd.grad(total, leaf)[0][-count:]
    return slopes.where(slopes != 0, torch.finfo(leaf.dtype).tiny)
