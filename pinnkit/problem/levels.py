"""Which names of an eigenproblem belong to which of its states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Levels:
    """The states of an eigenproblem.

    Args:
        count: how many there are.
        fields: of every field of the file its name in each state.
        parameters: of the eigenvalue its name in each state.
    """

    count: int
    fields: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, tuple[str, ...]]
