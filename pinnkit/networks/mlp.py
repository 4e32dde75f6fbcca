"""The multilayer perceptron."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import nn

from pinnkit.derivatives.factorised import Factorised
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.errors import UserError
from pinnkit.networks.activations import ACTIVATIONS, Activation
from pinnkit.networks.layers import Factors, require_layers
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class MLP(Network):
    """Fully connected layers: h_0 = features, h_l = activation(W_l h_(l-1) + b_l), fields = W h_depth + b.

    Weights start normal with variance 2/(inputs + outputs), biases at zero. With `frequency` the first layer starts
    as random waves instead: W_1 uniform in [-frequency, frequency], b_1 in [-pi, pi]. With sines these are random
    Fourier features (A. Rahimi, B. Recht, NIPS (2007)) that learn: where they are dense enough for the field, fitting
    it begins as a linear problem.

    Args:
        width: the channels of every hidden layer.
        depth: the number of hidden layers.
        activation: a smooth function, since the equations differentiate it.
        frequency: the largest start of a weight of the first layer, in radians a unit of the features, which is half of
            an interval with the embedding `scaled`; None for the start of the other layers.
        factorised: mean and deviation of the logarithms of the scales in hidden weights diag(exp s) V; None for plain
            weights.

    Example:
        >>> MLP(width=20, depth=3, activation="tanh").width
        20
    """

    width: int = 20
    depth: int = 3
    activation: Activation = "tanh"
    frequency: float | None = None
    factorised: Factors | None = None

    def __post_init__(self) -> None:
        require_layers("mlp", self.factorised, width=self.width, depth=self.depth)
        if self.frequency is not None and not 0 < self.frequency < math.inf:
            raise UserError(f"`frequency` of network `mlp` is {self.frequency:g}; it needs a finite number above 0")

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """A perceptron whose weights are drawn from the generator."""
        sizes = [inputs, *[self.width] * self.depth, outputs]
        layers = [Linear(a, b, generator, dtype, device) for a, b in pairwise(sizes)]
        if self.frequency is not None:
            _start_as_waves(layers[0], self.frequency, generator)
        if self.factorised is None:
            return _Perceptron(layers, self.activation)
        hidden = [Factorised(layer, *self.factorised, generator) for layer in layers[:-1]]
        return _Perceptron([*hidden, layers[-1]], self.activation)

    def expected(self, inputs: int, outputs: int) -> int:
        """The sum of (1 + channels in) (channels out) over the layers."""
        inner = (self.depth - 1) * (1 + self.width) * self.width
        scales = self.depth * self.width if self.factorised is not None else 0
        return (1 + inputs) * self.width + inner + (1 + self.width) * outputs + scales


def _start_as_waves(layer: Linear, frequency: float, generator: torch.Generator) -> None:
    """Weights uniform in [-frequency, frequency] and biases in [-pi, pi]."""
    with torch.no_grad():
        for parameter, bound in ((layer.weight, frequency), (layer.bias, math.pi)):
            drawn = torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(bound * (2.0 * drawn - 1.0))


@final
class _Perceptron(nn.Module):
    def __init__(self, layers: Sequence[nn.Module], activation: Activation) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.activation = ACTIVATIONS[activation]

    def forward(self, features: Jet) -> Jet:
        hidden = features
        for layer in self.layers[:-1]:
            hidden = self.activation(layer(hidden))
        fields: Jet = self.layers[-1](hidden)
        return fields
