"""The layers of which networks are built: plain ones, or with factorised weights."""

import math

import torch
from torch import nn

from pinnkit.derivatives.factorised import Factorised
from pinnkit.derivatives.linear import Linear
from pinnkit.errors import UserError

Factors = tuple[float, float]
"""Mean and deviation of the logarithms of the scales of factorised weights."""


def hidden_layer(
    inputs: int,
    outputs: int,
    factors: Factors | None,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: torch.device,
) -> nn.Module:
    """A linear layer, with factorised weights where asked; the same start either way."""
    plain = Linear(inputs, outputs, generator, dtype, device)
    return plain if factors is None else Factorised(plain, *factors, generator)


def hidden_size(inputs: int, outputs: int, factors: Factors | None) -> int:
    """How many parameters it has."""
    return (1 + inputs) * outputs + (outputs if factors is not None else 0)


def require_layers(network: str, factors: Factors | None, **sizes: int) -> None:
    """Refuse sizes below 1, and factors that are no mean and deviation.

    Raises:
        UserError: one that is.
    """
    for option, size in sizes.items():
        if size < 1:
            raise UserError(f"`{option}` of network `{network}` is {size}; it needs at least 1")
    if factors is not None and not (math.isfinite(factors[0]) and 0 <= factors[1] < math.inf):
        raise UserError(f"`factorised` of network `{network}` is {list(factors)}; it needs a mean and a deviation")
