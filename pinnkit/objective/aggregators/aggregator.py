"""What an aggregator is: a rule that makes one direction of the gradients of several losses."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class Combined:
    """What an aggregator gave.

    direction: (P,), along whose negative an optimizer steps, as along that of a gradient.
    state: what it remembers.
    note: what a person should know, such as that the gradients oppose each other; None where all is well.
    """

    direction: Tensor
    state: Any = None
    note: str | None = None


@dataclass(frozen=True)
class Aggregator(ABC):
    """A rule from the gradients (m, P) of m losses to a direction (P,).

    What it remembers between steps is its state, a plain value that goes in and comes out. Gradients are in float64.
    One loss gives its own gradient back; losses whose gradient is zero take no part, unless a rule says otherwise.
    """

    def start(self) -> Any:
        """The state before the first step; None for rules that remember nothing."""
        return None

    @abstractmethod
    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """The direction of the gradients (m, P), of which at least one is not zero."""
