"""What all primitives ask of the numbers that they are made of."""

from collections.abc import Sequence

import numpy as np

from pinnkit.errors import UserError


def exact(value: float) -> int | float:
    """A number as a whole one where it is, so that formulas keep it exact."""
    return int(value) if float(value).is_integer() else float(value)


def require_points(kind: str, label: str, dimensions: tuple[int, ...], *points: Sequence[float]) -> None:
    """Refuse points of another number of coordinates, of different numbers, or with one that is not finite.

    Raises:
        UserError: such points.
    """
    lengths = {len(point) for point in points}
    if len(lengths) != 1 or not lengths <= set(dimensions):
        need = " or ".join(map(str, dimensions))
        raise UserError(f"the {kind} `{label}` needs points of {need} coordinates each, not of {sorted(lengths)}")
    if not all(np.isfinite(value) for point in points for value in point):
        raise UserError(f"the {kind} `{label}` has a coordinate that is not a finite number")


def require_lengths(kind: str, label: str, **lengths: float) -> None:
    """Refuse lengths that are not above zero and finite.

    Raises:
        UserError: one that is not.
    """
    for option, value in lengths.items():
        if not 0 < value < float("inf"):
            raise UserError(f"`{option}` of the {kind} `{label}` is {value:g}; it needs a finite length above 0")
