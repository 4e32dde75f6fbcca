"""A unit as the SI has it, and the texts that name one.

A unit is a factor to the base units of the SI and an exponent of each of them, as pint says: mm is 0.001 metre.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, final

from pinnkit.errors import Mistake, Place, UserError
from pinnkit.problem.names import short

_LONGEST = 80

_POWER = r"(?:\s*(?:\^|\*\*)\s*(?:[-+]?\d{1,2}(?:\.\d{1,3})?|\([-+]?\d{1,2}(?:/\d{1,2})?\)))?"
_UNIT = re.compile(rf"[\s(]*(?:[^\W\d]\w*|%|1){_POWER}(?:[\s()]*[\s*/]\s*[\s(]*(?:[^\W\d]\w*|%|1){_POWER})*[\s)]*")
"""Names and powers that are small numbers, multiplied and divided."""


@final
@dataclass(frozen=True)
class Unit:
    """A factor to the base units of the SI, and the exponents of these by name."""

    factor: float = 1.0
    exponents: tuple[tuple[str, float], ...] = ()

    def times(self, other: "Unit", power: float = 1.0) -> "Unit":
        """The product with a power of another one."""
        found = dict(self.exponents)
        for name, exponent in other.exponents:
            found[name] = found.get(name, 0.0) + power * exponent
        kept = tuple(sorted((n, round(e, 9)) for n, e in found.items() if abs(e) > 1e-9))
        return Unit(self.factor * other.factor**power, kept)

    def __str__(self) -> str:
        powers = [n if e == 1 else f"{n}^{e:g}" for n, e in self.exponents]
        return "*".join(powers) or "a number"


PURE = Unit()


def read_unit(text: str, place: Place, registry: Any) -> Unit:
    """The unit that a text names, such as `mm`, `W/(m*K)` or `m^2/s`.

    Args:
        text: the text.
        place: where it stands.
        registry: pint's, of all units that are known.

    Raises:
        UserError: there is no such unit, or its zero is not zero, as of `degC`.
    """
    hint = "Such as `m`, `mm`, `m^2/s`, `W/(m*K)` or `1`."
    wrong = UserError(Mistake(f"`{short(text)}` is no unit that is known", place, hint=hint))
    if len(text) > _LONGEST or _UNIT.fullmatch(text) is None:
        raise wrong  # pint would work out a tower of powers before it looked at it
    try:
        unit = registry.parse_units(text) if text.strip() != "1" else registry.dimensionless
        one, two = (registry.Quantity(float(k), unit).to_base_units() for k in (1, 2))
        exponents = {str(name): float(power) for name, power in one.unit_items()}
    except Exception:  # pint raises a kind of its own for everything that it trips over
        raise wrong from None
    if not math.isclose(2.0 * one.magnitude, two.magnitude, rel_tol=1e-9):
        hint = "Take `K`, or `delta_degC` for a difference."
        raise UserError(Mistake(f"the zero of `{text}` is not zero, which equations need", place, hint=hint))
    if not 0 < one.magnitude < math.inf or any(abs(e) > 100 for e in exponents.values()):
        raise wrong
    kept = tuple(sorted((name, e) for name, e in exponents.items() if name != "radian" and e))
    return Unit(float(one.magnitude), kept)


def units_known(place: Place) -> Any:
    """The registry of pint.

    Raises:
        UserError: it is not installed.
    """
    try:
        import pint
    except ImportError:
        raise UserError(Mistake("`units` need the package `pint`", place, hint="`pip install pint`.")) from None
    return pint.UnitRegistry(cache_folder=None)
