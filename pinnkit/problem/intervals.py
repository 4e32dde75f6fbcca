"""Intervals of coordinates: their ends, of which each may be infinite, and what each kind of coordinate allows."""

import math
from collections.abc import Mapping
from dataclasses import replace

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.coordinate import empty_interval
from pinnkit.problem.problem import Coordinate

_INFINITE = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}


def parse_end(value: str | float, place: Place | None = None, names: Mapping[str, float] | None = None) -> float:
    """The number that an end says: a constant, one of `names` in it, `inf` or `-inf`.

    Raises:
        UserError: what is no number.

    Example:
        >>> parse_end("-inf"), parse_end("2*pi")
        (-inf, 6.283185307179586)
    """
    infinite = value if isinstance(value, float) and math.isinf(value) else _INFINITE.get(str(value).replace(" ", ""))
    return infinite if infinite is not None else parse_number(value, place, names)


def completed(
    bare: Coordinate, scale: str | float | None, time: str | None, family: Mapping[str, object] | None = None
) -> Coordinate:
    """A coordinate with its scale, once its interval has been found to be one.

    Args:
        bare: the coordinate as far as it is known.
        scale: what the file says of the scale, if anything.
        time: the coordinate that is time.
        family: the keys of a parameter with a range, where the coordinate is one.

    Raises:
        UserError: an interval that is empty, or cannot be what it is to be.
    """
    name, place = bare.name, bare.place
    if not bare.lower < bare.upper:
        raise UserError(Mistake(empty_interval(name, bare.lower, bare.upper), place))
    finite = math.isfinite(bare.lower) and math.isfinite(bare.upper)
    if family is not None:
        _require_range(bare, family, finite, time)
        return replace(bare, periodic=False, family=True)
    if bare.periodic and name == time:
        raise UserError(Mistake(f"`{name}` is time, and time is not periodic", place))
    if not finite and name == time:
        hint = "Time is walked through from a start to an end, by windows and references alike: give a finite end."
        raise UserError(Mistake("time cannot go to infinity", place, hint=hint))
    if not finite and bare.periodic:
        raise UserError(Mistake("a periodic coordinate needs two finite ends, which are joined", place))
    return bare if scale is None else replace(bare, scale=_scale(scale, finite, place))


def _require_range(bare: Coordinate, family: Mapping[str, object], finite: bool, time: str | None) -> None:
    name, place = bare.name, bare.place
    mistakes = [
        Mistake(f"`{key}` has no meaning beside `range` in `parameters.{name}`", place)
        for key in family
        if key != "range"
    ]
    if not finite:
        mistakes.append(Mistake(f"the range of the parameter `{name}` needs two finite ends", place))
    if name == time:
        mistakes.append(Mistake(f"`{name}` is a parameter with a range, and cannot be time", place))
    if mistakes:
        raise UserError(*mistakes)


def _scale(given: str | float, finite: bool, place: Place | None) -> float:
    if finite:
        hint = "It is the length of the map of an interval such as [0, inf]."
        raise UserError(Mistake("`scale` has a meaning only where an end is infinite", place, hint=hint))
    scale = parse_number(given, place)
    if not 0 < scale < 1e100:
        hint = "About the length over which the answer changes."
        raise UserError(Mistake(f"`scale` must be above zero, not {scale:g}", place, hint=hint))
    return scale
