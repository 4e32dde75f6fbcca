"""Networks of one factor a feature: sums of products of functions of one variable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.indices import IndexSet
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
        channels = [features.channel(number) for number in range(len(self.factors))]
        along = [_only_coordinate(channel) for channel in channels]
        if len(features.indices) > 1 and None not in along and _of_one_coordinate_each(features.indices):
            fields: Jet = self.last(self._by_coordinate(channels, [d for d in along if d is not None]))
            return fields
        fields = self.last(_product([self._factor(number, channel) for number, channel in enumerate(channels)]))
        return fields

    def _factor(self, number: int, channel: Jet) -> Jet:
        found = self.factors[number](channel)
        one = torch.ones_like(found.coefficients[0, 0])
        return jet.affine(found, one / math.sqrt(len(self.factors)), one)

    def _by_coordinate(self, channels: Sequence[Jet], along: Sequence[int]) -> Jet:
        """The product where every factor depends on one coordinate: jets of one variable, and one product for each k.

        With g_d the factors of coordinate d together, the coefficient at n e_d is that of g_d at n times the values of
        all others, and a sum of second derivatives the sum of such.
        """
        indices = channels[0].indices
        highest = max(sum(map(abs, k)) if min(k) >= 0 else 2 for k in indices.indices)
        line = IndexSet.closure([(highest,)], 1)
        own: dict[int, Jet] = {}
        for number, (channel, d) in enumerate(zip(channels, along, strict=True)):
            found = self._factor(number, _on_a_line(channel, d, line))
            own[d] = jet.multiply(own[d], found) if d in own else found
        before, behind = _all_others([g.value for g in own.values()])
        others = {d: a * b for d, a, b in zip(own, before, behind, strict=True)}
        nothing = torch.zeros_like(others[along[0]])
        coefficients = [next(iter(own.values())).value * others[next(iter(own))]]
        for k in indices.indices[1:]:
            parts = [own[d].coefficients[abs(n)] * others[d] for d, n in enumerate(k) if n and d in own]
            coefficients.append(torch.stack(parts).sum(0) if parts else nothing)
        return Jet(torch.stack(coefficients), indices)


def _product(factors: Sequence[Jet]) -> Jet:
    product = factors[0]
    for factor in factors[1:]:
        product = jet.multiply(product, factor)
    return product


def _of_one_coordinate_each(indices: IndexSet) -> bool:
    """Whether no derivative is along two coordinates."""
    return all(min(k) < 0 or sum(n > 0 for n in k) == 1 for k in indices.indices[1:])


def _only_coordinate(channel: Jet) -> int | None:
    """The one coordinate in which a channel is affine, where that is known."""
    if channel.slopes is None:
        return None
    along = channel.slopes[:, 0].nonzero()[:, 0].tolist()
    return int(along[0]) if len(along) == 1 else None


def _on_a_line(channel: Jet, coordinate: int, line: IndexSet) -> Jet:
    """A channel that is affine in one coordinate as a jet of that alone."""
    assert channel.slopes is not None
    coefficients = channel.value.new_zeros(len(line), *channel.value.shape)
    coefficients[0] = channel.value
    coefficients[1] = channel.slopes[coordinate, 0]
    return Jet(coefficients, line, channel.slopes[coordinate : coordinate + 1])


def _all_others(values: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Of every factor the product of those before it, and of those behind it."""
    before, behind = [torch.ones_like(values[0])], [torch.ones_like(values[0])]
    for value in values[:-1]:
        before.append(before[-1] * value)
    for value in reversed(values[1:]):
        behind.append(behind[-1] * value)
    return before, behind[::-1]
