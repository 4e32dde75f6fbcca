"""Equations and conditions as functions of the fields' jets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import sympy
import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.equations import Program, compile_tree, normal_component
from pinnkit.equations.expression import Expression, Partial, Scope
from pinnkit.errors import SolveError
from pinnkit.formulation.solenoidal import output_indices
from pinnkit.problem.problem import Condition, Equation, Face, Problem, TorchResidual, partials_of


@final
@dataclass(frozen=True, eq=False)
class TreeResidual:
    """A tree evaluated at points: (fields, points) to (N,); unknown parameters are channels behind the fields.

    Points on a piece of a shape's boundary have the components of the normal along space behind the coordinates.
    """

    program: Program
    scope: Scope
    parameters: Mapping[str, float]
    unknowns: tuple[str, ...] = ()

    def __call__(self, fields: Jet, points: Tensor) -> Tensor:
        """The residual (N,)."""
        values: dict[Partial | str, Any] = {}
        values.update(self.parameters)
        values.update(_unknowns(fields, self.unknowns, self.scope))
        known = len(self.scope.coordinates)
        values.update(zip(self.scope.coordinates, points[:, :known].unbind(1), strict=True))
        if points.shape[1] > known:
            values.update(zip(map(_normal_along, self.scope.space), points[:, known:].unbind(1), strict=True))
        values.update({p: _partial(fields, p, self.scope) for p in self.program.partials})
        result = self.program(values)
        return result if isinstance(result, Tensor) else torch.full_like(points[:, 0], result)


@final
@dataclass(frozen=True, eq=False)
class FunctionResidual:
    """A Python function of tensors by name, evaluated at points: (fields, points) to (N,)."""

    residual: TorchResidual
    scope: Scope
    parameters: Mapping[str, float]
    unknowns: tuple[str, ...] = ()

    def __call__(self, fields: Jet, points: Tensor) -> Tensor:
        """The residual (N,).

        Raises:
            SolveError: the function gave something that is not one number a point.
        """
        columns = dict(zip(self.scope.coordinates, points.unbind(1), strict=True))
        columns.update(_unknowns(fields, self.unknowns, self.scope))
        arguments: dict[str, Any] = {}
        for name in self.residual.arguments:
            partial = self.scope.partial(name)
            known = columns.get(name, self.parameters.get(name))
            arguments[name] = known if partial is None or known is not None else _partial(fields, partial, self.scope)
        result = self.residual.function(**arguments)
        if not isinstance(result, Tensor) or result.shape != points.shape[:1]:
            shape = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
            raise SolveError(
                f"the residual function `{self.residual.text}` gave {shape}; it needs one number a point, "
                f"a tensor of shape ({points.shape[0]},) like its arguments"
            )
        return result


def of_equation(equation: Equation, problem: Problem) -> TreeResidual | FunctionResidual:
    """The residual of an equation."""
    if isinstance(equation.residual, TorchResidual):
        return FunctionResidual(equation.residual, problem.scope, problem.values, _names(problem))
    return of_tree(equation.residual.tree, problem)


def of_condition(condition: Condition, face: Face, problem: Problem) -> TreeResidual:
    """The residual of a condition on one face."""
    return of_tree(condition.tree_on(face, problem.scope), problem)


def of_tree(tree: sympy.Expr, problem: Problem) -> TreeResidual:
    """The residual that a tree is."""
    return TreeResidual(compile_tree(tree, problem.scope), problem.scope, problem.values, _names(problem))


def of_expression(expression: Expression, problem: Problem) -> TreeResidual:
    """The residual that an expression is."""
    return of_tree(expression.tree, problem)


def indices_of(residuals: list[TreeResidual | FunctionResidual], problem: Problem) -> IndexSet:
    """The derivatives that residuals need, with all below them."""
    wanted = [p.orders for residual in residuals for p in _partials(residual)]
    return IndexSet.closure(wanted, len(problem.coordinates))


def output_indices_of(residuals: list[TreeResidual | FunctionResidual], problem: Problem) -> IndexSet:
    """The derivatives of the network's outputs that residuals need, with all below them."""
    return output_indices([p for residual in residuals for p in _partials(residual)], problem)


def _partials(residual: TreeResidual | FunctionResidual) -> frozenset[Partial]:
    if isinstance(residual, TreeResidual):
        return frozenset(residual.program.partials)
    return partials_of(Equation("", residual.residual), residual.scope)


def _normal_along(coordinate: str) -> str:
    """The name of a component of the normal."""
    return str(normal_component(coordinate))


def _partial(fields: Jet, partial: Partial, scope: Scope) -> Tensor:
    return fields.derivative(partial.orders)[:, scope.fields.index(partial.field)]


def _names(problem: Problem) -> tuple[str, ...]:
    return tuple(p.name for p in problem.unknowns)


def _unknowns(fields: Jet, names: tuple[str, ...], scope: Scope) -> dict[str, Tensor]:
    """The unknown parameters by name, (N,) each."""
    first = len(scope.fields)
    return {name: fields.value[:, first + k] for k, name in enumerate(names)}
