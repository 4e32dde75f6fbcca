"""A derived quantity of a problem, such as the place of a root."""

from dataclasses import dataclass
from typing import final

from pinnkit.equations.expression import Expression


@final
@dataclass(frozen=True)
class Output:
    """A number that is made of the solved fields, or a list of numbers, as an expression of reductions."""

    name: str
    expression: Expression
