"""The affine map whose weights are a trained scale for every output times a matrix."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives.jet import Jet
from pinnkit.derivatives.linear import Linear, affine_map, by_row


@final
class Factorised(nn.Module):
    """y = diag(exp s) V z + b on jets: random weight factorisation.

    s starts normal with given mean and deviation, and V so that diag(exp s) V is the start of the plain layer.
    S. Wang, H. Wang, J. H. Seidman, P. Perdikaris, arXiv 2210.01274 (2022).

    Args:
        plain: the layer at the start, which is not kept.
        mean: of s.
        deviation: of s.
        generator: of s, on the CPU.
    """

    def __init__(self, plain: Linear, mean: float, deviation: float, generator: torch.Generator) -> None:
        super().__init__()
        weight = plain.weight.detach()
        drawn = torch.randn(len(weight), generator=generator, dtype=torch.float64, device="cpu")
        s = mean + deviation * drawn
        self.scale = nn.Parameter(s.to(weight))
        self.direction = nn.Parameter(weight * torch.exp(-self.scale.detach())[:, None])
        self.bias = nn.Parameter(plain.bias.detach().clone())

    def forward(self, z: Jet) -> Jet:
        """The jet of W z + b, W = diag(exp s) V."""
        weight = torch.exp(self.scale)[:, None] * self.direction
        if len(z.indices) == 1:
            return Jet(nn.functional.linear(z.coefficients, weight, self.bias), z.indices)
        return affine_map(z, weight, self.bias)

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        """Add d row_n / d(s, V, b): with G = d row_n/dW, exp(s) G for V and the sum of G W over the inputs for s."""
        rows = jacobians["bias"].shape[0]
        slopes = torch.bmm(by_row(adjoint, rows).transpose(1, 2), by_row(inputs, rows))
        slopes = slopes * torch.exp(parameters["scale"])[:, None]
        jacobians["direction"] += slopes
        jacobians["scale"] += (slopes * parameters["direction"]).sum(2)
        jacobians["bias"] += adjoint[0].reshape(-1, rows, adjoint.shape[2]).sum(0)
