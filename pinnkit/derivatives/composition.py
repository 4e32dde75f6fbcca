"""An elementary function of a jet, f(z), and its transpose, in truncated Taylor arithmetic.

With F the jet of f'(z), the chain rule gives the Taylor coefficients of y = f(z) one order after the other,

    k_d y_k = sum over i + j = k of j_d F_i z_j        (d: the first coordinate that k differentiates)

(Griewank and Walther, Evaluating Derivatives, 2nd ed., for one variable). A change dz of z changes y by
the truncated product F dz, so the transpose of the map needs F alone: zbar_j = sum over i of F_i ybar_(i+j).
"""

import math
from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.once import once

Rule = Callable[[Tensor, IndexSet], tuple[Tensor, Tensor]]
"""Coefficients (K, N, C) of z to those of f(z) and of f'(z)."""


def compose(rule: Rule, z: Tensor, indices: IndexSet) -> Tensor:
    """The coefficients of f(z), differentiable once with respect to those of z."""
    result: Tensor = _Compose.apply(z, rule, indices)
    return result


def multiply(a: Tensor, b: Tensor, indices: IndexSet) -> Tensor:
    """The coefficients of the product of two jets, differentiable once with respect to both."""
    result: Tensor = _Multiply.apply(a, b, indices)
    return result


def product(a: Tensor, b: Tensor, indices: IndexSet) -> Tensor:
    """The truncated product (a b)_k = sum over i + j = k of a_i b_j."""
    out, left, right = _Unfilled(b), a.unbind(), b.unbind()
    for k, pairs in enumerate(indices.splits):
        torch.mul(left[0], right[k], out=out[k])
        if k:
            out[k].addcmul_(left[k], right[0])
        for i, j in pairs:
            out[k].addcmul_(left[i], right[j])
    return out.whole()


def transposed_product(a: Tensor, ybar: Tensor, indices: IndexSet) -> Tensor:
    """The transpose of b -> a b: zbar_j = sum over i of a_i ybar_(i+j)."""
    out, factors, given = _Unfilled(ybar), a.unbind(), ybar.unbind()
    for j in range(len(indices)):
        torch.mul(factors[0], given[j], out=out[j])
    for i, j, total in indices.shifts:
        out[j].addcmul_(factors[i], given[total])
    return out.whole()


@final
class _Unfilled:
    """Coefficients (K, N, C) that are about to be written, one after the other.

    They are slices of one tensor; but while a compiler looks on, tensors of their own, put together in the end. It
    fuses all that happens to a tensor, and does not see through writes into slices.
    """

    def __init__(self, like: Tensor) -> None:
        self._tensor = None if torch.compiler.is_compiling() else torch.empty_like(like)
        self._parts = [torch.empty_like(k) for k in like.unbind()] if self._tensor is None else self._tensor.unbind()

    def __getitem__(self, k: int) -> Tensor:
        return self._parts[k]

    def whole(self) -> Tensor:
        """All of them, once they are written."""
        return torch.stack(tuple(self._parts)) if self._tensor is None else self._tensor


class _Compose(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, rule, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205 (torch's own signature)
        y, slope = rule(z, indices)
        ctx.save_for_backward(slope)
        ctx.indices = indices
        return y

    @staticmethod
    @once
    def backward(ctx, ybar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        (slope,) = ctx.saved_tensors
        return transposed_product(slope, ybar, ctx.indices), None, None


class _Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        ctx.save_for_backward(a, b)
        ctx.indices = indices
        return product(a, b, indices)

    @staticmethod
    @once
    def backward(ctx, ybar):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN205
        a, b = ctx.saved_tensors
        abar = transposed_product(b, ybar, ctx.indices) if ctx.needs_input_grad[0] else None
        bbar = transposed_product(a, ybar, ctx.indices) if ctx.needs_input_grad[1] else None
        return abar, bbar, None


def tanh(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = tanh z with f' = 1 - y^2."""
    return _less_square(torch.tanh, z, indices, linear=False)


def sin(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = sin z with f' = cos z, each the other's derivative up to sign."""
    y, slope, given = _Unfilled(z), _Unfilled(z), z.unbind()
    torch.sin(given[0], out=y[0])
    torch.cos(given[0], out=slope[0])
    opposite = -y[0]
    for k in range(1, len(indices)):
        torch.mul(slope[0], given[k], out=y[k])
        torch.mul(opposite, given[k], out=slope[k])
        for i, j, weight in indices.chains[k]:
            y[k].addcmul_(slope[i], given[j], value=weight)
            slope[k].addcmul_(y[i], given[j], value=-weight)
    return y.whole(), slope.whole()


def logistic(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = 1/(1 + exp(-z)) with f' = y - y^2."""
    return _less_square(torch.sigmoid, z, indices, linear=True)


def _less_square(function: Callable[..., Tensor], z: Tensor, indices: IndexSet, linear: bool) -> tuple[Tensor, Tensor]:
    """The chain rule where f' = 1 - y^2 or, where `linear`, f' = y - y^2."""
    y, slope, given = _Unfilled(z), _Unfilled(z), z.unbind()
    one, zero = z.new_ones(()), z.new_zeros(())
    function(given[0], out=y[0])
    torch.addcmul(y[0] if linear else one, y[0], y[0], value=-1.0, out=slope[0])
    for k in range(1, len(indices)):
        torch.mul(slope[0], given[k], out=y[k])
        for i, j, weight in indices.chains[k]:
            y[k].addcmul_(slope[i], given[j], value=weight)
        torch.addcmul(y[k] if linear else zero, y[0], y[k], value=-2.0, out=slope[k])
        for i, j, weight in indices.squares[k]:
            slope[k].addcmul_(y[i], y[j], value=-weight)
    return y.whole(), slope.whole()


def reciprocal(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = 1/z with f' = -y^2."""
    y, slope, given = _Unfilled(z), _Unfilled(z), z.unbind()
    torch.reciprocal(given[0], out=y[0])
    torch.mul(-y[0], y[0], out=slope[0])
    for k in range(1, len(indices)):
        torch.mul(slope[0], given[k], out=y[k])
        for i, j, weight in indices.chains[k]:
            y[k].addcmul_(slope[i], given[j], value=weight)
        torch.mul(y[0], y[k], out=slope[k]).mul_(-2.0)
        for i, j, weight in indices.squares[k]:
            slope[k].addcmul_(y[i], y[j], value=-weight)
    return y.whole(), slope.whole()


def bounded(z: Tensor) -> Tensor:
    """z/sqrt(1 + z^2), the sign of z where z is infinite."""
    return torch.where(z.isinf(), z.sign(), z / torch.hypot(torch.ones_like(z), z))


def algebraic(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = z/sqrt(1 + z^2) with f' = c^3, where c = 1/sqrt(1 + z^2) falls as -y c^2: all of them are bounded."""
    y, c, square, slope, fall = (_Unfilled(z) for _ in range(5))
    given = z.unbind()
    y[0].copy_(bounded(given[0]))
    torch.reciprocal(torch.hypot(torch.ones_like(given[0]), given[0]), out=c[0])
    torch.mul(c[0], c[0], out=square[0])
    torch.mul(c[0], square[0], out=slope[0])
    torch.mul(-y[0], square[0], out=fall[0])
    for k in range(1, len(indices)):
        for out, rate in ((y, slope), (c, fall)):
            torch.mul(rate[0], given[k], out=out[k])
            for i, j, weight in indices.chains[k]:
                out[k].addcmul_(rate[i], given[j], value=weight)
        for out, left, right, sign in ((square, c, c, 1.0), (slope, c, square, 1.0), (fall, y, square, -1.0)):
            torch.mul(left[0], right[k], out=out[k]).addcmul_(left[k], right[0])
            for i, j in indices.splits[k]:
                out[k].addcmul_(left[i], right[j])
            out[k].mul_(sign)
    return y.whole(), slope.whole()


def softplus(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = log(1 + exp z), of which the derivative is the logistic function."""
    slope, _ = logistic(z, indices)
    return _from_slope(torch.nn.functional.softplus(z[0]), slope, z, indices), slope


def normal_distribution(z: Tensor, indices: IndexSet) -> tuple[Tensor, Tensor]:
    """y = Phi(z), the normal distribution function, with f' = exp(-z^2/2)/sqrt(2 pi)."""
    exponent = product(z, z, indices) * -0.5
    # The exponential is its own derivative.
    slope, given = _Unfilled(z), exponent.unbind()
    torch.exp(given[0], out=slope[0]).mul_(1.0 / math.sqrt(2.0 * math.pi))
    for k in range(1, len(indices)):
        torch.mul(slope[0], given[k], out=slope[k])
        for i, j, weight in indices.chains[k]:
            slope[k].addcmul_(slope[i], given[j], value=weight)
    whole = slope.whole()
    return _from_slope(torch.special.ndtr(z[0]), whole, z, indices), whole


def _from_slope(value: Tensor, slope: Tensor, z: Tensor, indices: IndexSet) -> Tensor:
    """The chain rule where the jet of f'(z) is known whole."""
    y, slopes, given = _Unfilled(z), slope.unbind(), z.unbind()
    y[0].copy_(value)
    for k in range(1, len(indices)):
        torch.mul(slopes[0], given[k], out=y[k])
        for i, j, weight in indices.chains[k]:
            y[k].addcmul_(slopes[i], given[j], value=weight)
    return y.whole()
