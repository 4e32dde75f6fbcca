"""Points, with all that evaluating the fields there needs and that no parameter changes."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.derivatives.jet import Jet


@final
@dataclass(frozen=True, eq=False)
class Prepared:
    """All that evaluating the fields at given points needs and that no parameter changes.

    features: the network's input (K', M N, C) for M mirrored copies, absent with nested reverse mode; its indices are
        those of the network's outputs, which fields without divergence need to a higher order.
    lift, distance: the Taylor coefficients (K, N, F + U) of G and D, absent where every field is the network itself;
        an unknown parameter has G = 0 and D = 1.
    stream: those (2, K', N) of the G and D of a stream function that the problem gives.
    normals: the outward unit normals (N, k) along space, where the points lie on a shape's boundary.
    """

    points: Tensor
    indices: IndexSet
    features: Jet | None
    lift: Tensor | None
    distance: Tensor | None
    stream: Tensor | None = None
    normals: Tensor | None = None

    @property
    def known(self) -> Tensor:
        """What residuals see of the points: their coordinates, and the normals behind them."""
        return self.points if self.normals is None else torch.cat((self.points, self.normals), dim=1)

    def part(self, rows: slice, copies: int) -> "Prepared":
        """The same for some of the points."""
        features = self.features
        if features is not None:
            split = features.coefficients.unflatten(1, (copies, -1))[:, :, rows].flatten(1, 2)
            features = Jet(split, features.indices, features.slopes)
        lift = self.lift[:, rows] if self.lift is not None else None
        distance = self.distance[:, rows] if self.distance is not None else None
        stream = self.stream[:, :, rows] if self.stream is not None else None
        normals = self.normals[rows] if self.normals is not None else None
        return Prepared(self.points[rows], self.indices, features, lift, distance, stream, normals)
