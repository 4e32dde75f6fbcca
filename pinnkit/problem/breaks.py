"""Where a coordinate's interval is divided for integrals: at kinks and jumps of what is integrated."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError

Where = Callable[..., Place]
"""The place of the value at a path of keys."""


def read_breaks(
    given: Sequence[Any], name: str, ends: tuple[float, float], where: Where, values: Mapping[str, float]
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The breaks that a key says, and of each the text that parameters are part of, else an empty one.

    Args:
        given: numbers, or texts of numbers and parameters.
        name: of the coordinate.
        ends: of its interval.
        where: the place of a value.
        values: of the parameters.

    Raises:
        UserError: what is no number, and breaks that do not rise inside the interval.
    """
    found, texts = [], []
    for number, text in enumerate(given):
        found.append(parse_number(text, where("coordinates", name, "breaks", number), values))
        named = isinstance(text, str) and bool(set(re.findall(r"[^\W\d]\w*", text)) & set(values))
        texts.append(text if named else "")
    require_breaks(name, *ends, found, where("coordinates", name, "breaks"))
    return tuple(found), tuple(texts)


def require_breaks(name: str, lower: float, upper: float, breaks: Sequence[float], place: Place | None) -> None:
    """Refuse breaks that do not rise from one end of an interval to the other.

    Raises:
        UserError: a break outside of the interval or on an end of it, or one that does not follow the one before.
    """
    mistakes = []
    for at in breaks:
        if not lower < at < upper:
            message = f"the break {at:.12g} of `{name}` does not lie between its ends {lower:.12g} and {upper:.12g}"
            mistakes.append(Mistake(message, place, hint="The ends themselves need no break."))
    for before, at in pairwise(breaks):
        if not before < at:
            message = f"the breaks of `{name}` must rise, and {at:.12g} follows {before:.12g}"
            mistakes.append(Mistake(message, place))
    if mistakes:
        raise UserError(*mistakes)


def written_breaks(breaks: Sequence[float], texts: Sequence[str]) -> list[Any]:
    """The breaks as a file holds them: their texts, where parameters are part of them, else their numbers."""
    return [text or at for text, at in zip(texts, breaks, strict=True)]
