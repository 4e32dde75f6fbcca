"""The activation functions by name, as functions of jets."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet

Activation = Literal["tanh", "sin", "gelu", "silu", "softplus"]

ACTIVATIONS: Mapping[Activation, Callable[[Jet], Jet]] = MappingProxyType(
    {"tanh": jet.tanh, "sin": jet.sin, "gelu": jet.gelu, "silu": jet.silu, "softplus": jet.softplus}
)
