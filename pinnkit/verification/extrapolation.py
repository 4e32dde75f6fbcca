"""Steps of any order by extrapolation of the modified midpoint rule, in arithmetic of any precision."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

Rates = Callable[[Any, np.ndarray], np.ndarray]
"""f of y' = f(t, y), with y of the shape (n, ...)."""

_SMALLEST = 1e-12
"""Steps below this share of the whole way are given up."""


def columns(rates: Rates, t: Any, y: np.ndarray, length: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Values at t + length by 1, 2, 3, ... runs, each with the difference of its two best ones.

    The run with n = 2 j substeps of h is z_1 = y + h f(t, y), z_(m+1) = z_(m-1) + 2 h f(t + m h, z_m); its error has
    even powers of h only, so that every further run raises the order by two.

    Source: W. B. Gragg, SIAM J. Numer. Anal. 2 (1965) 384.

    Args:
        rates: f.
        t: where the step begins, a number or one for each of the points along the later axes of y.
        y: the state there, shape (n, ...), of floats or of objects.
        length: of the step, as t.
    """
    slope = rates(t, y)
    before: list[np.ndarray] = []
    j = 0
    while True:
        j += 1
        h = length / (2 * j)
        last, current = y, y + slope * h
        for m in range(1, 2 * j):
            last, current = current, last + rates(t + m * h, current) * (2 * h)
        row = [current]
        for i, earlier in enumerate(before):
            ratio = (j * j - (j - 1 - i) ** 2, (j - 1 - i) ** 2)  # (n_j / n_(j-1-i))^2 - 1 as a fraction
            row.append(row[-1] + (row[-1] - earlier) * ratio[1] / ratio[0])
        yield row[-1], row[-1] - (row[-2] if j > 1 else before[-1] if before else y)
        before = row


@final
@dataclass(frozen=True)
class Path:
    """A solution at the ends of its steps, in double precision: times (k,), states (k, n)."""

    times: np.ndarray
    states: np.ndarray


def follow(rates: Rates, start: Any, end: Any, y: np.ndarray, tolerance: Any, target: int, most: int) -> Path | None:
    """The solution from a start to an end, or None where steps become too small or too many.

    A step is as long as `target` columns make it accurate to the tolerance, relative to the largest component.
    """
    t, length = start, (end - start) / 100
    times, states = [float(t)], [y.astype(np.float64)]
    while t < end:
        if abs(length) < _SMALLEST * (end - start) or len(times) > most:
            return None
        length = min(length, end - t)
        for number, (found, difference) in enumerate(columns(rates, t, y, length), 1):
            close = max(abs(difference)) <= tolerance * (max(abs(found)) + tolerance)
            if (close and number > 2) or number >= target + 4:
                break
        if not close:
            length = length / 2
            continue
        t, y = (end if length >= end - t else t + length), found
        times.append(float(t))
        states.append(y.astype(np.float64))
        length = length * min(2.0, max(0.5, target / number))
    return Path(np.array(times), np.array(states))


def between(rates: Rates, path: Path, times: np.ndarray) -> np.ndarray:
    """The states (n, m) at m times, each by one step in double precision from the step's end before it.

    Of all columns the one is taken that differs least from its neighbour: later ones gain rounding errors only.
    """
    which = np.clip(np.searchsorted(path.times, times, side="right") - 1, 0, len(path.times) - 2)
    begin = path.times[which]
    best, least = path.states[which].T, np.full(len(times), np.inf)
    y = best
    for number, (found, difference) in enumerate(columns(rates, begin, y, times - begin), 1):
        size = np.max(np.abs(difference), axis=0)
        better = size < least
        best = np.where(better, found, best)
        least = np.where(better, size, least)
        if number > 2 and (number >= _MOST_COLUMNS or not np.any(better)):
            return best
    raise AssertionError("columns do not end")


_MOST_COLUMNS = 16
