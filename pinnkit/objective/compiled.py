"""Rows as one fused function, made by torch's compiler the first time that it sees points of some shape."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import SolveError, UserError
from pinnkit.formulation.prepared import Prepared
from pinnkit.formulation.trial import Trial
from pinnkit.objective.rows import PointwiseRows, Residual

_Fixed = tuple[Tensor | None, Tensor | None, Tensor | None]
"""The lift and distance of the fields, and those of a stream function."""


@final
class CompiledRows:
    """Pointwise rows as a function of parameters, points and factors, differentiable with respect to the parameters.

    The compiler fuses the elementwise operations between two matrix products. Every shape is compiled once, which takes
    some seconds; the numbers differ by round-off.

    Args:
        trial: the fields.
        indices: the derivatives of the fields that the residuals need.
        outputs: those of the network's outputs.
        terms: the names of the residuals.
        residuals: the residuals.

    Raises:
        UserError: the fields are differentiated by nested reverse mode, which cannot be compiled.
    """

    def __init__(
        self, trial: Trial, indices: IndexSet, outputs: IndexSet, terms: Sequence[str], residuals: Sequence[Residual]
    ) -> None:
        if trial.engine != "jet":
            raise UserError("nested reverse mode cannot be compiled; set `derivatives: jet`, or `compile: false`")

        def rows(theta: Tensor, points: Tensor, features: Tensor, fixed: _Fixed, a: Tensor) -> Tensor:
            prepared = Prepared(points, indices, Jet(features, outputs), *fixed)
            return PointwiseRows(trial, prepared, tuple(terms), tuple(residuals), a).values(theta)

        # Tables that are made when they are first needed are made here, since the compiler cannot make them.
        theta = trial.layout.start(trial.network).requires_grad_()
        origin = torch.zeros(1, indices.dimension, dtype=trial.dtype, device=trial.device)
        one = trial.prepare(origin, indices, outputs)
        found = rows(theta, *_tensors(one), one.points.new_ones(len(residuals), 1))
        torch.autograd.grad(found.sum() + theta.sum(), theta)
        # A code object of its own: the compiler keeps what it made with the code, and no more than a few of each.
        rows.__code__ = rows.__code__.replace()
        self._rows = torch.compile(rows, dynamic=False, fullgraph=True)

    def __call__(self, theta: Tensor, prepared: Prepared, factors: Tensor) -> Tensor:
        """The rows (E N,).

        Raises:
            SolveError: the compiler failed, as it does where there is no C++ compiler.
        """
        try:
            return self._rows(theta, *_tensors(prepared), factors)
        except torch._dynamo.exc.TorchDynamoException as error:
            first = str(error).partition("\n")[0]
            raise SolveError(f"torch could not compile the residual ({first}); set `compile: false`") from error


def _tensors(prepared: Prepared) -> tuple[Tensor, Tensor, _Fixed]:
    """Points, features, and what no parameter changes."""
    assert prepared.features is not None
    return prepared.points, prepared.features.coefficients, (prepared.lift, prepared.distance, prepared.stream)
