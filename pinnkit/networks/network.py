"""What a network is: a description that a file can hold, and the module of jets that it builds."""

from abc import ABC, abstractmethod

import torch
from torch import nn

from pinnkit.problem.axes import Axes


class Network(ABC):
    """A rule that builds a module from jets of features (K, N, inputs) to jets of raw fields (K, N, outputs)."""

    @abstractmethod
    def build(
        self, inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device
    ) -> nn.Module:
        """A fresh module whose start is drawn from `generator` (a CPU generator)."""

    def expected(self, inputs: int, outputs: int) -> int | None:
        """How many parameters the module will have; None where only building it can tell."""
        return None


class Embedding(ABC):
    """A rule that builds the fixed map from coordinates to a network's features; it has no trained parameters."""

    @abstractmethod
    def build(self, axes: Axes, generator: torch.Generator, dtype: torch.dtype, device: torch.device) -> "Features":
        """The map for coordinates along these axes."""


class Features(nn.Module, ABC):
    """A fixed map from the jet of the coordinates (K, N, d) to the jet of a network's features (K, N, count)."""

    count: int
