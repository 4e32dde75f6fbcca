"""Tables along lines through the domain: their numbers, and the CSV files that hold them."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np

from pinnkit.problem.problem import Problem
from pinnkit.problem.table import Table
from pinnkit.results.shaped import only_in
from pinnkit.results.writing import write_text
from pinnkit.verification import ReferenceSolution

Evaluate = Callable[[str, np.ndarray], np.ndarray]
"""An expression at points (n, d), (n,)."""


@final
@dataclass(frozen=True, eq=False)
class Tabulated:
    """The numbers of a table.

    Args:
        name: of the table.
        coordinates: their names.
        points: where, (n, d).
        columns: of every expression its values (n,), NaN outside of the domain.
        reference: of those that are fields, what is known of them, where something is.
    """

    name: str
    coordinates: tuple[str, ...]
    points: np.ndarray
    columns: Mapping[str, np.ndarray]
    reference: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def moving(self) -> list[str]:
        """The coordinates that change along the line."""
        first, last = self.points[0], self.points[-1]
        return [name for name, a, b in zip(self.coordinates, first, last, strict=True) if a != b]

    @property
    def along(self) -> tuple[str, np.ndarray]:
        """What to draw over: the coordinate that moves, or the distance where several do."""
        moving = self.moving
        if len(moving) == 1:
            return moving[0], self.points[:, self.coordinates.index(moving[0])]
        return f"distance along {', '.join(moving)}", np.linalg.norm(self.points - self.points[0], axis=1)


def tabulated(table: Table, problem: Problem, evaluate: Evaluate, reference: ReferenceSolution | None) -> Tabulated:
    """The numbers of a table.

    Args:
        table: what is asked for.
        problem: its coordinates, parameters and shape.
        evaluate: the solved fields.
        reference: what is known of them.
    """
    points = table.at(problem.scope.coordinates, problem.values)
    texts = [column.text for column in table.columns]
    found = only_in(problem, lambda inside: np.stack([evaluate(text, inside) for text in texts], axis=1), True)(points)
    known = only_in(problem, reference.values, True)(points) if reference is not None else None
    fields = {name: k for k, name in enumerate(problem.fields) if name in texts}
    return Tabulated(
        table.name,
        problem.scope.coordinates,
        points,
        dict(zip(texts, found.T, strict=True)),
        {name: known[:, k] for name, k in fields.items()} if known is not None else {},
    )


def write_csv(path: Path, found: Tabulated) -> None:
    """Write a table with all digits; a cell outside of the domain is empty.

    Raises:
        UserError: the folder cannot be written to.
    """
    known = {f"{name} (reference)": values for name, values in found.reference.items()}
    columns = [*found.points.T, *found.columns.values(), *known.values()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*found.coordinates, *found.columns, *known])
    for row in np.column_stack(columns).tolist():
        writer.writerow(["" if value != value else value for value in row])
    write_text(path, text.getvalue())
