"""The affine map on jets, and the derivative of every row of an objective with respect to its weights."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.once import once

_ROWS_AT_ONCE = 4096
"""Rows from which one product takes a fourth longer than its parts one after the other."""


@final
class Linear(nn.Module):
    """y = W z + b on jets: one matrix product over all coefficients; the bias moves the value alone.

    Weights are drawn Glorot normal (Glorot and Bengio, AISTATS 2010, with a normal draw of the same variance),
    biases are zero.
    """

    def __init__(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        deviation = (2.0 / (inputs + outputs)) ** 0.5
        # Drawn on the CPU in float64, so that a seed means the same start on every device and in every precision.
        drawn = torch.randn(outputs, inputs, generator=generator, dtype=torch.float64, device="cpu") * deviation
        self.weight = nn.Parameter(drawn.to(dtype=dtype, device=device))
        self.bias = nn.Parameter(torch.zeros(outputs, dtype=dtype, device=device))

    def forward(self, z: Jet) -> Jet:
        """The jet of W z + b."""
        if len(z.indices) == 1:
            return Jet(nn.functional.linear(z.coefficients, self.weight, self.bias), z.indices)
        return affine_map(z, self.weight, self.bias)

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        """Add d row_n / d(W, b) for all rows n to ``jacobians["weight"]`` (N, O, I) and ``jacobians["bias"]`` (N, O).

        inputs: (K, M N, I), what the layer saw; adjoint: (K, M N, O), the derivative of the rows' sum with respect to
        what it gave. Row n depends on its own M points alone, so the sum's derivative there is the row's own, and
        d row_n / dW = sum over k and copies of adjoint (outer) inputs.
        """
        rows = jacobians["bias"].shape[0]
        a, delta = by_row(inputs, rows), by_row(adjoint, rows)
        jacobians["weight"] += torch.bmm(delta.transpose(1, 2), a)
        jacobians["bias"] += adjoint[0].reshape(-1, rows, adjoint.shape[2]).sum(0)


def affine_map(z: Jet, weight: Tensor, bias: Tensor) -> Jet:
    """The jet (K, N, O) of W z + b, differentiable once with respect to all three.

    Channels that are affine in the coordinates stay so: their values are multiplied, and their slopes.
    """
    if z.slopes is None or (z.written and z.coefficients.requires_grad):
        return Jet(_Affine.apply(z.coefficients, weight, bias), z.indices)
    return Jet.of_affine(nn.functional.linear(z.value, weight, bias), z.slopes @ weight.T, z.indices)


def by_row(values: Tensor, rows: int) -> Tensor:
    """(K, M N, C) to (N, K M, C): all that belongs to one row side by side."""
    split = values.reshape(values.shape[0], -1, rows, values.shape[2])
    return split.permute(2, 0, 1, 3).reshape(rows, -1, values.shape[2])


def _times(z: Tensor, matrix: Tensor) -> Tensor:
    """z (K, N, I) times a matrix (I, O), entry by entry where all at once are more rows than caches hold."""
    if z.shape[0] * z.shape[1] <= _ROWS_AT_ONCE or z.device.type != "cpu" or torch.compiler.is_compiling():
        return torch.matmul(z, matrix)
    out = z.new_empty(*z.shape[:2], matrix.shape[1])
    for own, made in zip(z.unbind(), out.unbind(), strict=True):
        torch.mm(own, matrix, out=made)
    return out


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, weight, bias):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205 (torch's own signature)
        ctx.save_for_backward(z, weight)
        out = _times(z, weight.T)
        if torch.compiler.is_compiling():  # it fuses a sum, and does not see through a write into a slice
            return torch.cat((out[:1] + bias, out[1:]))
        out[0] += bias
        return out

    @staticmethod
    @once
    def backward(ctx, ybar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        z, weight = ctx.saved_tensors
        zbar = _times(ybar, weight) if ctx.needs_input_grad[0] else None
        wbar = ybar.flatten(0, 1).T @ z.flatten(0, 1) if ctx.needs_input_grad[1] else None
        bbar = ybar[0].sum(0) if ctx.needs_input_grad[2] else None
        return zbar, wbar, bbar
