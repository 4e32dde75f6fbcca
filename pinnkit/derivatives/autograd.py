"""Derivatives by nested reverse mode: slower than jets, for any torch module, and the independent check on jets."""

from collections.abc import Callable

import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet, summed_by
from pinnkit.derivatives.jet import Jet
from pinnkit.equations.expression import MultiIndex


def differentiate(function: Callable[[Jet], Jet], points: Tensor, indices: IndexSet) -> Jet:
    """The jet of a function of the coordinates, one reverse sweep a derivative and channel.

    Each derivative of order k is the gradient of one of order k - 1, summed over the points, which do not touch each
    other. The result stays differentiable with respect to the function's parameters.

    Args:
        function: bare values (1, N, d) of the coordinates to bare values (1, N, C).
        points: (N, d).
        indices: the derivatives wanted.
    """
    # The sweeps over the coordinates are wanted even where the caller needs no gradient of the parameters.
    with torch.enable_grad():
        columns = [points[:, d : d + 1].detach().clone().requires_grad_() for d in range(points.shape[1])]
        alone = IndexSet.closure([], points.shape[1])
        values = function(Jet(torch.cat(columns, dim=1)[None], alone)).value
        channels = [_channel(values[:, c : c + 1], columns, indices) for c in range(values.shape[1])]
        return Jet(torch.cat(channels, dim=2), indices)


def _channel(value: Tensor, columns: list[Tensor], indices: IndexSet) -> Tensor:
    """The Taylor coefficients (K, N, 1) of one channel."""
    found: dict[MultiIndex, Tensor] = {indices.indices[0]: value}
    for index in indices.indices[1:]:
        parts = []
        for whole in summed_by(index):
            along = next(d for d, n in enumerate(whole) if n)
            lower = found[tuple(n - (d == along) for d, n in enumerate(whole))]
            parts.append(_gradient(lower, columns[along]))
        found[index] = torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
    return torch.stack([found[k] / f for k, f in zip(indices.indices, indices.factorials, strict=True)])


def _gradient(of: Tensor, column: Tensor) -> Tensor:
    """d of / d column, zero where it does not depend on it."""
    if not of.requires_grad:
        return torch.zeros_like(column)
    (slope,) = torch.autograd.grad(of.sum(), column, create_graph=True, allow_unused=True)
    return torch.zeros_like(column) if slope is None else slope
