"""An elementary function of a jet whose second derivatives stand in sums alone, such as a Laplacian.

With e the first derivatives and S the entry of a sum of second ones, in Taylor coefficients,

    y_e = f' z_e,        y_S = f' z_S + 1/2 f'' sum of z_e^2        (f', f'' at the value z_0)

and the transpose needs f''' too, but no jet of the slope: z itself is all that is kept. That is two thirds of the work
of truncated Taylor arithmetic, which does not know that nothing reads the slope's own entries.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.once import once

Slopes = Callable[[Tensor], tuple[Tensor, Tensor, Tensor, Tensor]]
"""Values z_0 to f, f', f'' and f''' there."""


def compose(slopes: Slopes, z: Tensor, indices: IndexSet) -> Tensor:
    """The coefficients of f(z), differentiable once with respect to those of z (K, N, C)."""
    result: Tensor = _Compose.apply(z, slopes, indices)
    return result


def tanh(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """y = tanh z: f' = 1 - y^2, f'' = -2 y f', f''' = -2 f' (f' - 2 y^2)."""
    y = torch.tanh(z)
    square = y * y
    first = 1.0 - square
    return y, first, -2.0 * y * first, first * (6.0 * square - 2.0)


def sin(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """y = sin z: f' = cos z, f'' = -y, f''' = -f'."""
    y, first = torch.sin(z), torch.cos(z)
    return y, first, -y, -first


class _Compose(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, slopes, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205 (torch's own signature)
        value, first, second, third = slopes(z[0])
        y, given = torch.empty_like(z), z.unbind()
        y[0] = value
        torch.mul(z[1:], first, out=y[1:])
        falls = []
        for k, places in indices.sums:
            squares = torch.mul(given[places[0]], given[places[0]])
            for e in places[1:]:
                squares.addcmul_(given[e], given[e])
            y[k].addcmul_(second, squares, value=0.5)
            falls.append(torch.mul(second, given[k]).addcmul_(third, squares, value=0.5))
        # The slopes are made again from z_0: kept, they would be a quarter of a jet of ten coordinates.
        ctx.save_for_backward(z, *falls)
        ctx.indices, ctx.slopes = indices, slopes
        return y

    @staticmethod
    @once
    def backward(ctx, ybar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        z, *falls = ctx.saved_tensors
        _, first, second, _ = ctx.slopes(z[0])
        zbar, given, adjoints = ybar * first, z.unbind(), ybar.unbind()
        along = torch.zeros_like(first)
        for _, e in ctx.indices.units:
            along.addcmul_(given[e], adjoints[e])
        zbar[0].addcmul_(second, along)
        for (k, places), fall in zip(ctx.indices.sums, falls, strict=True):
            zbar[0].addcmul_(fall, adjoints[k])
            pull = second * adjoints[k]
            for e in places:
                zbar[e].addcmul_(given[e], pull)
        return zbar, None, None
