"""Observations as rows: sqrt(w/(E n)) (e(x_i) - b_i)/s_i for E expressions e at n points, s_i the noise of b_i.

The points are fixed. All expressions of a set are one term, whose loss is the mean square of their misfits in units of
the noise: about 1 where the fields are right and the noise is as it was said to be.
"""

from collections.abc import Sequence
from math import sqrt

from pinnkit.formulation.trial import Trial
from pinnkit.objective.residuals import TreeResidual, indices_of, output_indices_of
from pinnkit.objective.rows import PointwiseRows
from pinnkit.problem.observed import Observations


def observation_rows(
    trial: Trial, given: Observations, residuals: Sequence[TreeResidual], weight: float
) -> list[PointwiseRows]:
    """The rows of a set, a block an expression; points outside the domain have none.

    Args:
        trial: the fields.
        given: the set.
        residuals: its expressions.
        weight: of its term.
    """
    observations = given.only(given.inside([(c.lower, c.upper) for c in trial.problem.coordinates]))
    count = len(observations.points)
    found = []
    for measured, residual in zip(observations.measured, residuals, strict=True) if count else ():
        indices = indices_of([residual], trial.problem), output_indices_of([residual], trial.problem)
        prepared = trial.prepare(trial.tensor(observations.points), *indices)
        factors = trial.tensor(sqrt(weight / (len(residuals) * count)) / measured.noise)
        targets = trial.tensor(measured.values)
        rows = PointwiseRows(trial, prepared, (observations.name,), (residual,), factors[None], targets=targets[None])
        found.append(rows)
    return found
