"""The multilayer perceptron."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import nn

from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.errors import UserError
from pinnkit.networks.activations import ACTIVATIONS, Activation
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class MLP(Network):
    """Fully connected layers: h_0 = features, h_l = activation(W_l h_(l-1) + b_l), fields = W h_depth + b.

    Args:
        width: the channels of every hidden layer.
        depth: the number of hidden layers.
        activation: a smooth function, since the equations differentiate it.

    Example:
        >>> MLP(width=20, depth=3, activation="tanh")
        MLP(width=20, depth=3, activation='tanh')
    """

    width: int = 20
    depth: int = 3
    activation: Activation = "tanh"

    def __post_init__(self) -> None:
        for option in ("width", "depth"):
            if getattr(self, option) < 1:
                raise UserError(f"`{option}` of network `mlp` is {getattr(self, option)}; it needs at least 1")

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """A perceptron with Glorot weights and zero biases."""
        sizes = [inputs, *[self.width] * self.depth, outputs]
        layers = [Linear(a, b, generator, dtype, device) for a, b in pairwise(sizes)]
        return _Perceptron(layers, self.activation)

    def expected(self, inputs: int, outputs: int) -> int:
        """The sum of (1 + channels in) (channels out) over the layers."""
        inner = (self.depth - 1) * (1 + self.width) * self.width
        return (1 + inputs) * self.width + inner + (1 + self.width) * outputs


@final
class _Perceptron(nn.Module):
    def __init__(self, layers: list[Linear], activation: Activation) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.activation = ACTIVATIONS[activation]

    def forward(self, features: Jet) -> Jet:
        hidden = features
        for layer in self.layers[:-1]:
            hidden = self.activation(layer(hidden))
        fields: Jet = self.layers[-1](hidden)
        return fields
