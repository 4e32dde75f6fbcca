"""Networks side by side, one a part of the domain, as one network: the features of all, the outputs of all."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.networks.network import Features


def seen_inside(points: Tensor, lower: Tensor, upper: Tensor, middle: Tensor) -> Tensor:
    """The points (N, d) of a box, with its middle (d,) in place of those outside."""
    within = ((lower <= points) & (points <= upper)).all(dim=1, keepdim=True)
    return torch.where(within, points, middle)


@final
class EnsembleFeatures(Features):
    """The features of every part, one after the other.

    A point outside a part is seen from its middle: the part's network has no say there, and its map may have a pole.

    Args:
        parts: the map of every part.
        boxes: of every part its lower ends, its upper ends and a point inside, (3, d).
    """

    def __init__(self, parts: Sequence[Features], boxes: Tensor) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.counts = [part.count for part in parts]
        self.count = sum(self.counts)
        # Numbers of the problem, not of the run: they follow the precision and are not saved.
        self.boxes: Tensor
        self.register_buffer("boxes", boxes, persistent=False)

    def forward(self, coordinates: Jet) -> Jet:
        """(K, N, d) to (K, N, count)."""
        found = []
        value = coordinates.coefficients[0]
        for part, (lower, upper, middle) in zip(self.parts, self.boxes, strict=True):
            seen = torch.cat([seen_inside(value, lower, upper, middle)[None], coordinates.coefficients[1:]])
            found.append(part(Jet(seen, coordinates.indices)))
        return jet.concatenate(found)


@final
class Ensemble(nn.Module):
    """Every network on its own features; the outputs one after the other."""

    def __init__(self, networks: Sequence[nn.Module], counts: Sequence[int]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.counts = list(counts)

    def forward(self, features: Jet) -> Jet:
        """(K, N, sum of counts) to (K, N, all outputs)."""
        pieces = features.coefficients.split(self.counts, dim=2)
        own = [network(Jet(piece, features.indices)) for network, piece in zip(self.networks, pieces, strict=True)]
        return jet.concatenate(own)
