"""Integral conditions as functions of the network: values at nodes, summed with weights, then the outer expression.

A residual such as integral(u_x^2, x)/integral(u^2, x) - E is evaluated from the inside: all integrands at all nodes,
the weighted sums, and the tree in which a number stands in place of every integral.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import sympy
import torch
from torch import Tensor

from pinnkit.derivatives.jet import Jet
from pinnkit.equations.reductions import reductions_in
from pinnkit.formulation.prepared import Prepared
from pinnkit.formulation.trial import NetworkFunction, Trial
from pinnkit.geometry import Quadrature
from pinnkit.objective.residuals import TreeResidual, indices_of, of_tree, output_indices_of
from pinnkit.objective.rows import GlobalRows
from pinnkit.problem.nodes import Nodes
from pinnkit.problem.problem import Face, IntegralCondition, Parameter, Problem, resolved


@final
@dataclass(frozen=True, eq=False)
class _Piece:
    """The part of the integrals on one face, or in the domain: integrands at Q nodes, for M values of the others."""

    prepared: Prepared
    integrands: tuple[TreeResidual, ...]
    weights: Tensor

    def integrals(self, fields: Jet, change: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """The integral (M,) of every integrand, changed beforehand."""
        points = self.prepared.points
        return [change(f(fields, points)).unflatten(0, (-1, len(self.weights))) @ self.weights for f in self.integrands]


@final
@dataclass(frozen=True, eq=False)
class PreparedIntegrals:
    """An integral condition on its nodes, which no draw of points changes.

    Args:
        trial: the fields.
        name: of the condition.
        pieces: one a face, or one for the domain.
        terms: what is added up outside of the integrals, with a name in place of each.
        shares: (M,), the part of each value in the mean over the coordinates that are not integrated.
    """

    trial: Trial
    name: str
    pieces: tuple[_Piece, ...]
    terms: tuple[TreeResidual, ...]
    shares: Tensor

    @staticmethod
    def of(
        condition: IntegralCondition, trial: Trial, quadrature: Quadrature, finer: bool = False
    ) -> "PreparedIntegrals":
        """The condition on the nodes of a quadrature, or on finer ones."""
        problem = trial.problem
        marks = reductions_in(condition.residual.tree)
        pieces, shares = [], trial.tensor([1.0])
        for nodes, integrands in _on_nodes(condition, problem, quadrature, finer):
            indices = indices_of([*integrands], problem), output_indices_of([*integrands], problem)
            prepared = trial.prepare(trial.tensor(nodes.points), *indices)
            pieces.append(_Piece(prepared, tuple(integrands), trial.tensor(nodes.weights)))
            shares = trial.tensor(nodes.shares)
        numbers = tuple(Parameter(_name(i), 0.0) for i in range(len(marks)))
        wider = replace(problem, parameters=(*problem.parameters, *numbers))
        symbols = {node: wider.scope.symbols[_name(i)] for i, node in enumerate(marks)}
        outer = sympy.Add.make_args(condition.residual.tree.xreplace(symbols))
        return PreparedIntegrals(trial, condition.name, tuple(pieces), tuple(of_tree(t, wider) for t in outer), shares)

    def rows(self, weight: float) -> GlobalRows:
        """The rows (M,) sqrt(w g_m) r_m, so that the loss is w times the mean of the squares over 2."""
        factors = torch.sqrt(weight * self.shares)
        return GlobalRows(self.trial, (self.name,), lambda network: factors * self.values(network), len(factors))

    def values(self, network: NetworkFunction) -> Tensor:
        """The residual (M,)."""
        return torch.stack(self._terms(network, lambda values: values)).sum(0)

    def scale(self, network: NetworkFunction) -> float:
        """The largest term of the residual, with the integrals of the sizes of the integrands."""
        return float(torch.stack(self._terms(network, torch.abs)).abs().max())

    def _terms(self, network: NetworkFunction, change: Callable[[Tensor], Tensor]) -> list[Tensor]:
        totals: list[Tensor] = []
        for piece in self.pieces:
            fields = self.trial.evaluate(piece.prepared, network)
            found = piece.integrals(fields, change)
            totals = [a + b for a, b in zip(totals, found, strict=True)] if totals else found
        # The others pass through the same values on all pieces: the first node of every integral tells them.
        every = len(self.pieces[-1].weights)
        here = Jet(fields.coefficients[:, ::every], fields.indices)
        known: dict[str, Any] = {_name(i): total for i, total in enumerate(totals)}
        points = self.pieces[-1].prepared.points[::every]
        return [replace(t, parameters={**t.parameters, **known})(here, points) for t in self.terms]


def integral_sizes(
    condition: IntegralCondition, problem: Problem, quadrature: Quadrature
) -> tuple[int, list[tuple[int, Sequence[TreeResidual]]]]:
    """How many rows a condition has; and on each face how many nodes, with what is evaluated at them."""
    rows = 0
    sizes: list[tuple[int, Sequence[TreeResidual]]] = []
    for nodes, integrands in _on_nodes(condition, problem, quadrature, False):
        rows = len(nodes.shares)
        sizes.append((len(nodes.points), integrands))
    return rows, sizes


def _on_nodes(
    condition: IntegralCondition, problem: Problem, quadrature: Quadrature, finer: bool
) -> Iterator[tuple[Nodes, list[TreeResidual]]]:
    """Of every face, of every part or of the whole domain the nodes, with what is integrated there."""
    marks = reductions_in(condition.residual.tree)
    for part, trees in condition.parts.items():
        nodes = quadrature.on(problem, condition.over(problem.scope, None), {}, finer, part)
        yield nodes, [of_tree(tree, problem) for tree in trees]
    if condition.parts:
        return
    faces: tuple[Face | None, ...] = condition.faces or (None,)
    for face in faces:
        held = {face.coordinate: face.value} if face is not None else {}
        nodes = quadrature.on(problem, condition.over(problem.scope, face), held, finer)
        yield nodes, [of_tree(resolved(mark.args[0], face, problem.scope), problem) for mark in marks]


def _name(number: int) -> str:
    """What stands for an integral in the outer expression; no name that a file can declare."""
    return f"integral {number}"
