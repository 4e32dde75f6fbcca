"""A named number of a problem."""

from dataclasses import dataclass, field
from typing import final

from pinnkit.errors import Place
from pinnkit.problem.unknown import Unknown


@final
@dataclass(frozen=True)
class Parameter:
    """A named number of the problem, with the text that gave it (`0.01/pi`); the start of one that is to be found."""

    name: str
    value: float
    text: str = ""
    place: Place | None = field(default=None, compare=False)
    unknown: Unknown | None = None
