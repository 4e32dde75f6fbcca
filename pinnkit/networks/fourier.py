"""Random Fourier features."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import UserError
from pinnkit.networks.network import Embedding, Features
from pinnkit.networks.scaled import Scaled
from pinnkit.problem.axes import Axes


@final
@dataclass(frozen=True)
class Fourier(Embedding):
    """cos B z and sin B z of the scaled coordinates z, the entries of B normal with deviation `scale`, and fixed.

    M. Tancik et al., NeurIPS 2020, without the factor 2 pi. Periodic coordinates enter by their first
    harmonics, so that periodicity stays exact.

    Args:
        count: the number of random waves; the network gets twice as many features.
        scale: the typical frequency, in radians a half interval.
    """

    count: int = 32
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UserError(f"`count` of embedding `fourier` is {self.count}; it needs at least 1")
        if not 0 < self.scale < float("inf"):
            raise UserError(f"`scale` of embedding `fourier` is {self.scale:g}; it needs a finite number above 0")

    def build(self, axes: Axes, generator: torch.Generator, dtype: torch.dtype, device: torch.device) -> Features:
        """The map for these coordinates, B drawn from `generator`."""
        scaled = Scaled().build(axes, generator, dtype, device)
        drawn = torch.randn(self.count, scaled.count, generator=generator, dtype=torch.float64, device="cpu")
        return _FourierFeatures(scaled, (drawn * self.scale).to(dtype=dtype, device=device))


@final
class _FourierFeatures(Features):
    waves: Tensor

    def __init__(self, scaled: Features, waves: Tensor) -> None:
        super().__init__()
        self.scaled = scaled
        self.register_buffer("waves", waves)
        self.count = 2 * waves.shape[0]

    def forward(self, coordinates: Jet) -> Jet:
        z = self.scaled(coordinates)
        phase = Jet(torch.matmul(z.coefficients, self.waves.T), z.indices)
        return jet.concatenate([jet.cos(phase), jet.sin(phase)])
