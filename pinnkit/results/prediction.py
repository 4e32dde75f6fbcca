"""Fields at points that a person lists in a CSV file, from a run folder alone."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from pinnkit.errors import Mistake, Place, UserError, near_miss
from pinnkit.results.members import completed, fixed_values
from pinnkit.results.solution import Solution
from pinnkit.results.writing import write_text

_MOST_MISTAKES = 20


def predict_csv(run: Path, at: Path, out: Path | None, fixed: Mapping[str, float] | None = None) -> Path:
    """Write the fields of a run at the points of a CSV file.

    Args:
        run: the run folder.
        at: a CSV file with a header; its columns named like coordinates are read, others are left out.
        fixed: parameters with a range that have these values at all points, and no column in `at`.
        out: the CSV file to write, one column a coordinate and one a field; `values.csv` in the run folder if None.

    Returns:
        The file that was written.

    Raises:
        UserError: what is wrong with the run folder or the CSV file, or a file that cannot be written.
    """
    solution = Solution.load(run)
    names = solution.problem.scope.coordinates
    values_of = fixed_values(solution.problem, fixed or {})
    left = [name for name in names if name not in values_of]
    points = completed(solution.problem, values_of, read_points(at, left))
    target = out if out is not None else run / "values.csv"
    if target.exists() and at.samefile(target):
        raise UserError(f"`{target}` holds the points; name another file for the values")
    values = np.asarray(solution(points), dtype=np.float64)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, *solution.problem.fields])
    writer.writerows(np.column_stack([points, values]).tolist())
    write_text(target, text.getvalue())
    return target


def read_points(path: Path, names: Sequence[str]) -> np.ndarray:
    """The points of a CSV file, shape (n, d), one column of it a coordinate in the order of `names`.

    Raises:
        UserError: every mistake of the file: a column that is missing or given twice, a cell that is no finite number.
    """
    lines = _rows(path)
    header = [cell.strip() for cell in next(lines, (1, []))[1]]
    columns = _columns(header, names, str(path))
    points: list[list[float]] = []
    mistakes: list[Mistake] = []
    for line, row in lines:
        if not any(cell.strip() for cell in row):
            continue
        point = []
        for name, column in zip(names, columns, strict=True):
            text = row[column].strip() if column < len(row) else ""
            try:
                point.append(_number(text))
            except ValueError as error:
                mistakes.append(Mistake(f"column `{name}`: {error}", Place(str(path), line)))
        points.append(point)
        if len(mistakes) >= _MOST_MISTAKES:
            break
    if mistakes:
        raise UserError(*mistakes)
    if not points:
        raise UserError(Mistake("there are no points below the header", Place(str(path))))
    return np.array(points, dtype=np.float64)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file with their numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for row in reader:
                yield reader.line_num, row
    except FileNotFoundError:
        raise UserError(f"there is no file `{path}`") from None
    except IsADirectoryError:
        raise UserError(f"`{path}` is a folder, and a CSV file is needed") from None
    except OSError as error:
        raise UserError(f"`{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(Mistake("the file is not UTF-8 text", Place(str(path)))) from None
    except csv.Error as error:
        raise UserError(Mistake(f"not CSV: {error}", Place(str(path)))) from None


def _columns(header: Sequence[str], names: Sequence[str], file: str) -> list[int]:
    """The column of every coordinate."""
    place = Place(file, 1)
    if not any(header):
        sentence = f"the file is empty; its first line must name the coordinates: {','.join(names)}"
        raise UserError(Mistake(sentence, place))
    mistakes = []
    for name in names:
        if name not in header:
            guess = near_miss(name, header)
            hint = f"Did you mean `{guess}`? " if guess else ""
            hint += f"Columns: {', '.join(header)}."
            mistakes.append(Mistake(f"there is no column `{name}`", place, hint=hint))
        elif header.count(name) > 1:
            mistakes.append(Mistake(f"there are {header.count(name)} columns `{name}`", place))
    if mistakes:
        if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
            mistakes = [Mistake("columns are separated by commas", place, header[0])]
        raise UserError(*mistakes)
    return [header.index(name) for name in names]


def _number(text: str) -> float:
    """A finite number.

    Raises:
        ValueError: a sentence that says what the text is instead.
    """
    if not text:
        raise ValueError("the cell is empty, and a number is needed")
    shown = text if len(text) <= 40 else text[:40] + "…"
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"`{shown}` is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"`{shown}` is not a finite number")
    return value
