"""Unknown parameters p as trained numbers z of theta, zero at the start: p = T(z0 + s z).

With bounds a and b, the start p0 and the scale c:

    no bound       p = p0 + c z
    a alone        p = a + (p0 - a) exp(s z),               s = c/(p0 - a)
    b alone        p = b - (b - p0) exp(-s z),              s = c/(b - p0)
    both           p = a + (b - a) sigmoid(z0 + s z),       s = c (b - a)/((p0 - a)(b - p0)),

with z0 the logit of (p0 - a)/(b - a). So p never leaves its bounds, p = p0 and dp/dz = c where z = 0.

The parameters are outputs of the trained module that are the same at all points: their jets stand behind those of the
network, their rows' gradients are those of a row layer, and whatever evaluates the fields has them too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.problem.unknown import Unknown


@final
@dataclass(frozen=True)
class Bend:
    """One parameter's p = T(z0 + s z), as p0 + c z, or base + reach exp(s z), or base + reach sigmoid(z0 + s z).

    Args:
        base: a, or b where it is the only bound; p0 without bounds.
        reach: p0 - a, p0 - b, or b - a; c without bounds.
        slope: s, negative where b is the only bound; 1 without bounds.
        offset: z0.
        kind: 0 without bounds, 1 with one, 2 with two.
    """

    base: float
    reach: float
    slope: float
    offset: float
    kind: int

    @staticmethod
    def of(unknown: Unknown) -> "Bend":
        """The transform of a parameter with its start, bounds and scale."""
        p, a, b, c = unknown.start, unknown.lower, unknown.upper, unknown.step
        if math.isinf(a) and math.isinf(b):
            return Bend(p, c, 1.0, 0.0, 0)
        if math.isinf(b):
            return Bend(a, p - a, c / (p - a), 0.0, 1)
        if math.isinf(a):
            return Bend(b, p - b, -c / (b - p), 0.0, 1)
        return Bend(a, b - a, c * (b - a) / ((p - a) * (b - p)), math.log((p - a) / (b - p)), 2)


@final
class Transform(nn.Module):
    """The parameters p (..., U) of their trained numbers z (..., U)."""

    base: Tensor
    reach: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(self, unknowns: Sequence[Unknown], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        bends = [Bend.of(unknown) for unknown in unknowns]
        for name in ("base", "reach", "slope", "offset"):
            values = [getattr(bend, name) for bend in bends]
            self.register_buffer(name, torch.tensor(values, dtype=dtype, device=device), persistent=False)
        self.kinds = tuple(bend.kind for bend in bends)

    def forward(self, z: Tensor) -> Tensor:
        """p = base + reach T(offset + slope z)."""
        y = (self.offset + self.slope * z).unbind(-1)
        functions = (lambda t: t, torch.exp, torch.sigmoid)
        bent = torch.stack([functions[kind](own) for kind, own in zip(self.kinds, y, strict=True)], dim=-1)
        return torch.addcmul(self.base, self.reach, bent)


@final
class Unknowns(nn.Module):
    """The trained numbers z (U,), zero at first, as jets (K, N, U) that are the same at all points."""

    def __init__(self, count: int, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.raw = nn.Parameter(torch.zeros(count, dtype=dtype, device=device))

    def forward(self, features: Jet) -> Jet:
        """The jet of z at the points of the features."""
        orders, points, _ = features.coefficients.shape
        value = self.raw.expand(1, points, -1)
        if orders == 1:
            return Jet(value, features.indices)
        return Jet(torch.cat((value, value.new_zeros(orders - 1, *value.shape[1:]))), features.indices)

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        """Add d row_n / d z to ``jacobians["raw"]`` (N, U), the sum of the row's adjoint (K, M N, U) over its M points.

        z moves the value alone, and is the same in all mirrored copies.
        """
        rows, count = jacobians["raw"].shape
        jacobians["raw"] += adjoint[0].reshape(-1, rows, count).sum(0)


@final
class WithUnknowns(nn.Module):
    """A network of jets with unknown parameters as further channels behind its own."""

    def __init__(
        self, network: nn.Module, unknowns: Sequence[Unknown], dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        self.network = network
        self.unknowns = Unknowns(len(unknowns), dtype, device)
        self.transform = Transform(unknowns, dtype, device)

    def forward(self, features: Jet) -> Jet:
        """The jets (K, N, R + U) of the network's R outputs and the U parameters."""
        z = self.unknowns(features)
        value = self.transform(z.coefficients[:1])
        constants = Jet(torch.cat((value, z.coefficients[1:])), z.indices)
        return jet.concatenate([self.network(features), constants])


def with_unknowns(
    network: nn.Module, unknowns: Sequence[Unknown], dtype: torch.dtype, device: torch.device
) -> nn.Module:
    """The network with unknown parameters behind its outputs; itself where there are none."""
    return WithUnknowns(network, unknowns, dtype, device) if unknowns else network
