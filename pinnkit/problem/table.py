"""Expressions along a straight line through the domain, or at a point, as a file of numbers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from pinnkit.equations.expression import Expression
from pinnkit.equations.parse import parse_number


@final
@dataclass(frozen=True)
class Table:
    """What is tabulated, and between which points.

    Args:
        name: of the table, and of its files.
        columns: the expressions, each of which becomes a column.
        line: of every coordinate both ends, as numbers or as texts over the parameters; the same one twice where held.
        points: how many, both ends among them.
    """

    name: str
    columns: tuple[Expression, ...]
    line: Mapping[str, tuple[Any, Any]]
    points: int

    def without(self, coordinates: Collection[str]) -> "Table":
        """The same table where some coordinates are parameters."""
        return replace(self, line={name: ends for name, ends in self.line.items() if name not in coordinates})

    def at(self, coordinates: tuple[str, ...], values: Mapping[str, float]) -> np.ndarray:
        """The points (n, d), even on the straight line from the first to the last.

        Args:
            coordinates: the order of the columns.
            values: of the parameters.
        """
        ends = np.array([[parse_number(end, names=values) for end in self.line[name]] for name in coordinates])
        return np.linspace(ends[:, 0], ends[:, 1], self.points)
