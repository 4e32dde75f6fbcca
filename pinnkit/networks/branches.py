"""Networks side by side on the same features, each with outputs of its own and no parameter in common."""

from collections.abc import Sequence
from typing import final

from torch import nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet


@final
class Branches(nn.Module):
    """The outputs of every network, one after the other."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, features: Jet) -> Jet:
        """(K, N, inputs) to (K, N, all outputs)."""
        return jet.concatenate([network(features) for network in self.networks])
