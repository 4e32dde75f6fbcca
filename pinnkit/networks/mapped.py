"""A coordinate with an infinite end as its algebraic map s in [-1, 1], a jet of the coordinate itself."""

from typing import final

import torch
from torch import nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.problem.maps import Axis


@final
class Mapped(nn.Module):
    """s(x) times a factor, as `Axis` maps it.

    It is written in y = (x - a)/L, so that nothing overflows: 1 - 2/(1 + y) on a half-line, y/sqrt(1 + y^2) on the
    line. Derivatives along x of all orders follow by the arithmetic of jets; at infinity they vanish.
    """

    def __init__(self, coordinate: int, axis: Axis, factor: float) -> None:
        super().__init__()
        self.coordinate = coordinate
        self.axis = axis
        self.factor = factor
        self.waves = False
        self.count = 1

    def forward(self, coordinates: Jet) -> Jet:
        """The jet (K, N, 1) of s, given that of all coordinates."""
        x = coordinates.channel(self.coordinate)
        axis, factor = self.axis, self.factor
        if axis.kind == "line":
            return _affine(jet.algebraic(_affine(x, 1.0 / axis.scale, 0.0)), factor, 0.0)
        sign, end = (1.0, axis.lower) if axis.kind == "above" else (-1.0, axis.upper)
        y = _affine(x, sign / axis.scale, 1.0 - sign * end / axis.scale)
        return _affine(jet.reciprocal(y), -2.0 * sign * factor, sign * factor)


def _affine(z: Jet, scale: float, shift: float) -> Jet:
    numbers = torch.tensor([[scale], [shift]], dtype=z.coefficients.dtype, device=z.coefficients.device)
    return jet.affine(z, numbers[0], numbers[1])
