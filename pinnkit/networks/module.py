"""A torch module of the user's own as a network."""

from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from pinnkit.derivatives.jet import Jet
from pinnkit.errors import UserError
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True, eq=False)
class TorchModule(Network):
    """Any torch module from features (N, inputs) to raw fields (N, outputs), differentiated by nested reverse mode.

    It can be given in Python only, and needs ``derivatives="autograd"``.

    Args:
        module: the module; the number of features is one a coordinate (two a periodic one).

    Example:
        >>> network = TorchModule(nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)))
    """

    module: nn.Module

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """The module itself, in the precision and on the device of the run."""
        return _OnValues(self.module.to(dtype=dtype, device=device))

    def expected(self, inputs: int, outputs: int) -> int:
        """Those that the module has."""
        return sum(p.numel() for p in self.module.parameters())


@final
class _OnValues(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, features: Jet) -> Jet:
        if len(features.indices) > 1:
            raise UserError("a torch module carries no jets; set `derivatives: autograd` in the config")
        return Jet(self.module(features.value)[None], features.indices)
