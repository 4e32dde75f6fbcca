"""Parameters that are not given but found together with the fields: where they start, and what they may become."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, final

from pinnkit.equations.parse import parse_number
from pinnkit.errors import Mistake, Place, UserError, unknown
from pinnkit.problem.names import short

_KEYS = ("start", "bounds", "positive", "scale")
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string"}]}

UNKNOWN_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "start": _NUMBER,
        "bounds": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
        "positive": {"type": "boolean"},
        "scale": _NUMBER,
    },
    "required": ["start"],
    "additionalProperties": False,
}
"""The JSON schema of a parameter that is to be found."""


@final
@dataclass(frozen=True)
class Unknown:
    """A parameter that training finds: its start, strictly between its bounds, and how far it may be from there.

    Args:
        start: the value with which training begins.
        lower: what it stays above; -inf for no bound.
        upper: what it stays below; inf for no bound.
        scale: how much a change of 1 in the trained number changes the parameter at the start; None for `step`.
    """

    start: float
    lower: float = -math.inf
    upper: float = math.inf
    scale: float | None = None

    @property
    def step(self) -> float:
        """The scale: as given, else |start|, or 1 for 0, or half of two bounds; to the nearer bound at most."""
        if self.scale is not None:
            return self.scale
        size = abs(self.start) or 1.0
        if math.isfinite(self.upper - self.lower):
            size = 0.5 * (self.upper - self.lower)
        return min(size, self.start - self.lower, self.upper - self.start)

    def from_start(self, start: float, name: str) -> "Unknown":
        """The same parameter from another start.

        Raises:
            UserError: a start that is not strictly between the bounds.
        """
        moved = replace(self, start=start)
        found = _outside(moved, name, None)
        if found is not None:
            raise UserError(found)
        return moved

    @property
    def limits(self) -> str:
        """The bounds in words, empty where there are none."""
        if self.lower == 0 and self.upper == math.inf:
            return "positive"
        if self.upper == math.inf:
            return f"above {self.lower:.12g}" if self.lower > -math.inf else ""
        below = f"below {self.upper:.12g}"
        return f"in [{self.lower:.12g}, {self.upper:.12g}]" if self.lower > -math.inf else below


def read_unknown(
    name: str, given: Mapping[str, Any], where: Callable[..., Place], key_where: Callable[..., Place]
) -> Unknown:
    """The unknown parameter that a mapping describes: `{start: 0.1, bounds: [0.01, 1], positive: true, scale: 0.05}`.

    Args:
        name: its name.
        given: the keys.
        where: the place of a value.
        key_where: the place of a key.

    Raises:
        UserError: every mistake in it.
    """
    mistakes: list[Mistake] = []

    def number(key: str, value: Any, *path: str | int) -> float:
        try:
            if isinstance(value, int | float | str) and not isinstance(value, bool):
                return parse_number(value, where("parameters", name, key, *path))
            need = f"`parameters.{name}.{key}` must be a finite number, not `{short(str(value))}`"
            raise UserError(Mistake(need, where("parameters", name, key, *path)))
        except UserError as error:
            mistakes.extend(error.mistakes)
            return math.nan

    for key in given:
        if key not in _KEYS:
            message, hint = unknown("key", short(str(key)), _KEYS)
            mistakes.append(Mistake(f"{message} in `parameters.{name}`", key_where("parameters", name, key), hint=hint))
    if "start" not in given:
        hint = "Training begins there: {start: 0.1}."
        mistakes.append(Mistake(f"`parameters.{name}` needs the key `start`", where("parameters", name), hint=hint))
    start = number("start", given["start"]) if "start" in given else math.nan
    ends = given.get("bounds")
    lower, upper = -math.inf, math.inf
    if isinstance(ends, list | tuple) and len(ends) == 2:
        free = [_infinite(end) for end in ends]
        lower, upper = (
            number("bounds", end, i) if none is None else none
            for i, (end, none) in enumerate(zip(ends, free, strict=True))
        )
    elif ends is not None:
        need = f"`parameters.{name}.bounds` must be two numbers, such as [0.01, 1], not `{short(str(ends))}`"
        mistakes.append(Mistake(need, where("parameters", name, "bounds"), hint="An end may be inf or -inf."))
    scale = number("scale", given["scale"]) if given.get("scale") is not None else None
    found = Unknown(start, lower, upper, scale)
    mistakes += _wrong(found, name, where)
    positive = given.get("positive", False)
    if not isinstance(positive, bool):
        need = f"`parameters.{name}.positive` must be true or false, not `{short(str(positive))}`"
        mistakes.append(Mistake(need, where("parameters", name, "positive")))
    elif positive and (start <= 0 or upper <= 0):
        key, value = ("start", start) if start <= 0 else ("upper bound", upper)
        message = f"the unknown parameter `{name}` is positive, and its {key} is {value:.12g}"
        mistakes.append(Mistake(message, where("parameters", name), hint=f"Give a {key} above 0."))
    if mistakes:
        raise UserError(*mistakes)
    return replace(found, lower=max(0.0, lower)) if positive else found


def _infinite(end: Any) -> float | None:
    """An end that is no bound, written `inf` or `-inf`; None for any other."""
    if isinstance(end, float) and math.isinf(end):
        return end
    return {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}.get(end) if isinstance(end, str) else None


def _wrong(found: Unknown, name: str, where: Callable[..., Place]) -> list[Mistake]:
    """Bounds that do not rise, a start outside them, a scale that is not above zero."""
    mistakes = []
    if found.lower >= found.upper:
        message = f"the bounds of `{name}` must rise, and they are {found.lower:.12g} and {found.upper:.12g}"
        mistakes.append(Mistake(message, where("parameters", name, "bounds")))
    elif (outside := _outside(found, name, where("parameters", name, "start"))) is not None:
        mistakes.append(outside)
    if found.scale is not None and found.scale <= 0:
        message = f"the scale of `{name}` is {found.scale:.12g}; it must be above 0"
        hint = "It is about how far from its start the parameter may be."
        mistakes.append(Mistake(message, where("parameters", name, "scale"), hint=hint))
    return mistakes


def _outside(found: Unknown, name: str, place: Place | None) -> Mistake | None:
    """The mistake of a start that is not strictly between the bounds."""
    if not (found.start <= found.lower or found.start >= found.upper):
        return None
    message = f"the start {found.start:.12g} of `{name}` is not {found.limits}"
    at_end = found.start in (found.lower, found.upper)
    return Mistake(message, place, hint="It must lie strictly between the bounds." if at_end else None)


def dump_unknown(found: Unknown, start: Any) -> dict[str, Any]:
    """The mapping that reads back as an unknown parameter; `start` is its start as it is to be written."""
    keys: dict[str, Any] = {"start": start}
    if found.lower == 0 and found.upper == math.inf:
        keys["positive"] = True
    elif found.lower > -math.inf or found.upper < math.inf:
        keys["bounds"] = [found.lower, found.upper]
    if found.scale is not None:
        keys["scale"] = found.scale
    return keys


class _Ends(Protocol):
    """A coordinate, with the texts of its ends where parameters are part of them."""

    @property
    def name(self) -> str: ...

    @property
    def ends(self) -> tuple[str, str]: ...

    @property
    def place(self) -> Place | None: ...


def moving_ends(coordinates: Iterable[_Ends], unknowns: Sequence[str]) -> Iterator[Mistake]:
    """A mistake for every coordinate that ends at an unknown parameter."""
    for c in coordinates:
        words = {word for text in c.ends for word in re.findall(r"[^\W\d]\w*", text)}
        for name in (name for name in unknowns if name in words):
            message = f"`{c.name}` ends at the unknown parameter `{name}`, and points are drawn before it is known"
            hint = f"Stretch the coordinate: with {c.name} = {name}*s, s from 0 to 1, `{name}` is in the equations."
            yield Mistake(message, c.place, hint=hint)
