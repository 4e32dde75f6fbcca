"""Monotone rational-quadratic splines of [0, 1] onto itself, with their inverse.

Between the knots (x_k, y_k) and (x_k+1, y_k+1), with width w, height h, mean slope s = h/w, the slopes d_k and d_k+1 at
the knots and q = (x - x_k)/w,

    y = y_k + h (s q^2 + d_k q (1 - q)) / (s + (d_k+1 + d_k - 2 s) q (1 - q))
    dy/dx = s^2 (d_k+1 q^2 + 2 s q (1 - q) + d_k (1 - q)^2) / (s + (d_k+1 + d_k - 2 s) q (1 - q))^2

and q is the root of a quadratic equation where y is given. C. Durkan, A. Bekasov, I. Murray, G. Papamakarios, NeurIPS
2019 (arXiv 1906.04032), equations 4 to 8; J. A. Gregory, R. Delbourgo, IMA J. Numer. Anal. 2 (1982) 123.
"""

import math

import torch
from torch import Tensor

_NARROWEST = 1e-4
"""No bin is narrower or lower, as a share of what an even bin has."""

_FLATTEST = 1e-3
"""No slope at a knot is smaller."""

_UNIT = math.log(math.expm1(1.0 - _FLATTEST))
"""The number whose softplus makes a slope of one, so that zeros are the identity."""


def monotone_spline(at: Tensor, raw: Tensor, inverse: bool = False) -> tuple[Tensor, Tensor]:
    """The spline, or its inverse, at numbers in [0, 1], and the logarithm of its slope there.

    Args:
        at: (...), numbers in [0, 1].
        raw: (..., 3 K + 1) free numbers of K bins: widths, heights and slopes at the knots; zeros make the identity.
        inverse: whether y is given in place of x.

    Returns:
        y (or x), and log dy/dx (or log dx/dy), both (...).
    """
    bins = (raw.shape[-1] - 1) // 3
    x, y = _knots(raw[..., :bins]), _knots(raw[..., bins : 2 * bins])
    slopes = _FLATTEST + torch.nn.functional.softplus(raw[..., 2 * bins :] + _UNIT)
    own = torch.searchsorted((y if inverse else x)[..., 1:-1].detach().contiguous(), at[..., None].detach())

    def taken(values: Tensor, shift: int = 0) -> Tensor:
        return torch.gather(values, -1, own + shift)[..., 0]

    x0, y0, d0, d1 = taken(x), taken(y), taken(slopes), taken(slopes, 1)
    w, h = taken(x, 1) - x0, taken(y, 1) - y0
    s, bend = h / w, d1 + d0 - 2 * h / w
    if inverse:
        rise = at - y0
        a, b, c = h * (s - d0) + rise * bend, h * d0 - rise * bend, -s * rise
        q = 2 * c / (-b - torch.sqrt(torch.clamp(b**2 - 4 * a * c, min=0.0)))
    else:
        q = (at - x0) / w
    between = q * (1 - q)
    below = s + bend * between
    slope = 2 * torch.log(s) + torch.log(d1 * q**2 + 2 * s * between + d0 * (1 - q) ** 2) - 2 * torch.log(below)
    if inverse:
        return torch.clamp(x0 + q * w, 0.0, 1.0), -slope
    return torch.clamp(y0 + h * (s * q**2 + d0 * between) / below, 0.0, 1.0), slope


def _knots(raw: Tensor) -> Tensor:
    """K + 1 rising numbers from 0 to 1."""
    shares = _NARROWEST / raw.shape[-1] + (1 - _NARROWEST) * torch.softmax(raw, dim=-1)
    inner = torch.cumsum(shares, dim=-1)[..., :-1]
    zero = torch.zeros_like(raw[..., :1])
    return torch.cat((zero, inner, zero + 1.0), dim=-1)
