"""Which parameters, or combinations of them, measured values do not see, in sentences.

A direction v of relative changes dp_i = v_i p_i changes the data by d times its length, d a singular value in units of
the noise: along it the parameters are known to 1/d. Where v has two
parts of one size and of unlike signs, a product is seen.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

_PART = 0.1
"""The part of the largest component of a direction below which a parameter is not named."""

_SAME = 0.02
"""How far an exponent may be from a simple fraction."""


def not_seen(
    names: Sequence[str], sizes: np.ndarray, singular: np.ndarray, directions: np.ndarray, unseen: float
) -> list[str]:
    """A sentence for every direction along which the parameters may change by as much as they are.

    Args:
        names: of the parameters (U,).
        sizes: what a relative change is relative to (U,).
        singular: the singular values (U,), falling.
        directions: the right singular vectors as rows; (U, U) or fewer rows than parameters.
        unseen: the part of the largest singular value below which nothing is seen.
    """
    found = []
    whole = directions
    if len(directions) < len(names):  # fewer data than parameters: what is orthogonal to all that is seen
        whole = np.concatenate([directions, np.linalg.svd(directions)[2][len(directions) :]])
    for value, direction in zip(singular, whole, strict=True):
        blind = value <= unseen * singular[0]
        if blind or value < 1.0:
            found.append(_sentence(names, direction, blind, sizes))
    return found


def _sentence(names: Sequence[str], direction: np.ndarray, blind: bool, sizes: np.ndarray) -> str:
    """What is hardly seen along one direction, or, where the data are blind to it, not at all."""
    part = direction / direction[np.argmax(np.abs(direction))]
    named = [i for i in range(len(names)) if abs(part[i]) > _PART]
    if len(named) == 1:
        name = names[named[0]]
        if blind:
            return f"The observations do not determine `{name}`."
        return f"The observations hardly determine `{name}`: its interval is wider than its value."
    together = ", ".join(f"`{names[i]}` by {part[i]:+.3g} %" for i in named)
    verb = "do not see" if blind else "hardly see"
    sentence = f"The observations {verb} {', '.join(f'`{names[i]}`' for i in named)} apart"
    combination = _seen(names, part, named, sizes)
    only = f", only `{combination}`" if combination else ""
    return f"{sentence}{only}: changes of {together} of their values, together, leave the data as they are."


def _seen(names: Sequence[str], part: np.ndarray, named: Sequence[int], sizes: np.ndarray) -> str | None:
    """The product or sum of two parameters that does not change along a direction; None where none is simple."""
    if len(named) != 2:
        return None
    i, j = named
    absolute = part * sizes
    power = _simple(-part[i] / part[j])  # p_i p_j^power stays the same
    if power is not None:
        operator = "*" if power > 0 else "/"
        size = abs(power)
        raised = names[j] if size == 1 else f"{names[j]}**{size}" if size.denominator == 1 else ""
        if raised:
            return f"{names[i]}{operator}{raised}"
        if size.numerator == 1:
            return f"{names[i]}**{size.denominator}{operator}{names[j]}"
    if abs(absolute[i] + absolute[j]) < _SAME * abs(absolute[i]):
        return f"{names[i]} + {names[j]}"
    if abs(absolute[i] - absolute[j]) < _SAME * abs(absolute[i]):
        return f"{names[i]} - {names[j]}"
    return None


def _simple(power: float) -> Fraction | None:
    """One of 1, 2, 3, 1/2, 1/3 and their negatives, where the power is close to one."""
    near = [Fraction(sign * n, d) for sign in (1, -1) for n, d in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3))]
    return next((own for own in near if abs(power - own) < _SAME * abs(own)), None)
