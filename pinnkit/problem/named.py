"""Named functions of a problem: abbreviations of coordinates and parameters, and Fourier series."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sympy

from pinnkit.equations.adopting import from_sympy
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse, parse_equation
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.function import NamedFunction
from pinnkit.problem.names import short
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.problem.schema import Where
from pinnkit.problem.series import Table, read_series, series_of, tree_of


def named_function(
    name: str, given: Any, scope: Scope, coordinates: Sequence[Coordinate], where: Where, folder: Path | None
) -> NamedFunction:
    """The function that a key of `functions` declares.

    Args:
        name: its name.
        given: a text, a number, a sympy expression, or a mapping with the key `fourier`.
        scope: the names that it may use; fields are not among them.
        coordinates: the coordinates with their intervals.
        where: the place of a value.
        folder: where the problem file lies.

    Raises:
        UserError: every mistake in it.
    """
    place = where("functions", name)
    known = replace(scope, fields=())
    if isinstance(given, sympy.Basic):
        return NamedFunction(name, replace(from_sympy(given, known), place=place))
    if not isinstance(given, Mapping):
        return NamedFunction(name, parse(str(given), known, place))
    fourier, at = given["fourier"], where("functions", name, "fourier")
    if isinstance(fourier, str):
        series = read_series(fourier, folder, coordinates, at)
    else:
        _require_table(fourier, name, where)

        def row(i: int) -> Any:
            return where("functions", name, "fourier", *(("rows", i - 1) if i else ("columns",)))

        series = series_of(Table(fourier["columns"], fourier["rows"], row), coordinates)
    text = f"a Fourier series of {len(series.waves)} mode{'s' * (len(series.waves) != 1)}"
    return NamedFunction(name, Expression(text, tree_of(series, coordinates, known), place), series)


def _require_table(given: Any, name: str, where: Where) -> None:
    """Refuse what is neither a path nor `columns` and `rows`."""
    place, keys = where("functions", name, "fourier"), ("columns", "rows")
    for key in given if isinstance(given, Mapping) else ():
        if key not in keys:
            message, hint = unknown("key", short(str(key)), keys)
            raise UserError(Mistake(f"{message} in `functions.{name}.fourier`", place, hint=hint))
    if not isinstance(given, Mapping) or any(not isinstance(given.get(key), list | tuple) for key in keys):
        hint = "{columns: [x, cos, sin], rows: [[1, 0.5, 0], [2, 0, -0.1]]}, or the path of a CSV file."
        raise UserError(Mistake(f"`functions.{name}.fourier` needs the lists `columns` and `rows`", place, hint=hint))


def as_written(expression: Expression, problem: Problem) -> Expression:
    """The expression as it is to be shown: with the names of functions in place of what they stand for."""
    if not problem.functions:
        return expression
    names = tuple(f.name for f in problem.functions)
    scope = replace(problem.scope, fields=(*problem.fields, *names), named={})
    try:
        return parse_equation(expression.text, scope, special=True, allow_normal=True, allow_integral=True)
    except UserError:  # what no text says, such as a description
        return expression
