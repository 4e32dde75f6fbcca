"""One trained number that multiplies a jet."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from pinnkit.derivatives.jet import Jet


@final
class Gate(nn.Module):
    """y = alpha z on jets, alpha one trained number that starts at zero."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(1, dtype=dtype, device=device))

    def forward(self, z: Jet) -> Jet:
        """The jet of alpha z."""
        return Jet(self.alpha * z.coefficients, z.indices)

    def add_row_gradients(
        self, jacobians: dict[str, Tensor], inputs: Tensor, adjoint: Tensor, parameters: Mapping[str, Tensor]
    ) -> None:
        """Add d row_n / d alpha (N, 1), the product of adjoint and inputs over all that belongs to the row."""
        rows = jacobians["alpha"].shape[0]
        products = (adjoint * inputs).sum((0, 2))
        jacobians["alpha"] += products.reshape(-1, rows).sum(0)[:, None]
