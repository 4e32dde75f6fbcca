"""The modified multilayer perceptron: every layer is a gate between two maps of the features."""

from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear
from pinnkit.networks.activations import ACTIVATIONS, Activation
from pinnkit.networks.layers import Factors, hidden_layer, hidden_size, require_layers
from pinnkit.networks.network import Network


@final
@dataclass(frozen=True)
class ModifiedMLP(Network):
    """U = a(W_U z + b_U), V = a(W_V z + b_V), h_1 = a(W_1 z + b_1), Z_l = a(W h_l + b), h_(l+1) = (1 - Z_l) U + Z_l V.

    z are the features, a the activation, and the fields are linear in the last h. Products are of each channel.
    S. Wang, Y. Teng, P. Perdikaris, SIAM J. Sci. Comput. 43 (2021) A3055 (arXiv 2001.04536), equations 2.36 to 2.40.

    Args:
        width: the channels of every hidden layer.
        depth: the number of hidden layers h_1 ... h_depth.
        activation: a smooth function, since the equations differentiate it.
        factorised: mean and deviation of the logarithms of the scales in hidden weights diag(exp s) V; None for plain
            weights.

    Example:
        >>> ModifiedMLP(width=64, depth=3).expected(inputs=2, outputs=1)
        8961
    """

    width: int = 64
    depth: int = 3
    activation: Activation = "tanh"
    factorised: Factors | None = None

    def __post_init__(self) -> None:
        require_layers("modified_mlp", self.factorised, width=self.width, depth=self.depth)

    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """The module, its weights drawn from the generator."""

        def layer(channels: int) -> nn.Module:
            return hidden_layer(channels, self.width, self.factorised, generator, dtype, device)

        u, v = layer(inputs), layer(inputs)
        hidden = [layer(inputs), *(layer(self.width) for _ in range(self.depth - 1))]
        return _Gated(u, v, hidden, Linear(self.width, outputs, generator, dtype, device), self.activation)

    def expected(self, inputs: int, outputs: int) -> int:
        """Three maps of the features, the inner layers, and the last one."""
        first = 3 * hidden_size(inputs, self.width, self.factorised)
        inner = (self.depth - 1) * hidden_size(self.width, self.width, self.factorised)
        return first + inner + (1 + self.width) * outputs


def between(gate: Jet, u: Jet, v: Jet) -> Jet:
    """(1 - Z) U + Z V, as U + Z (V - U)."""
    apart = Jet(v.coefficients - u.coefficients, u.indices)
    return Jet(u.coefficients + jet.multiply(gate, apart).coefficients, u.indices)


@final
class _Gated(nn.Module):
    def __init__(
        self, u: nn.Module, v: nn.Module, hidden: list[nn.Module], last: nn.Module, activation: Activation
    ) -> None:
        super().__init__()
        self.u, self.v = u, v
        self.hidden = nn.ModuleList(hidden)
        self.last = last
        self.activation = ACTIVATIONS[activation]

    def forward(self, features: Jet) -> Jet:
        u, v = self.activation(self.u(features)), self.activation(self.v(features))
        h = self.activation(self.hidden[0](features))
        for layer in self.hidden[1:]:
            h = between(self.activation(layer(h)), u, v)
        fields: Jet = self.last(h)
        return fields
