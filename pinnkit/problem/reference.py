"""What a problem says of its answer, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from pinnkit.equations.expression import Expression


@final
@dataclass(frozen=True)
class Reference:
    """What is known of the answer: exact fields, or a named classical method with its options; unknown parameters."""

    exact: Mapping[str, Expression] = field(default_factory=dict)
    method: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
