"""The ends of a coordinate's interval, of which each may be infinite, and the scale of its map then."""

import math
from collections.abc import Mapping

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError

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


def parse_scale(
    given: str | float | None, lower: float, upper: float, place: Place | None = None, joined: str | None = None
) -> float:
    """The scale of the map of an interval, 1 where none is given.

    Args:
        given: what the file says.
        lower: the lower end.
        upper: the upper end.
        place: where it stands.
        joined: what the coordinate is that cannot have an infinite end: `time` or `periodic`.

    Raises:
        UserError: a scale that is not above zero, or one without an infinite end; such an end of time or of a circle.
    """
    infinite = math.isinf(lower) or math.isinf(upper)
    if infinite and joined == "time":
        hint = "Time is walked through from a start to an end, by windows and references alike: give a finite end."
        raise UserError(Mistake("time cannot go to infinity", place, hint=hint))
    if infinite and joined is not None:
        raise UserError(Mistake("a periodic coordinate needs two finite ends, which are joined", place))
    if given is None:
        return 1.0
    if not infinite:
        hint = "It is the length of the map of an interval such as [0, inf]."
        raise UserError(Mistake("`scale` has a meaning only where an end is infinite", place, hint=hint))
    scale = parse_number(given, place)
    if not 0 < scale < 1e100:
        hint = "About the length over which the answer changes."
        raise UserError(Mistake(f"`scale` must be above zero, not {scale:g}", place, hint=hint))
    return scale
