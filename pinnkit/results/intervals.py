"""A number with the interval in which it lies, as text."""

from collections.abc import Mapping
from math import floor, log10
from typing import Any


def with_interval(value: float, own: Mapping[str, Any]) -> str:
    """A value as text, with its interval to two digits of the half width: `0.09980 ± 0.00040 (95 %)`."""
    lower, upper = own["interval"]
    half = 0.5 * (upper - lower)
    if abs(0.5 * (upper + lower) - value) > 0.01 * half or not half > 0:
        return f"{value:.10g} in [{lower:.6g}, {upper:.6g}] (95 %)"
    places = 1 - floor(log10(half))
    if 0 <= places <= 12:
        return f"{value:.{places}f} ± {half:.{places}f} (95 %)"
    return f"{value:.10g} ± {half:.2g} (95 %)"
