"""PirateNet: residual blocks that start as nothing, so that a deep network begins as a linear map of its features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from pinnkit.derivatives.gate import Gate
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.networks.activations import ACTIVATIONS, Activation
from pinnkit.networks.layers import Factors, hidden_layer, hidden_size, require_layers
from pinnkit.networks.modified_mlp import between
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class PirateNet(Network):
    """Blocks x <- alpha h + (1 - alpha) x, h of three layers and two gates, alpha trained from 0 on.

    With U = a(W_U z + b_U) and V = a(W_V z + b_V) of the features z, a block is

        f = a(W_1 x + b_1),  p = f U + (1 - f) V,  g = a(W_2 p + b_2),  q = g U + (1 - g) V,  h = a(W_3 q + b_3).

    x begins as z, or as a linear map of it where there are not `width` features; fields are linear in the last x.
    S. Wang, B. Li, Y. Chen, P. Perdikaris, J. Mach. Learn. Res. 25 (2024) (arXiv 2402.00326), section 4.

    Args:
        width: the channels of every layer.
        blocks: the number of blocks, of three layers each.
        activation: a smooth function, since the equations differentiate it.
        factorised: mean and deviation of the logarithms of the scales in hidden weights diag(exp s) V; None for plain
            weights.

    Example:
        >>> PirateNet(width=64, blocks=1).expected(inputs=64, outputs=1)
        20866
    """

    width: int = 64
    blocks: int = 3
    activation: Activation = "tanh"
    factorised: Factors | None = None

    def __post_init__(self) -> None:
        require_layers("pirate_net", self.factorised, width=self.width, blocks=self.blocks)

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """The module, its weights drawn from the generator."""

        def layer(channels: int) -> nn.Module:
            return hidden_layer(channels, self.width, self.factorised, generator, dtype, device)

        u, v = layer(inputs), layer(inputs)
        blocks = [_Block([layer(self.width) for _ in range(3)], Gate(dtype, device)) for _ in range(self.blocks)]
        first = Linear(inputs, self.width, generator, dtype, device) if inputs != self.width else None
        last = Linear(self.width, outputs, generator, dtype, device)
        return _Pirate(u, v, first, blocks, last, self.activation)

    def expected(self, inputs: int, outputs: int) -> int:
        """Two maps of the features, three layers and a number a block, and what comes before and after."""
        gates = 2 * hidden_size(inputs, self.width, self.factorised)
        inner = self.blocks * (3 * hidden_size(self.width, self.width, self.factorised) + 1)
        first = (1 + inputs) * self.width if inputs != self.width else 0
        return gates + inner + first + (1 + self.width) * outputs


Activate = Callable[[Jet], Jet]


@final
class _Block(nn.Module):
    def __init__(self, layers: list[nn.Module], gate: Gate) -> None:
        super().__init__()
        self.one, self.two, self.three = layers
        self.gate = gate

    def forward(self, x: Jet, u: Jet, v: Jet, activation: Activate) -> Jet:
        # f U + (1 - f) V is between V and U at f
        p = between(activation(self.one(x)), v, u)
        q = between(activation(self.two(p)), v, u)
        h = activation(self.three(q))
        moved = self.gate(Jet(h.coefficients - x.coefficients, x.indices))
        return Jet(x.coefficients + moved.coefficients, x.indices)


@final
class _Pirate(nn.Module):
    def __init__(
        self,
        u: nn.Module,
        v: nn.Module,
        first: nn.Module | None,
        blocks: list[_Block],
        last: nn.Module,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.u, self.v, self.first = u, v, first
        self.blocks = nn.ModuleList(blocks)
        self.last = last
        self.activation = ACTIVATIONS[activation]

    def forward(self, features: Jet) -> Jet:
        a = self.activation
        u, v = a(self.u(features)), a(self.v(features))
        x = features if self.first is None else self.first(features)
        for block in self.blocks:
            x = block(x, u, v, a)
        fields: Jet = self.last(x)
        return fields
