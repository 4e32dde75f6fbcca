"""Observations as a problem gives them: a CSV file, a table in the problem file itself, or arrays in Python.

A set has a column for every coordinate, and one for every expression of the fields that was measured there.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse, parse_number
from pinnkit.equations.partials import partials_in
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.beneath import text_beneath
from pinnkit.problem.names import check_label, short
from pinnkit.problem.observed import Measured, Observations
from pinnkit.problem.schema import Where
from pinnkit.problem.tabled import Arrays, Columns, Table, numbers, table_of

MOST_ROWS = 10_000
"""Points of a set: a run folder holds a copy of them, and each is a row of every step."""

_MOST_NUMBERS = 60_000
_MOST_BYTES = 10_000_000
_OPTIONS = ("file", "table", "columns", "rows", "noise")
_AVERAGE = "Thin them out, or average neighbours, which lessens their noise."

T = TypeVar("T")


def observations_of(
    given: Mapping[str, Mapping[str, Any]],
    scope: Scope,
    taken: Sequence[str],
    where: Where,
    key_where: Where,
    folder: Path | None,
) -> tuple[tuple[Observations, ...], list[Mistake]]:
    """All sets of observations of a problem, and everything that is wrong with them.

    Args:
        given: the keys of every set by its name.
        scope: the names that observed expressions may use.
        taken: the names of equations and conditions, which are terms of the loss as a set is.
        where: the place of a value.
        key_where: the place of a key.
        folder: where the problem file lies.
    """
    built: list[Observations] = []
    mistakes: list[Mistake] = []
    for name, keys in given.items():
        wrong = check_label(name, "a set of observations", key_where("observations", name))
        if wrong is None and name in taken:
            message = f"the observations `{name}` have the name of an equation or a condition"
            wrong = Mistake(message, key_where("observations", name), hint="Losses and weights go by these names.")
        mistakes += [wrong] if wrong is not None else []
        reader = _Reader(name, keys, scope, where, key_where, folder)
        try:
            built.append(reader.observations())
        except UserError as error:
            mistakes += error.mistakes
    count = sum(o.points.size + sum(2 * m.values.size for m in o.measured) for o in built)
    if count > _MOST_NUMBERS:
        message = f"the observations hold {count:,} numbers together, and {_MOST_NUMBERS:,} is the most"
        mistakes.append(Mistake(message, where("observations"), hint=_AVERAGE))
    return tuple(built), mistakes


@final
@dataclass(frozen=True, eq=False)
class _Reader:
    """One set, its keys and where they stand."""

    name: str
    keys: Mapping[str, Any]
    scope: Scope
    where: Where
    key_where: Where
    folder: Path | None

    def observations(self) -> Observations:
        """The set.

        Raises:
            UserError: everything that is wrong with it.
        """
        source = self.source()
        renamed = self.renamed()
        mistakes: list[Mistake] = []

        def tried(function: Callable[..., T], *arguments: Any) -> T | None:
            try:
                return function(*arguments)
            except UserError as error:
                mistakes.extend(error.mistakes)
                return None

        points = tried(self.points, source, renamed)
        listed = tried(self.observed, source, renamed) or {}
        values = {text: tried(source.column, column) for text, (_, column) in listed.items()}
        noises = tried(self.noises, source, tuple(listed)) or {}
        if mistakes:
            raise UserError(*dict.fromkeys(mistakes))
        assert points is not None
        self.require_count(points, values, source)
        measured = []
        for text, (expression, _) in listed.items():
            own = values[text]
            assert own is not None
            noise = noises.get(text)
            known = None if noise is None else np.array(np.broadcast_to(noise, own.shape))
            found = Measured.within_range(expression, own) if known is None else Measured(expression, own, known)
            measured.append(found)
        for array in (points, *(m.values for m in measured), *(m.noise for m in measured)):
            array.setflags(write=False)
        return Observations(self.name, points, tuple(measured), self.at())

    def at(self, *keys: str | int) -> Place:
        return self.where("observations", self.name, *keys)

    @property
    def strict(self) -> bool:
        """Whether every column has a use, since the table was written for this problem alone."""
        return "file" not in self.keys

    def source(self) -> Columns:
        """The columns: of a file, of a table, of rows, or the keys themselves."""
        kinds = [key for key in ("file", "table", "rows") if key in self.keys]
        if len(kinds) > 1:
            message = f"`observations.{self.name}` has {' and '.join(f'`{k}`' for k in kinds)}: one of them is enough"
            raise UserError(Mistake(message, self.at()))
        if not kinds:
            own = {key: value for key, value in self.keys.items() if key not in _OPTIONS}
            if own:
                return Arrays(own, lambda i: self.at())
            message = f"`observations.{self.name}` has no table"
            hint = "Give a `file`, or `columns` and `rows`, or the columns themselves: {x: [0, 1], u: [2.0, 2.1]}."
            raise UserError(Mistake(message, self.at(), hint=hint))
        for key in self.keys:
            if key not in _OPTIONS:
                message, hint = unknown("key", short(key), _OPTIONS)
                raise UserError(
                    Mistake(
                        f"{message} in `observations.{self.name}`",
                        self.key_where("observations", self.name, key),
                        hint=hint,
                    )
                )
        return self.rows() if kinds == ["rows"] else self.text(kinds[0])

    def text(self, key: str) -> Table:
        """The table of a CSV file, or of the text of one."""
        given, place = self.keys[key], self.at(key)
        if not isinstance(given, str):
            raise UserError(Mistake(f"`observations.{self.name}.{key}` must be a text", place))
        if key == "table":
            return table_of(given, lambda line: replace(place, line=place.line + line) if place.line else place)
        if self.folder is None:
            hint = "Give the arrays themselves: {x: ..., u: ...}."
            message = "a file of observations can be named in a problem file only"
            raise UserError(Mistake(message, place, hint=hint))
        file, text = text_beneath(given, self.folder, place, _MOST_BYTES)
        return table_of(text, lambda line: Place(str(file), line or None))

    def rows(self) -> Table:
        """The table of `columns` and `rows`."""
        names, rows = self.keys.get("columns"), self.keys["rows"]
        if not isinstance(names, list | tuple) or not isinstance(rows, list | tuple):
            hint = "{columns: [x, u], rows: [[0, 2.0], [1, 2.1]]}"
            message = f"`observations.{self.name}` needs the lists `columns` and `rows`"
            raise UserError(Mistake(message, self.at(), hint=hint))
        header = tuple(str(name).strip() for name in names)
        return Table(header, rows, lambda i: self.at("rows", i - 1) if i else self.at("columns"))

    def renamed(self) -> dict[str, str]:
        """The column of every coordinate and expression that is called otherwise in the table."""
        given = self.keys.get("columns")
        if given is None or "rows" in self.keys:
            return {}
        if not isinstance(given, Mapping) or not all(isinstance(column, str) for column in given.values()):
            message = f"`observations.{self.name}.columns` must say which column is what"
            raise UserError(Mistake(message, self.at("columns"), hint='{x: x_mm, u: "temperature"}'))
        return {_plain(key): column.strip() for key, column in given.items()}

    def points(self, source: Columns, renamed: Mapping[str, str]) -> np.ndarray:
        """The points (n, d): a column of every coordinate, or in one array `points`."""
        names, place = self.scope.coordinates, source.place(0)
        if not (isinstance(source, Arrays) and "points" in source.names):
            mistakes: list[Mistake] = []
            columns = []
            for name in names:
                try:
                    columns.append(source.column(renamed.get(name, name)))
                except UserError as error:
                    mistakes += error.mistakes
            if mistakes:
                raise UserError(*mistakes)
            self.require_equal(dict(zip(names, columns, strict=True)), place)
            return np.stack(columns, axis=1)
        found = numbers(source.arrays["points"], "points", place)
        if found.ndim == 1 and len(names) == 1:
            found = found[:, None]
        if found.ndim != 2 or found.shape[1] != len(names):
            turned = found.ndim == 2 and found.shape[0] == len(names)
            hint = "They are turned: write `points.T`." if turned else f"A column of every coordinate: {names}."
            message = f"`points` have the shape {found.shape}; they need (n, {len(names)})"
            raise UserError(Mistake(message, place, hint=hint))
        return found

    def observed(self, source: Columns, renamed: Mapping[str, str]) -> dict[str, tuple[Expression, str]]:
        """By its text every expression that was measured, and its column."""
        coordinates, place = self.scope.coordinates, source.place(0)
        used = {*renamed.values(), *(renamed.get(name, name) for name in coordinates), *self.noise_columns(source)}
        named = {text: column for text, column in renamed.items() if text not in coordinates}
        for column in source.names:
            whole = self.scope.partial(column) is not None or self.strict
            if whole and column not in used and column not in named and (column != "points" or not self.strict):
                named[column] = column
        found: dict[str, tuple[Expression, str]] = {}
        mistakes: list[Mistake] = []
        for text, column in named.items():
            at = self.key_where("observations", self.name, "columns", text) if text in renamed else place
            try:
                found[_plain(text)] = self.expression(_plain(text), at), column
            except UserError as error:
                mistakes += error.mistakes
        if not found and not mistakes:
            hint = (
                f"A column is called like a field or a derivative, or `columns` says what it is: {{{coordinates[0]}: "
            )
            hint += f"{coordinates[0]}, {self.scope.fields[0]}: temperature}}."
            mistakes.append(Mistake(f"`{self.name}` observes no field", place, hint=hint))
        if mistakes:
            raise UserError(*mistakes)
        return found

    def expression(self, text: str, place: Place) -> Expression:
        """An expression that was measured."""
        found = parse(text, self.scope, place)
        if not partials_in(found.tree, self.scope):
            raise UserError(Mistake(f"`{short(text)}` says nothing about any field", place))
        return found

    def noise_columns(self, source: Columns) -> set[str]:
        """The columns that hold the noise of others."""
        given = self.keys.get("noise")
        named = given.values() if isinstance(given, Mapping) else ()
        return {name.strip() for name in named if isinstance(name, str) and name.strip() in source.names}

    def noises(self, source: Columns, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The noise of every expression, (n,) or one number; of none where nothing is said."""
        given, at = self.keys.get("noise"), self.at("noise")
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            return dict.fromkeys(texts, self.amount(given, at))
        own = {_plain(str(key)): value for key, value in given.items()}
        mistakes = []
        for key in own:
            if key not in texts:
                message, hint = unknown("observed expression", short(key), texts)
                place = self.key_where("observations", self.name, "noise", key)
                mistakes.append(Mistake(f"{message} in `noise`", place, hint=hint))
        missing = [text for text in texts if text not in own]
        if missing:
            message = f"`noise` does not say that of {', '.join(f'`{short(text)}`' for text in missing)}"
            mistakes.append(Mistake(message, at, hint="A set has the noise of all that it observes, or of none."))
        found: dict[str, np.ndarray] = {}
        columns = self.noise_columns(source)
        for text in (text for text in texts if text in own):
            value = own[text]
            try:
                if isinstance(value, str) and value.strip() in columns:
                    found[text] = self.positive(source.column(value.strip()), source)
                elif isinstance(value, np.ndarray | list) and np.ndim(value):
                    found[text] = self.positive(Arrays({"noise": value}, source.place).column("noise"), source)
                else:
                    found[text] = self.amount(value, self.at("noise", text))
            except UserError as error:
                mistakes += error.mistakes
        if mistakes:
            raise UserError(*mistakes)
        return found

    def amount(self, given: Any, place: Place) -> np.ndarray:
        """One number that is the noise of every value."""
        if not isinstance(given, str | int | float) or isinstance(given, bool):
            hint = "Or one of every expression, or the name of a column: {u: 0.01, v: sigma}."
            raise UserError(Mistake(f"`noise` must be a number, not `{short(str(given))}`", place, hint=hint))
        value = parse_number(given, place)
        if not value > 0:
            hint = "Leave `noise` out where the values are exact."
            raise UserError(Mistake(f"`noise` must be greater than zero, not {value:g}", place, hint=hint))
        return np.asarray(value)

    def positive(self, values: np.ndarray, source: Columns) -> np.ndarray:
        """A column of noise."""
        bad = np.flatnonzero(values <= 0)
        if len(bad):
            message = f"the noise must be greater than zero, not {values[bad[0]]:g}"
            raise UserError(Mistake(message, source.place(int(bad[0]) + 1)))
        return values

    def require_count(self, points: np.ndarray, values: Mapping[str, np.ndarray | None], source: Columns) -> None:
        """Refuse no points, too many, and columns of another length."""
        place = source.place(0)
        self.require_equal({"points": points, **{k: v for k, v in values.items() if v is not None}}, place)
        if not len(points):
            raise UserError(Mistake(f"`{self.name}` has no measurement", place, hint="A row follows for every point."))
        if len(points) > MOST_ROWS:
            message = f"`{self.name}` has {len(points):,} points, and {MOST_ROWS:,} is the most"
            raise UserError(Mistake(message, place, hint=_AVERAGE))

    def require_equal(self, columns: Mapping[str, np.ndarray], place: Place) -> None:
        """Refuse columns that differ in length."""
        if len({len(column) for column in columns.values()}) > 1:
            told = ", ".join(f"`{short(name)}` has {len(column)}" for name, column in columns.items())
            raise UserError(Mistake(f"the columns differ in length: {told}", place))


def _plain(text: str) -> str:
    """The text of an expression in one line."""
    return " ".join(str(text).split())


def written(observations: Observations, coordinates: Sequence[str]) -> dict[str, Any]:
    """The keys of a set with its table as text, from which an equal set is read."""
    columns = dict(zip(coordinates, observations.points.T, strict=True))
    noise: dict[str, Any] = {}
    for number, m in enumerate(observations.measured, 1):
        columns[m.expression.text] = m.values
        if m.known and m.uniform:
            noise[m.expression.text] = float(m.noise[0])
        elif m.known:
            noise[m.expression.text] = f"noise {number}"  # with a space, so that it is the name of nothing else
    for number, m in enumerate(observations.measured, 1):
        if noise.get(m.expression.text) == f"noise {number}":
            columns[f"noise {number}"] = m.noise
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[repr(float(cell)) for cell in row] for row in zip(*columns.values(), strict=True)])
    return {"table": text.getvalue(), **({"noise": noise} if noise else {})}
