"""Self-scaled Broyden: the family between BFGS and DFP, its member and its scale chosen anew at every step."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from pinnkit.optimizers.dense import DenseQuasiNewton
from pinnkit.optimizers.descent import Descent


@final
@dataclass(frozen=True)
class SSBroyden(DenseQuasiNewton):
    """H <- (H - H y y^T H/(y H y) + phi (y H y) v v^T)/tau + rho s s^T, v = rho s - H y/(y H y), rho = 1/(y s).

    With h = (y H y)/(y s), b = (s B s)/(y s), B = 1/H, a = b h - 1, c = sqrt(a/(1 + a)), n = P:

        rho- = min(1, h (1 - c))       theta- = (rho- - 1)/a       theta+ = 1/rho-
        theta = max(theta-, min(theta+, (1 - b)/b))                phi = (1 - theta)/(1 + a theta)
        sigma = 1 + a theta            rho_k = min(1, 1/b)
        tau = min(rho_k sigma^(1/(1-n)), sigma)            where theta <= 0
        tau = rho_k min(sigma^(1/(1-n)), 1/theta)          where theta > 0
        tau = h/sigma                                      at the first step

    J. F. Urban, P. Stefanou, J. A. Pons, arXiv 2405.04230 (2024), after M. Al-Baali's self-scaled methods. One step is
    one direction with a strong Wolfe length.
    """

    name: ClassVar[str] = "ssbroyden"
    matrices: ClassVar[int] = 4

    def update(self, inverse: Tensor, found: Descent, first: bool) -> Tensor:
        """The next H."""
        size = inverse.shape[0]
        return self_scaled(inverse, found, lambda b, h: scales(b, h, size, first))


def scales(b: float, h: float, size: int, first: bool) -> tuple[float, float]:
    """tau and phi."""
    # a >= 0 by Cauchy and Schwarz; at 0 all members agree, and the quotients below have no value.
    a = max(b * h - 1.0, 1e-12)
    lower = min(1.0, h * (1.0 - math.sqrt(a / (1.0 + a))))
    theta = max((lower - 1.0) / a, min(1.0 / lower, (1.0 - b) / b))
    sigma = 1.0 + a * theta
    phi = (1.0 - theta) / sigma
    if first:
        return h / sigma, phi
    volume = sigma ** (1.0 / (1.0 - size)) if size > 1 else 1.0
    small = min(1.0, 1.0 / b)
    return (min(small * volume, sigma) if theta <= 0 else small * min(volume, 1.0 / theta)), phi


def self_scaled(inverse: Tensor, found: Descent, choose: Callable[[float, float], tuple[float, float]]) -> Tensor:
    """The next H of the self-scaled family, tau and phi chosen from b and h."""
    s, y = found.move, found.change
    assert s is not None
    assert y is not None
    turned = inverse @ y
    ys, yhy = float(y @ s), float(y @ turned)
    # s = -a H g, so that B s = -a g needs no inverse.
    b = -found.length * float(s @ found.here.gradient) / ys
    tau, phi = choose(b, yhy / ys)
    v = s / ys - turned / yhy
    return (inverse - torch.outer(turned, turned) / yhy + phi * yhy * torch.outer(v, v)) / tau + torch.outer(s, s) / ys
