"""What a problem says of its answer, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from pinnkit.equations.expression import Expression

EXACT = 2.0**-52
"""The relative accuracy of a number that is given with all its digits."""


@final
@dataclass(frozen=True)
class KnownOutput:
    """The value of an output, known by other means than training, and the relative error that it may have itself."""

    value: float
    accuracy: float = EXACT


@final
@dataclass(frozen=True)
class Reference:
    """What is known of the answer.

    That is: exact fields, or a named classical method with its options; unknown parameters; values of outputs.
    """

    exact: Mapping[str, Expression] = field(default_factory=dict)
    method: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    outputs: Mapping[str, KnownOutput] = field(default_factory=dict)

    def elsewhere(self) -> "Reference | None":
        """What is still known at other values of the parameters: fields follow them, numbers do not."""
        left = replace(self, outputs={})
        return left if left.exact or left.method else None
