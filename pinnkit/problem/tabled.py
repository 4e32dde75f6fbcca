"""Columns of numbers by name: from the text of a CSV file, from rows in a problem file, or from arrays in Python."""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from pinnkit.errors import Mistake, Place, UserError, near_miss
from pinnkit.problem.names import short

_MOST_MISTAKES = 10


class Columns(Protocol):
    """Columns of numbers, all of one length."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        ...

    @property
    def place(self) -> Callable[[int], Place]:
        """Where the names stand, at 0, and where every row does, from 1."""
        ...

    def column(self, name: str) -> np.ndarray:
        """The numbers (n,) of a column.

        Raises:
            UserError: there is no such column, or two; every cell that is no finite number, up to ten.
        """
        ...


@final
@dataclass(frozen=True, eq=False)
class Table:
    """A header and rows of cells."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    place: Callable[[int], Place]

    def __post_init__(self) -> None:
        """Refuse rows that are not as long as the header.

        Raises:
            UserError: every one of them, up to ten.
        """
        wide, listed = len(self.names), short(", ".join(self.names))
        wrong = [
            Mistake(f"the row has {_count(row)}, and there are {wide} columns ({listed})", self.place(i))
            for i, row in enumerate(self.rows, 1)
            if not isinstance(row, list | tuple) or len(row) != wide
        ]
        if wrong:
            raise UserError(*wrong[:_MOST_MISTAKES])

    def column(self, name: str) -> np.ndarray:
        """The numbers (n,) of a column."""
        if self.names.count(name) != 1:
            raise UserError(_no_column(name, self.names, self.place(0)))
        at = self.names.index(name)
        numbers, mistakes = np.zeros(len(self.rows)), []
        for i, row in enumerate(self.rows):
            try:
                numbers[i] = _number(row[at])
            except ValueError as error:
                mistakes.append(Mistake(f"column `{short(name)}`: {error}", self.place(i + 1), hint=_LEAVE_OUT))
        if mistakes:
            raise UserError(*mistakes[:_MOST_MISTAKES])
        return numbers


@final
@dataclass(frozen=True, eq=False)
class Arrays:
    """Arrays, or lists, of one length by name."""

    arrays: Mapping[str, Any]
    place: Callable[[int], Place]

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(self.arrays)

    def column(self, name: str) -> np.ndarray:
        """The numbers (n,) of an array."""
        if name not in self.arrays:
            raise UserError(_no_column(name, self.names, self.place(0)))
        found = numbers(self.arrays[name], name, self.place(0))
        if found.ndim != 1:
            hint = f"Write `{name}[:, 0]` where one column is meant." if found.ndim == 2 else None
            message = f"`{short(name)}` has the shape {found.shape}; it needs one number a point, the shape (n,)"
            raise UserError(Mistake(message, self.place(0), hint=hint))
        return found


def numbers(given: Any, name: str, place: Place) -> np.ndarray:
    """The array of finite numbers that lists or an array hold.

    Raises:
        UserError: what is no array of numbers, or a number that is not finite.
    """
    kind = f"`{short(name)}` must be numbers"
    try:
        raw = np.asarray(given)
    except ValueError:
        raise UserError(Mistake(f"{kind}, in rows of one length", place)) from None
    if raw.dtype.kind not in "iuf":
        cells = raw.ravel().tolist() if raw.ndim else [given]
        odd = next((cell for cell in cells if isinstance(cell, str | bool) or not isinstance(cell, int | float)), "")
        raise UserError(Mistake(f"{kind}, and `{short(str(odd))}` is among them", place))
    found = np.array(raw, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        at = ", ".join(map(str, bad[0]))
        message = f"`{short(name)}` is {found[tuple(bad[0])]} at [{at}], counted from 0"
        raise UserError(Mistake(message, place, hint=_LEAVE_OUT))
    return found


def table_of(text: str, place: Callable[[int], Place]) -> Table:
    """The table that the text of a CSV file is: names, then rows; empty lines and lines that begin with `#` are not.

    Args:
        text: the text.
        place: where its lines stand, counted from 1; 0 is the whole.

    Raises:
        UserError: a text without a header, or rows that are not as long.
    """
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1)]
    numbered = [(number, line) for number, line in numbered if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        hint = "It begins with a line of the names of its columns, such as `x,t,u`."
        raise UserError(Mistake("the table is empty", place(0), hint=hint))
    header, *rows = [[cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))] for _, line in numbered]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise UserError(Mistake("columns are separated by commas", place(numbered[0][0]), text=header[0]))
    return Table(tuple(header), rows, lambda i: place(numbered[min(i, len(numbered) - 1)][0]))


_LEAVE_OUT = "Leave the whole row out, or put what was measured elsewhere into a set of its own."


def _no_column(name: str, names: Sequence[str], place: Place) -> Mistake:
    listed = f"Columns: {short(', '.join(names), 200)}."
    if name in names:
        return Mistake(f"there are {names.count(name)} columns `{short(name)}`", place, hint=listed)
    guess = near_miss(name, names)
    return Mistake(
        f"there is no column `{short(name)}`", place, hint=f"Did you mean `{guess}`? {listed}" if guess else listed
    )


def _count(row: Any) -> str:
    count = len(row) if isinstance(row, list | tuple) else 0
    return "1 cell" if count == 1 else f"{count} cells"


def _number(cell: Any) -> float:
    """A cell as a finite number.

    Raises:
        ValueError: a sentence that says what it is instead.
    """
    if isinstance(cell, str):
        if not cell.strip():
            raise ValueError("the cell is empty, and a number is needed")
        try:
            value = float(cell) if "_" not in cell else math.nan
        except ValueError:
            raise ValueError(f"`{short(cell)}` is not a number") from None
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell) if abs(cell) < 1e300 else math.inf
    else:
        raise ValueError("the cell is empty, and a number is needed" if cell is None else f"`{cell}` is not a number")
    if not math.isfinite(value):
        raise ValueError(f"`{short(str(cell))}` is not a finite number")
    return value
