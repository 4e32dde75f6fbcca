"""The derived quantities that a problem file names, each of which may use those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy

from pinnkit.equations.evaluate import compile_tree
from pinnkit.equations.expression import Expression, Scope
from pinnkit.equations.names import check_name
from pinnkit.equations.parse import parse_output
from pinnkit.equations.reductions import AT, REDUCTIONS
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.breaks import Where
from pinnkit.problem.names import short
from pinnkit.problem.output import Output


def read_outputs(
    given: Mapping[str, Any],
    scope: Scope | None,
    ends: Mapping[str, tuple[float, float]],
    values: Mapping[str, float],
    where: Where,
) -> tuple[Output, ...]:
    """The outputs that a key declares; none where the names are not known.

    Args:
        given: the texts by name.
        scope: the declared names.
        ends: of the coordinates' intervals.
        values: of the parameters.
        where: the place of a value.

    Raises:
        UserError: every mistake in them.
    """
    built: list[Output] = []
    mistakes: list[Mistake] = []
    if scope is None:
        return ()
    known = scope
    for name, text in given.items():
        place = where("outputs", name)
        wrong = _wrong_name(name, scope, place)
        mistakes += [wrong] if wrong is not None else []
        try:
            output = Output(name, _expression(text, known, place))
            _require_numbers(output, built)
            _require_inside(output, known, ends, values)
            built.append(output)
        except UserError as error:
            mistakes += error.mistakes
        if wrong is None:
            known = replace(known, parameters=(*known.parameters, name))
    if mistakes:
        raise UserError(*mistakes)
    return tuple(built)


def _expression(text: Any, scope: Scope, place: Place) -> Expression:
    if isinstance(text, sympy.Basic):
        raise UserError(Mistake("an output is written as text", place, hint='Such as "value(u, x = 1)".'))
    return parse_output(str(text), scope, place)


def _require_numbers(output: Output, before: Sequence[Output]) -> None:
    """Refuse the use of an output that is a list.

    Raises:
        UserError: it is used.
    """
    lists = [o.name for o in before if isinstance(o.expression.tree, REDUCTIONS["roots"])]
    used = next((name for name in lists if name in map(str, output.expression.tree.free_symbols)), None)
    if used is not None:
        text = output.expression.text
        message = f"the output `{used}` is a list, and `{output.name}` needs a number"
        hint = "`root` is the first of the roots."
        raise UserError(Mistake(message, output.expression.place, text, (0, len(text)), hint))


def _wrong_name(name: str, scope: Scope, place: Place) -> Mistake | None:
    """What is wrong with the name of an output."""
    found = check_name(name, "output", place)
    taken = (*scope.coordinates, *scope.fields, *scope.parameters, *scope.named)
    if found is None and (name in taken or scope.partial(name) is not None):
        message = f"the output `{short(name)}` has a name that stands for something else"
        return Mistake(message, place, hint="Every name stands for one thing.")
    return found


def _require_inside(
    output: Output, scope: Scope, ends: Mapping[str, tuple[float, float]], values: Mapping[str, float]
) -> None:
    """Refuse values of coordinates that are known and lie outside of the domain.

    Raises:
        UserError: one does.
    """
    for node in output.expression.tree.atoms(AT):
        coordinate, value = str(node.args[0]), node.args[1]
        if coordinate not in ends or any(str(symbol) not in values for symbol in value.free_symbols):
            continue
        lower, upper = ends[coordinate]
        at = float(compile_tree(value, scope)(dict(values)))
        if not lower <= at <= upper:
            text = output.expression.text
            message = f"the output `{output.name}` asks `{coordinate} = {at:.12g}`"
            hint = f"`{coordinate}` goes from {lower:.12g} to {upper:.12g}."
            raise UserError(Mistake(message, output.expression.place, text, (0, len(text)), hint))
