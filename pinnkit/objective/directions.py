"""Sums of second derivatives by random directions: of k coordinates, V directions stand for all.

With V columns v_j of a random orthogonal matrix, drawn for every point,

    L = (k/V) sum over j of v_j^T H v_j,     E L = tr H,
    Var L = 2 (k - V) (k |H|^2 - (tr H)^2) / (V (k - 1) (k + 2))

with |H| Frobenius' norm of the Hessian H: with V = k it is the Laplacian itself. A jet along the directions has V + 2
entries in place of k + 2. Squares are not linear: the mean of a squared row is that of the residual and the variance,
which is what the loss falls to. Without the orthogonality, Z. Hu, Z. Shi, G. E. Karniadakis, K. Kawaguchi, Comput.
Methods Appl. Mech. Eng. 424 (2024) 116883, equation 10; along coordinates alone, Z. Hu, K. Shukla, G. E. Karniadakis,
K. Kawaguchi, Neural Netw. 176 (2024) 106369. The variance is that of one direction (uniform on the sphere) over V, less
what V orthogonal ones of k have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.equations import Program
from pinnkit.equations.expression import MultiIndex, Partial
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.trial import Trial
from pinnkit.objective.residuals import TreeResidual
from pinnkit.objective.sums import summed_residuals


@final
@dataclass(frozen=True, eq=False)
class Directions:
    """Residuals on jets along other directions than the coordinates.

    Args:
        residuals: of all equations, by name; derivatives are those along the coordinates kept, then the directions.
        kept: the columns of the coordinates along which derivatives stay.
        summed: those of the k coordinates in sums.
        count: V.
    """

    residuals: Mapping[str, TreeResidual]
    kept: tuple[int, ...]
    summed: tuple[int, ...]
    count: int

    @staticmethod
    def of(trial: Trial, count: int) -> "Directions":
        """The residuals of the equations of a problem.

        Raises:
            UserError: equations that need more than a sum, fields with conditions built in, as many directions as
                there are none.
        """
        sums = summed_residuals(trial.problem)
        summed = _summed(sums)
        if (why := _reason(trial, sums, summed, count)) is not None:
            raise UserError(why)
        kept = tuple(d for d in range(len(trial.problem.coordinates)) if d not in summed)

        def along(orders: MultiIndex) -> MultiIndex:
            second = -2 if min(orders) < 0 else 0
            return (*(orders[d] for d in kept), *[second] * count)

        found = {}
        for name, residual in sums.items():
            steps = [
                replace(step, value=Partial(step.value.field, along(step.value.orders)))
                if isinstance(step.value, Partial)
                else step
                for step in residual.program.steps
            ]
            found[name] = replace(residual, program=Program(tuple(steps)))
        return Directions(found, kept, summed, count)

    @cached_property
    def indices(self) -> IndexSet:
        """The derivatives that the residuals need, with all below them."""
        wanted = [p.orders for residual in self.residuals.values() for p in residual.program.partials]
        return IndexSet.closure(wanted, len(self.kept) + self.count)

    def drawn(self, points: int, generator: np.random.Generator) -> np.ndarray:
        """Scaled directions (N, V, k): columns of one random orthogonal matrix, others for every point.

        The matrix is Haar's: Q of the factors Q R of a normal one, with the diagonal of R above zero (F. Mezzadri,
        Notices AMS 54 (2007) 592).
        """
        k = len(self.summed)
        q, r = np.linalg.qr(generator.standard_normal((k, k)))
        rows = (q * np.sign(np.diag(r))).T
        chosen = np.argsort(generator.random((points, k)), axis=1)[:, : self.count]
        return np.asarray(np.sqrt(k / self.count) * rows[chosen])

    def coordinates(self, points: Tensor, directions: Tensor) -> Jet:
        """The jet (K, N, d) of the coordinates at points (N, d), along those kept and scaled directions (N, V, k)."""
        coefficients = points.new_zeros(len(self.indices), *points.shape)
        coefficients[0] = points
        for along, place in self.indices.units:
            if along < len(self.kept):
                coefficients[place, :, self.kept[along]] = 1.0
            else:
                coefficients[place][:, list(self.summed)] = directions[:, along - len(self.kept)]
        return Jet(coefficients, self.indices)


def _summed(residuals: Mapping[str, TreeResidual]) -> tuple[int, ...]:
    """The columns of the coordinates in the sums of second derivatives, the same in all."""
    partials = {p for residual in residuals.values() for p in residual.program.partials}
    return tuple(next(([d for d, n in enumerate(p.orders) if n < 0] for p in partials if min(p.orders) < 0), ()))


def _reason(trial: Trial, sums: Mapping[str, TreeResidual], summed: tuple[int, ...], count: int) -> Mistake | None:
    """Why the equations cannot be asked along random directions."""
    asked = f"`directions: {count}`"
    if not summed:
        hint = "Leave it out, or write the equations with `laplace` and without single second derivatives."
        return Mistake(f"{asked} needs equations with second derivatives in one sum of three or more alone", hint=hint)
    if count > len(summed):
        return Mistake(f"{asked} is more than the {len(summed)} coordinates of the sum; leave it out for all of it")
    partials = {p for residual in sums.values() for p in residual.program.partials}
    single = ", ".join(f"`{trial.problem.scope.name(p)}`" for p in partials if any(p.orders[d] > 0 for d in summed))
    if single:
        return Mistake(f"{asked} leaves derivatives along single coordinates unknown, and the equations have {single}")
    if trial.engine != "jet" or trial.base is not None or trial.handover is not None:
        return Mistake(f"{asked} goes with neither stages nor windows nor `derivatives: autograd`")
    if not all(lift.trivial for lift in trial.formulation.lifts):
        return Mistake(f"{asked} needs fields that are the network itself", hint="Set `hard: none`.")
    return None
