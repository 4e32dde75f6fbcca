"""What `tables` says: expressions along lines through the domain, or at points."""

from collections.abc import Mapping, Sequence
from typing import Any

from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.parse import parse, parse_number
from pinnkit.errors import Mistake, UserError, unknown
from pinnkit.problem.breaks import Where
from pinnkit.problem.coordinate import Coordinate
from pinnkit.problem.names import check_label
from pinnkit.problem.schema import ProblemKeys
from pinnkit.problem.table import Table

_USUAL, _MOST = 201, 1_000_000


def tables_of(
    keys: ProblemKeys,
    scope: Scope | None,
    coordinates: Sequence[Coordinate],
    values: Mapping[str, float],
    where: Where,
    key_where: Where,
) -> tuple[tuple[Table, ...], list[Mistake]]:
    """The tables that a file asks for, and what is wrong with them.

    Args:
        keys: of the file.
        scope: the declared names; None where they are not known, and nothing is looked at.
        coordinates: with their ends.
        values: of the parameters.
        where: the place of a value.
        key_where: the place of a key.
    """
    found: list[Table] = []
    mistakes: list[Mistake] = []
    for name, given in (keys.tables if scope is not None else {}).items():
        assert scope is not None
        wrong = check_label(name, "a table", key_where("tables", name))
        mistakes += [wrong] if wrong is not None else []
        if keys.states > 1:
            message, hint = f"the table `{name}` is of several states", "`pinnkit predict` gives them at any points."
            mistakes.append(Mistake(message, key_where("tables", name), hint=hint))
            continue
        columns, wrong_columns = _columns(name, given["of"], scope, where)
        line, wrong_line = _line(name, given["on"], coordinates, scope, values, (where, key_where))
        points, wrong_points = _points(name, given, line, where)
        mistakes += [*wrong_columns, *wrong_line, *wrong_points]
        found.append(Table(name, columns, line, points))
    return tuple(found), mistakes


def _columns(name: str, given: Any, scope: Scope, where: Where) -> tuple[tuple[Expression, ...], list[Mistake]]:
    """The expressions of a table."""
    texts = given if isinstance(given, list | tuple) else [given]
    mistakes = [] if texts else [Mistake(f"the table `{name}` has nothing in `of`", where("tables", name, "of"))]
    columns = []
    for i, text in enumerate(texts):
        place = where("tables", name, "of", *([i] if isinstance(given, list | tuple) else []))
        try:
            columns.append(parse(str(text), scope, place))
        except UserError as error:
            mistakes += error.mistakes
    twice = next((c for k, c in enumerate(columns) if c.text in [other.text for other in columns[:k]]), None)
    if twice is not None:
        mistakes.append(Mistake(f"the table `{name}` has `{twice.text}` twice", twice.place))
    return tuple(columns), mistakes


def _line(
    name: str,
    given: Any,
    coordinates: Sequence[Coordinate],
    scope: Scope,
    values: Mapping[str, float],
    places: tuple[Where, Where],
) -> tuple[dict[str, tuple[Any, Any]], list[Mistake]]:
    """Both ends of every coordinate."""
    where, key_where = places
    here = where("tables", name, "on")
    if not isinstance(given, Mapping):
        return {}, [Mistake(f"`on` of the table `{name}` must be a mapping, such as {{x: [0, 1], t: 0.5}}", here)]
    mistakes = []
    for key in given:
        if key not in scope.coordinates:
            message, hint = unknown("coordinate", str(key), scope.coordinates)
            mistakes.append(
                Mistake(f"{message} in the table `{name}`", key_where("tables", name, "on", key), hint=hint)
            )
    if missing := [c for c in scope.coordinates if c not in given]:
        hint = f"A value, `{missing[0]}: 0.5`, or where it goes from and to, `{missing[0]}: [0, 1]`."
        mistakes.append(Mistake(f"the table `{name}` does not say where `{missing[0]}` is", here, hint=hint))
    line: dict[str, tuple[Any, Any]] = {}
    for c in coordinates:
        if c.name not in given:
            continue
        own = given[c.name]
        ends = tuple(own) if isinstance(own, list | tuple) else (own, own)
        if len(ends) != 2:
            need = "a value, or two: where it begins and where it ends"
            mistakes.append(
                Mistake(f"`{c.name}` of the table `{name}` must be {need}", where("tables", name, "on", c.name))
            )
            continue
        try:
            numbers = [parse_number(end, where("tables", name, "on", c.name), values) for end in ends]
        except UserError as error:
            mistakes += error.mistakes
            continue
        line[c.name] = ends
        if outside := [x for x in numbers if not c.lower <= x <= c.upper]:
            message = f"the table `{name}` asks `{c.name} = {outside[0]:.12g}`"
            hint = f"`{c.name}` goes from {c.lower:.12g} to {c.upper:.12g}."
            mistakes.append(Mistake(message, where("tables", name, "on", c.name), hint=hint))
    return line, mistakes


def _points(
    name: str, given: Mapping[str, Any], line: Mapping[str, tuple[Any, Any]], where: Where
) -> tuple[int, list[Mistake]]:
    """How many points there are: one where nothing moves."""
    moves = any(lower != upper for lower, upper in line.values())
    if "points" not in given:
        return (_USUAL if moves else 1), []
    points, here = given["points"], where("tables", name, "points")
    if not moves:
        return 1, [
            Mistake(f"the table `{name}` has one point, for no coordinate moves", here, hint="Leave out `points`.")
        ]
    if type(points) is not int or not 2 <= points <= _MOST:
        return 2, [Mistake(f"`points` of the table `{name}` must be a whole number from 2 to {_MOST}", here)]
    return points, []
