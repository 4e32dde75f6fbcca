"""An elementary function of a jet whose second derivatives stand in sums alone, such as a Laplacian.

With e the first derivatives and S the entry of a sum of second ones, in Taylor coefficients,

    y_e = f' z_e,        y_S = f' z_S + 1/2 f'' sum of z_e^2        (f', f'' at the value z_0)

and the transpose needs f''' too, but no jet of the slope: z itself is all that is kept. That is two thirds of the work
of truncated Taylor arithmetic, which does not know that nothing reads the slope's own entries.

Where z is affine in the coordinates, as what a first layer gives, z_e = s_e is the same at all points and z_S = 0: then
neither z nor its adjoint is ever written.
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


def compose_affine(slopes: Slopes, value: Tensor, along: Tensor, indices: IndexSet) -> Tensor:
    """The coefficients (K, N, C) of f(z) for an affine z with values (N, C), and slopes (U, C) as `units` has them."""
    result: Tensor = _ComposeAffine.apply(value, along, slopes, indices)
    return result


def spread(value: Tensor, along: Tensor, indices: IndexSet) -> Tensor:
    """The coefficients (K, N, C) of an affine z itself."""
    result: Tensor = _Spread.apply(value, along, indices)
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


class _ComposeAffine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value, along, slopes, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        y0, first, second, _ = slopes(value)
        y = value.new_empty(len(indices), *value.shape)
        y[0] = y0
        for (_, e), slope in zip(indices.units, along, strict=True):
            torch.mul(first, slope, out=y[e])
        for k, squares in _squares(along, indices):
            torch.mul(second, 0.5 * squares, out=y[k])
        ctx.save_for_backward(value, along)
        ctx.indices, ctx.slopes = indices, slopes
        return y

    @staticmethod
    @once
    def backward(ctx, ybar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        value, along = ctx.saved_tensors
        _, first, second, third = ctx.slopes(value)
        adjoints, pulled = ybar.unbind(), torch.zeros_like(value)
        alongbar = torch.empty_like(along)
        for number, (_, e) in enumerate(ctx.indices.units):
            pulled.addcmul_(adjoints[e], along[number].expand_as(value))
            alongbar[number] = torch.linalg.vecdot(first, adjoints[e], dim=0)
        zbar = adjoints[0] * first
        zbar.addcmul_(second, pulled)
        below = {e: number for number, (_, e) in enumerate(ctx.indices.units)}
        for (k, squares), (_, places) in zip(_squares(along, ctx.indices), ctx.indices.sums, strict=True):
            zbar.addcmul_(third, adjoints[k] * squares, value=0.5)
            pull, own = torch.linalg.vecdot(second, adjoints[k], dim=0), [below[e] for e in places]
            alongbar[own] += along[own] * pull
        return zbar, alongbar, None, None


def _squares(along: Tensor, indices: IndexSet) -> list[tuple[int, Tensor]]:
    """For every sum where it stands, and the sum (C,) of the squares of the slopes below it."""
    below = {e: number for number, (_, e) in enumerate(indices.units)}
    return [(k, (along[[below[e] for e in places]] ** 2).sum(0)) for k, places in indices.sums]


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value, along, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        z = value.new_zeros(len(indices), *value.shape)
        z[0] = value
        ctx.places = [e for _, e in indices.units]
        z[ctx.places] = along[:, None]
        return z

    @staticmethod
    @once
    def backward(ctx, zbar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        return zbar[0], zbar.sum(1)[ctx.places], None
