"""A field that is made of the solved ones, as a value: shown and written like them."""

from dataclasses import dataclass
from typing import final

from pinnkit.equations.expression import Expression


@final
@dataclass(frozen=True)
class Derived:
    """A name for an expression of fields, derivatives, coordinates and parameters, such as a vorticity or a stress."""

    name: str
    expression: Expression
