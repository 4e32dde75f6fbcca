"""Two fields without divergence, exactly: u = psi_y and v = -psi_x, with psi one output of the network.

Then u_x + v_y = psi_yx - psi_xy = 0 whatever the network does. In Taylor coefficients a derivative is a shift,

    u_k = (k_y + 1) psi_(k + e_y),    v_k = -(k_x + 1) psi_(k + e_x)

so psi is asked for one order more along each of the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import sympy
import torch
from torch import Tensor

from pinnkit.derivatives import composition
from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.equations import compile_tree
from pinnkit.equations.expression import MultiIndex, Partial
from pinnkit.formulation.lift import Lift
from pinnkit.problem.problem import Equation, Problem, TorchResidual

_SAMPLES = 64


def outputs_of(problem: Problem) -> tuple[str, ...]:
    """The fields for which the network has an output; of two without divergence the first one, for psi."""
    return tuple(name for name in problem.fields if name not in problem.divergence_free[1:])


def output_indices(partials: Iterable[Partial], problem: Problem) -> IndexSet:
    """The derivatives of the network's outputs that some derivatives of the fields need, with all below them."""
    wanted = []
    for partial in partials:
        if partial.field in problem.divergence_free:
            across = problem.space[1 - problem.divergence_free.index(partial.field)]
            wanted.append(_shifted(partial.orders, problem.index(across)))
        else:
            wanted.append(partial.orders)
    return IndexSet.closure(wanted, len(problem.coordinates))


@final
@dataclass(frozen=True)
class Outputs:
    """Makes the fields of the network's outputs, which are the fields themselves but for two without divergence."""

    problem: Problem

    def indices(self, indices: IndexSet) -> IndexSet:
        """The derivatives of the outputs that all fields need at `indices`."""
        if not self.problem.divergence_free:
            return indices
        every = [Partial(name, k) for name in self.problem.fields for k in indices.indices]
        return output_indices(every, self.problem)

    def streamed(self, outputs: Jet, value: Tensor, distance: Tensor) -> Jet:
        """The outputs with psi = G + D N in place of N, from the coefficients (K, N) of G and D."""
        column = outputs_of(self.problem).index(self.problem.divergence_free[0])
        before, own, behind = outputs.coefficients.tensor_split((column, column + 1), dim=2)
        psi = value[:, :, None] + composition.multiply(own, distance[:, :, None], outputs.indices)
        return Jet(torch.cat((before, psi, behind), dim=2), outputs.indices)

    def fields(self, outputs: Jet, indices: IndexSet) -> Tensor:
        """The Taylor coefficients (K, N, F) of the fields at `indices`, from those of the outputs.

        What no output was asked for is not a number, so that nothing can rest on it.
        """
        if not self.problem.divergence_free:
            return outputs.coefficients
        (first, second), (x, y) = self.problem.divergence_free, map(self.problem.index, self.problem.space)
        names = outputs_of(self.problem)
        fields = []
        for name in self.problem.fields:
            if name == first:
                fields.append(_slope(outputs, names.index(first), y, 1.0, indices))
            elif name == second:
                fields.append(_slope(outputs, names.index(first), x, -1.0, indices))
            else:
                own = outputs.coefficients[:, :, names.index(name)].unbind()
                place = outputs.indices.position
                fields.append(torch.stack([own[place[k]] if k in place else _nan(own[0]) for k in indices.indices]))
        return torch.stack(fields, dim=2)


def _slope(outputs: Jet, column: int, along: int, sign: float, indices: IndexSet) -> Tensor:
    """The coefficients (K, N) of the derivative of one output along one coordinate, times a sign."""
    psi, place = outputs.coefficients[:, :, column].unbind(), outputs.indices.position
    found = []
    for k in indices.indices:
        at = place.get(_shifted(k, along))
        found.append(psi[at] * (sign * (k[along] + 1)) if at is not None else _nan(psi[0]))
    return torch.stack(found)


def _nan(like: Tensor) -> Tensor:
    return torch.full_like(like, float("nan"))


def _shifted(orders: MultiIndex, along: int) -> MultiIndex:
    return tuple(n + (d == along) for d, n in enumerate(orders))


def holds_identically(equation: Equation, problem: Problem) -> bool:
    """Whether an equation says no more than that the two fields have no divergence."""
    if not problem.divergence_free or isinstance(equation.residual, TorchResidual):
        return False
    (u, v), (x, y) = problem.divergence_free, map(problem.index, problem.space)
    zero, scope = (0,) * len(problem.coordinates), problem.scope
    u_x, v_y = scope.tree(Partial(u, _shifted(zero, x))), scope.tree(Partial(v, _shifted(zero, y)))
    tree = equation.residual.tree
    return bool(tree.has(v_y) and sympy.expand(tree.xreplace({v_y: -u_x})) == 0)


def obstacle(problem: Problem, lifts: Sequence[Lift]) -> str | None:
    """Why G + D (psi_y, -psi_x) would have a divergence, or None where it has none.

    It has none where D is the same function of time alone for both fields and G has none.
    """
    if not problem.divergence_free:
        return None
    first, second = (lifts[problem.fields.index(name)] for name in problem.divergence_free)
    symbols = [problem.scope.symbols[name] for name in problem.space]
    if sympy.expand(first.distance - second.distance) != 0 or first.distance.has(*symbols):
        return "a divergence would come in, since the two fields without one are not fixed alike"
    slopes = [sympy.diff(lift.value, symbol) for lift, symbol in zip((first, second), symbols, strict=True)]
    if slopes[0] + slopes[1] != 0 and not _cancel(slopes, problem):
        return "the values that it gives to the fields without divergence have one"
    return None


def _cancel(slopes: Sequence[sympy.Expr], problem: Problem) -> bool:
    """Whether two expressions cancel at points of the domain: no simplification could be waited for."""
    unit = np.random.default_rng(0).random((_SAMPLES, len(problem.coordinates)))
    values: dict[str, np.ndarray | float] = dict(problem.values)
    for column, coordinate in zip(unit.T, problem.coordinates, strict=True):
        values[coordinate.name] = coordinate.axis.from_unit(column)
    one, other = (compile_tree(slope, problem.scope).broadcast(values, unit[:, 0]) for slope in slopes)
    return bool(np.all(np.abs(one + other) <= 1e-10 * float(np.max(np.abs(one)) + np.max(np.abs(other)))))
