"""All parameters of a module as one flat vector, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn


@final
@dataclass(frozen=True)
class Layout:
    """Where every parameter of a module lies in the flat vector theta (P,)."""

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]

    @staticmethod
    def of(module: nn.Module) -> "Layout":
        """The layout of a module's parameters, in their order of declaration."""
        pairs = list(module.named_parameters())
        return Layout(tuple(name for name, _ in pairs), tuple(p.shape for _, p in pairs))

    @property
    def size(self) -> int:
        """P, the number of parameters."""
        return sum(shape.numel() for shape in self.shapes)

    def split(self, theta: Tensor) -> dict[str, Tensor]:
        """Views of theta (..., P) by name, each (..., *shape)."""
        pieces = torch.split(theta, [shape.numel() for shape in self.shapes], dim=-1)
        leading = theta.shape[:-1]
        return {
            name: piece.reshape((*leading, *shape))
            for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)
        }

    def join(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """The flat vector (P,) of tensors by name."""
        return torch.cat([tensors[name].reshape(-1) for name in self.names])

    @staticmethod
    def start(module: nn.Module) -> Tensor:
        """A copy of the module's own parameters as theta."""
        return torch.cat([p.detach().reshape(-1) for _, p in module.named_parameters()]).clone()
