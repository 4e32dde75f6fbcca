"""Networks of one factor a feature: sums of products of functions of one variable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.networks.activations import Activation
from pinnkit.networks.layers import require_layers
from pinnkit.networks.mlp import MLP
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class Separable(Network):
    """Sums of products: h_r = product over i of (1 + f_ir(x_i)/sqrt n), fields = W h + b, of n features x_i.

    Every f_i is a perceptron of one feature with `rank` outputs. A field that is a sum of few such products needs far
    fewer parameters in many dimensions than a network of all features together. J. Cho, S. Nam, H. Yang, S.-B. Yun,
    Y. Hong, E. Park, NeurIPS 2023 (arXiv 2306.15969), whose factors f_ir stand here beside 1, over the square root, so
    that a product begins near 1 however many factors it has.

    Args:
        rank: the number of products.
        width: the channels of every hidden layer of a factor.
        depth: the number of its hidden layers.
        activation: a smooth function.

    Example:
        >>> Separable(rank=8, width=10, depth=1).expected(3, 1)
        333
    """

    rank: int = 16
    width: int = 16
    depth: int = 2
    activation: Activation = "tanh"

    def __post_init__(self) -> None:
        require_layers("separable", None, rank=self.rank, width=self.width, depth=self.depth)

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """Factors and the map of their products, drawn from the generator."""
        factors = [self._factor.build(1, self.rank, generator, dtype, device) for _ in range(inputs)]
        return _Products(factors, Linear(self.rank, outputs, generator, dtype, device))

    def expected(self, inputs: int, outputs: int) -> int:
        """Those of a factor for every feature, and (1 + rank) a field."""
        return inputs * self._factor.expected(1, self.rank) + (1 + self.rank) * outputs

    @property
    def _factor(self) -> MLP:
        return MLP(self.width, self.depth, self.activation)


@final
class _Products(nn.Module):
    def __init__(self, factors: Sequence[nn.Module], last: nn.Module) -> None:
        super().__init__()
        self.factors = nn.ModuleList(factors)
        self.last = last

    def forward(self, features: Jet) -> Jet:
        product: Jet | None = None
        for number, factor in enumerate(self.factors):
            own = factor(features.channel(number))
            one = torch.ones_like(own.coefficients[0, 0])
            own = jet.affine(own, one / math.sqrt(len(self.factors)), one)
            product = own if product is None else jet.multiply(product, own)
        fields: Jet = self.last(product)
        return fields
