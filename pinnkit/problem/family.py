"""Parameters over which a whole family of problems is solved at once: each is a coordinate in all but name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from pinnkit.errors import Mistake, Place
from pinnkit.problem.problem import Problem

Where = Callable[..., Place]

_SHOWN = (0.0, 0.5, 1.0)
"""The members that pictures show, by the share of the range."""

_TESTED = (0.0, 0.25, 0.5, 0.75, 1.0)
"""The members at which the answer is tested, where one parameter has a range; with more of them, those shown."""


def with_families(
    data: Mapping[str, Any], where: Where, key_where: Where
) -> tuple[dict[str, Any], Where, Where, frozenset[str]]:
    """The keys with every parameter that has a range among the coordinates, last, and the names of those.

    Args:
        data: the keys of a problem file.
        where: the place of a value; it is asked where the value is written.
        key_where: the same of a key.
    """
    coordinates, parameters = data.get("coordinates"), data.get("parameters")
    if not isinstance(coordinates, Mapping) or not isinstance(parameters, Mapping):
        return dict(data), where, key_where, frozenset()
    found = {
        str(name): given
        for name, given in parameters.items()
        if isinstance(given, Mapping) and "range" in given and name not in coordinates
    }

    def moved(ask: Where) -> Where:
        def asked(*keys: str | int) -> Place:
            return (
                ask("parameters", *keys[1:])
                if len(keys) > 1 and keys[0] == "coordinates" and keys[1] in found
                else ask(*keys)
            )

        return asked

    rest = {name: given for name, given in parameters.items() if str(name) not in found}
    changed = {**data, "coordinates": {**coordinates, **found}, "parameters": rest}
    return changed, moved(where), moved(key_where), frozenset(found)


def named_as_written(mistake: Mistake, families: frozenset[str]) -> Mistake:
    """A mistake in a parameter with a range, under the key where it is written."""
    message = mistake.message
    for name in families:
        message = message.replace(f"`coordinates.{name}", f"`parameters.{name}")
    return replace(mistake, message=message)


def members(problem: Problem, shown: bool = False) -> list[dict[str, float]]:
    """Some members of a family by the values of its parameters: those that are tested, or those that are shown."""
    axes = [problem.coordinate(name).axis for name in problem.family]
    shares = np.array(_SHOWN if shown or len(axes) > 1 else _TESTED)
    values = [axis.from_unit(shares).tolist() for axis in axes]
    return [dict(zip(problem.family, chosen, strict=True)) for chosen in product(*values)]
