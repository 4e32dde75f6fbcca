"""Real Fourier series as data: sum of a cos(k . z) + b sin(k . z), with z = 2 pi (x - lower)/length along every circle.

A series is a table with a row a mode: an integer wave number for every periodic coordinate, in a column of its name,
and a and b in the columns `cos` and `sin`. It stands in a problem file itself, or in a CSV file beneath its folder.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import sympy

from pinnkit.equations.expression import Scope
from pinnkit.equations.numbers import exact
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.beneath import text_beneath
from pinnkit.problem.function import Series
from pinnkit.problem.names import short
from pinnkit.problem.problem import Coordinate
from pinnkit.reading import scalar

MOST_MODES = 1000
"""Rows of all series of a problem: more could not be written into one file, and would take minutes to differentiate."""

_MOST_BYTES = 1_000_000
_HIGHEST_WAVE = 10_000
_LARGEST = 1e300
_MOST_MISTAKES = 10


@final
@dataclass(frozen=True)
class Table:
    """A header and rows as they were read, and where each stands (the header at 0, the rows from 1)."""

    columns: Sequence[Any]
    rows: Sequence[Any]
    place: Callable[[int], Place]


def read_series(path: str, folder: Path | None, coordinates: Sequence[Coordinate], place: Place) -> Series:
    """The series in a CSV file beneath the folder of the problem file that names it.

    Raises:
        UserError: a path that leads elsewhere, a file that cannot be read, every mistake in it.
    """
    if folder is None:
        hint = "Give `columns` and `rows` in its place."
        raise UserError(Mistake("a file of modes can be named in a problem file only", place, hint=hint))
    file, text = text_beneath(path, folder, place, _MOST_BYTES)
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    numbered = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    if not numbered:
        hint = f"It begins with the line `{_header(coordinates)}`."
        raise UserError(Mistake(f"`{short(path)}` is empty", place, hint=hint))
    header, *rows = [[cell.strip() for cell in line.split(",")] for _, line in numbered]
    return series_of(
        Table(header, [[_cell(c) for c in row] for row in rows], lambda i: Place(str(file), numbered[i][0])),
        coordinates,
    )


def series_of(table: Table, coordinates: Sequence[Coordinate]) -> Series:
    """The series that a table says.

    Raises:
        UserError: every mistake in it, up to ten.
    """
    around = [c.name for c in coordinates if c.periodic]
    mistakes = _wrong_columns(table, around, coordinates)
    if not table.rows and not mistakes:
        mistakes.append(
            Mistake("there is no mode", table.place(0), hint="A row a mode follows the names of the columns.")
        )
    if len(table.rows) > MOST_MODES:
        mistakes.append(Mistake(f"{len(table.rows)} modes, and {MOST_MODES} is the most", table.place(0)))
    if mistakes:
        raise UserError(*mistakes)
    order = [list(table.columns).index(name) for name in (*around, "cos", "sin")]
    found: dict[tuple[int, ...], tuple[float, float]] = {}
    for number, row in enumerate(table.rows, 1):
        wrong = _wrong_row(row, table)
        if wrong is not None:
            mistakes.append(Mistake(wrong, table.place(number)))
            continue
        *waves, a, b = [row[i] for i in order]
        key = tuple(int(k) for k in waves)
        if key in found or tuple(-k for k in key) in found:
            shown = ", ".join(map(str, key))
            hint = "k and -k are one mode."
            mistakes.append(Mistake(f"the mode ({shown}) is given twice", table.place(number), hint=hint))
        found[key] = float(a), float(b)
    if mistakes:
        raise UserError(*mistakes[:_MOST_MISTAKES])
    return Series(tuple(around), tuple(found), tuple(found.values()))


def tree_of(series: Series, coordinates: Sequence[Coordinate], scope: Scope) -> sympy.Expr:
    """The sum as an expression of the coordinates."""
    named = {c.name: c for c in coordinates}
    phases = [
        _turn(named[name]) * (scope.symbols[name] - exact(named[name].lower)) for name in series.coordinates
    ]  # fmt: skip
    terms = []
    for waves, (a, b) in zip(series.waves, series.amplitudes, strict=True):
        phase = sympy.Add(*(k * z for k, z in zip(waves, phases, strict=True)))
        terms += [exact(a) * sympy.cos(phase), exact(b) * sympy.sin(phase)]
    return sympy.Add(*terms)


def _turn(coordinate: Coordinate) -> sympy.Expr:
    """2 pi/length: an integer where the length is a fraction of 2 pi to rounding, else with sympy's own pi."""
    number = 2 * math.pi / coordinate.length
    whole = round(number)
    return sympy.Integer(whole) if abs(number - whole) <= 1e-15 * number else 2 * sympy.pi / exact(coordinate.length)


def _cell(text: str) -> Any:
    """A cell as a number where it is one."""
    try:
        return scalar(text)
    except ValueError:
        return text


def _header(coordinates: Sequence[Coordinate]) -> str:
    return ",".join([*(c.name for c in coordinates if c.periodic), "cos", "sin"])


def _wrong_columns(table: Table, around: Sequence[str], coordinates: Sequence[Coordinate]) -> list[Mistake]:
    """What is wrong with the names of the columns."""
    place, given = table.place(0), list(table.columns)
    if not around:
        return [Mistake("a Fourier series needs a periodic coordinate, and there is none", place)]
    needed = f"Needed are the columns `{_header(coordinates)}`, in any order."
    mistakes = []
    for name in given:
        if name not in (*around, "cos", "sin"):
            message, hint = unknown("column", short(str(name)), [*around, "cos", "sin"])
            mistakes.append(Mistake(message, place, hint=f"{hint} {needed}"))
    for name in (*around, "cos", "sin"):
        if given.count(name) != 1:
            word = "is missing" if name not in given else "is given twice"
            mistakes.append(Mistake(f"the column `{name}` {word}", place, hint=needed))
    return mistakes


def _wrong_row(row: Any, table: Table) -> str | None:
    """What is wrong with the numbers of one row."""
    if not isinstance(row, list | tuple) or len(row) != len(table.columns):
        count = len(row) if isinstance(row, list | tuple) else "no"
        return f"{count} numbers, and there are {len(table.columns)} columns ({', '.join(table.columns)})"
    for name, value in zip(table.columns, row, strict=True):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in ("cos", "sin"):
            if not number or not abs(value) < _LARGEST:
                return f"`{name}` must be a finite number, not `{short(str(value))}`"
        elif not number or not abs(value) <= _HIGHEST_WAVE or value != int(value):
            need = f"a whole number from -{_HIGHEST_WAVE} to {_HIGHEST_WAVE}"
            return f"the wave number along `{name}` must be {need}, not `{short(str(value))}`"
    return None


def written(series: Series) -> Mapping[str, list[Any]]:
    """The table of a series, as a problem file holds it."""
    rows = [[*waves, a, b] for waves, (a, b) in zip(series.waves, series.amplitudes, strict=True)]
    return {"columns": [*series.coordinates, "cos", "sin"], "rows": rows}
