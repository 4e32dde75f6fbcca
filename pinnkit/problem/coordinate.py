"""An independent variable and its interval, as a value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.breaks import require_breaks
from pinnkit.problem.maps import Axis


@final
@dataclass(frozen=True)
class Coordinate:
    """An independent variable and its interval; a periodic one is joined at its ends.

    ``ends`` are the texts of the lower and the upper end that parameters are part of, else empty. Integrals are split
    at the ``breaks``, which rise inside the interval; ``break_texts`` are to them as ``ends`` to the ends. An end may
    be infinite; the interval is then mapped with the length ``scale``. With ``family`` it is a parameter over whose
    range a family of problems is solved at once: no equation differentiates along it, and its ends are no faces.
    """

    name: str
    lower: float
    upper: float
    periodic: bool = False
    ends: tuple[str, str] = ("", "")
    breaks: tuple[float, ...] = ()
    break_texts: tuple[str, ...] = ()
    scale: float = 1.0
    family: bool = False
    place: Place | None = field(default=None, compare=False)

    @property
    def axis(self) -> Axis:
        """The map between the unit interval and this one."""
        return Axis(self.name, self.lower, self.upper, self.periodic, self.scale)

    @property
    def length(self) -> float:
        """The length of the interval, which may be infinite."""
        return self.upper - self.lower

    def within(self, lower: float, upper: float, ends: tuple[str, str] = ("", "")) -> "Coordinate":
        """The coordinate on a part of its interval, with the breaks that lie there."""
        pairs = zip(self.breaks, self.break_texts, strict=True)
        kept = [(at, text) for at, text in pairs if lower < at < upper]
        breaks, texts = tuple(at for at, _ in kept), tuple(text for _, text in kept)
        scale = self.scale if math.isinf(upper - lower) else 1.0
        return replace(self, lower=lower, upper=upper, ends=ends, breaks=breaks, break_texts=texts, scale=scale)


def moved(coordinate: Coordinate, values: Mapping[str, float]) -> Coordinate:
    """The coordinate with its ends where other values of the parameters put them.

    Raises:
        UserError: an interval that is empty, or whose end is no number.
    """
    lower, upper = moved_ends(coordinate, values)
    given = zip(coordinate.break_texts, coordinate.breaks, strict=True)
    breaks = tuple(parse_number(text, coordinate.place, values) if text else at for text, at in given)
    require_breaks(coordinate.name, lower, upper, breaks, coordinate.place)
    return replace(coordinate, lower=lower, upper=upper, breaks=breaks)


def moved_ends(coordinate: Coordinate, values: Mapping[str, float]) -> tuple[float, float]:
    """Both ends where other values of the parameters put them.

    Raises:
        UserError: an interval that is empty, or whose end is no number.
    """
    lower, upper = (
        parse_number(text, coordinate.place, values) if text else end
        for text, end in zip(coordinate.ends, (coordinate.lower, coordinate.upper), strict=True)
    )
    if not lower < upper:
        raise UserError(Mistake(empty_interval(coordinate.name, lower, upper), coordinate.place))
    return lower, upper


def empty_interval(name: str, lower: float, upper: float) -> str:
    """The sentence for an interval that does not rise."""
    return f"the interval of `{name}` must go from a lower to an upper end, not from {lower:g} to {upper:g}"
