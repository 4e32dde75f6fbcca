"""Networks of sines whose frequencies are set apart from their weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.errors import UserError
from pinnkit.networks.layers import require_layers
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class SIREN(Network):
    """Sines of fixed frequency: h_1 = sin(w_1 (W_1 x + b_1)), h_l = sin(w (W_l h_(l-1) + b_l)), fields = W h_depth + b.

    Weights of the first layer start uniform in [-1/n, 1/n], those of all others in [-sqrt(6/n)/w, sqrt(6/n)/w], n the
    channels that go in; biases uniform in [-1/sqrt n, 1/sqrt n]. Then every hidden layer receives numbers that are
    about standard normal, however many there are, and its slopes neither grow nor fade. V. Sitzmann, J. Martel,
    A. Bergman, D. Lindell, G. Wetzstein, NeurIPS 2020 (arXiv 2006.09661), section 3.2.

    Args:
        width: the channels of every hidden layer.
        depth: the number of hidden layers.
        first_frequency: w_1, in radians a unit of the features, which is half of an interval with the embedding
            `scaled`.
        frequency: w; it does not change the start, but makes steps in the weights of the other layers larger.

    Example:
        >>> SIREN(width=32, depth=2, first_frequency=10.0).expected(2, 1)
        1185
    """

    width: int = 32
    depth: int = 3
    first_frequency: float = 30.0
    frequency: float = 30.0

    def __post_init__(self) -> None:
        require_layers("siren", None, width=self.width, depth=self.depth)
        for option in ("first_frequency", "frequency"):
            value = getattr(self, option)
            if not 0 < value < math.inf:
                raise UserError(f"`{option}` of network `siren` is {value:g}; it needs a finite number above 0")

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """A network whose weights are drawn from the generator."""
        sizes = [inputs, *[self.width] * self.depth, outputs]
        layers = [Linear(a, b, generator, dtype, device) for a, b in pairwise(sizes)]
        bounds = [1.0 / inputs, *[math.sqrt(6.0 / self.width) / self.frequency] * self.depth]
        for layer, bound, width in zip(layers, bounds, sizes[:-1], strict=True):
            _start_uniformly(layer, bound, 1.0 / math.sqrt(width), generator)
        frequencies = [self.first_frequency, *[self.frequency] * (self.depth - 1)]
        return _Sines(layers, frequencies)

    def expected(self, inputs: int, outputs: int) -> int:
        """The sum of (1 + channels in) (channels out) over the layers."""
        inner = (self.depth - 1) * (1 + self.width) * self.width
        return (1 + inputs) * self.width + inner + (1 + self.width) * outputs


def _start_uniformly(layer: Linear, weight: float, bias: float, generator: torch.Generator) -> None:
    """Weights and biases uniform up to these bounds."""
    with torch.no_grad():
        for parameter, bound in ((layer.weight, weight), (layer.bias, bias)):
            drawn = torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(bound * (2.0 * drawn - 1.0))


@final
class _Sines(nn.Module):
    def __init__(self, layers: Sequence[nn.Module], frequencies: Sequence[float]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.frequencies = list(frequencies)

    def forward(self, features: Jet) -> Jet:
        hidden = features
        for layer, frequency in zip(self.layers, self.frequencies, strict=False):
            given = layer(hidden)
            hidden = jet.sin(Jet(frequency * given.coefficients, given.indices))
        fields: Jet = self.layers[-1](hidden)
        return fields
