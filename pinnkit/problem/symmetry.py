"""A symmetry that a field is declared to have, as a value."""

from dataclasses import dataclass
from typing import Literal, final

Parity = Literal["odd", "even"]


@final
@dataclass(frozen=True)
class Symmetry:
    """A field that is odd or even in a coordinate whose interval is centred on zero."""

    field: str
    parity: Parity
    coordinate: str
