"""Intervals as images of the unit interval: affine where both ends are finite, algebraic where one or both are not.

J. P. Boyd's algebraic maps (J. Comput. Phys. 70 (1987) 63 for the half-line, 69 (1987) 112 for the line; Chebyshev and
Fourier Spectral Methods, 2nd ed., Dover 2001, chapter 17), with s in [-1, 1] and a scale L:

    half-line    x = a + L (1 + s)/(1 - s)         s = 1 - 2 L/(x - a + L)
    its mirror   x = b - L (1 - s)/(1 + s)         s = 2 L/(b - x + L) - 1
    line         x = L s/sqrt(1 - s^2)             s = x/sqrt(L^2 + x^2)

Half of s lies within L of the finite end, or within 0.58 L of the origin. Algebraic maps are taken, and neither
logarithmic nor exponential ones, since they lose least where L is not the best: what falls off like exp(-x) and what
falls off like 1/x are both smooth in s, or nearly.
"""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import sympy

from pinnkit.equations.numbers import exact

FAR = 1e6
"""Points stay within this many scales L of a finite end, or of the origin.

There s misses its end by 2e-6, or less. For L = 1, x^6 is finite in float32, and in float64 even the
square of x^20, the highest power.
"""

_SHOWN_HALF, _SHOWN_LINE = 10.0, 5.0
"""How many scales a picture shows of a half-line, and of either side of the line."""

Kind = Literal["finite", "above", "below", "line"]


@final
@dataclass(frozen=True)
class Axis:
    """The map between the unit interval and the interval of one coordinate.

    Args:
        name: the coordinate.
        lower: its lower end, or -inf.
        upper: its upper end, or inf.
        periodic: whether its ends are joined.
        scale: L, which has a meaning where an end is infinite.

    Example:
        >>> Axis("x", 0.0, np.inf, scale=2.0).from_unit(np.array([0.0, 0.5, 0.75]))
        array([0., 2., 6.])
    """

    name: str
    lower: float
    upper: float
    periodic: bool = False
    scale: float = 1.0

    @property
    def kind(self) -> Kind:
        """`finite`, `above` a finite end, `below` one, or the whole `line`."""
        if np.isfinite(self.lower):
            return "finite" if np.isfinite(self.upper) else "above"
        return "below" if np.isfinite(self.upper) else "line"

    @property
    def finite(self) -> bool:
        """Whether both ends are finite, and the map therefore affine."""
        return self.kind == "finite"

    @property
    def centred(self) -> bool:
        """Whether the interval is its own mirror image about zero."""
        return self.kind == "line" or abs(self.lower + self.upper) <= 1e-12 * (self.upper - self.lower) < np.inf

    @property
    def reach(self) -> tuple[float, float]:
        """The ends, an infinite one replaced by the place up to which points go."""
        far = FAR * self.scale
        origin = {"above": self.lower, "below": self.upper}.get(self.kind, 0.0)
        lower, upper = self.lower, self.upper
        return (lower if np.isfinite(lower) else origin - far), (upper if np.isfinite(upper) else origin + far)

    @property
    def window(self) -> tuple[float, float]:
        """The finite interval that pictures show: all of a finite one, 10 L of a half-line, [-5 L, 5 L] of the line."""
        if self.kind == "line":
            return -_SHOWN_LINE * self.scale, _SHOWN_LINE * self.scale
        shown = _SHOWN_HALF * self.scale
        return max(self.lower, self.upper - shown) if self.kind == "below" else self.lower, (
            min(self.upper, self.lower + shown) if self.kind == "above" else self.upper
        )

    @property
    def half(self) -> float:
        """dx/ds in the middle, s = 0: half the length of a finite interval, 2 L on a half-line, L on the line."""
        if self.kind == "finite":
            return 0.5 * (self.upper - self.lower)
        return self.scale if self.kind == "line" else 2.0 * self.scale

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """x at u = (1 + s)/2 in [0, 1], of any shape; at an infinite end `reach`."""
        u = np.asarray(unit, dtype=np.float64)
        if self.kind == "finite":
            # Rounding may carry u = 1 past the end by one unit in the last place.
            return np.asarray(np.clip(self.lower + (self.upper - self.lower) * u, self.lower, self.upper))
        with np.errstate(divide="ignore"):
            if self.kind == "above":
                x = self.lower + self.scale * (u / (1.0 - u))
            elif self.kind == "below":
                x = self.upper - self.scale * ((1.0 - u) / u)
            else:
                x = self.scale * ((u - 0.5) / np.sqrt(u * (1.0 - u)))
        return np.asarray(np.clip(x, *self.reach))

    def to_unit(self, x: np.ndarray) -> np.ndarray:
        """u in [0, 1] at x, of any shape; an infinite x is an end."""
        at = np.asarray(x, dtype=np.float64)
        if self.kind == "finite":
            return np.asarray((at - self.lower) / (self.upper - self.lower))
        if self.kind == "above":
            return np.asarray(1.0 - 1.0 / (1.0 + (at - self.lower) / self.scale))
        if self.kind == "below":
            return np.asarray(1.0 / (1.0 + (self.upper - at) / self.scale))
        y = at / self.scale
        with np.errstate(invalid="ignore"):
            s = np.where(np.isinf(y), np.sign(y), y / np.hypot(1.0, y))
        return np.asarray(0.5 + 0.5 * s)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """dx/du at x, of any shape: the weight that turns an integral over u into one over x."""
        at = np.asarray(x, dtype=np.float64)
        if self.kind == "finite":
            return np.full_like(at, self.upper - self.lower)
        if self.kind == "line":
            return np.asarray(2.0 * self.scale * np.hypot(1.0, at / self.scale) ** 3)
        y = (at - self.lower if self.kind == "above" else self.upper - at) / self.scale
        return np.asarray(self.scale * (1.0 + y) ** 2)

    def placed(self, value: float) -> float:
        """A value of the coordinate, an infinite one moved to `reach`."""
        return float(np.clip(value, *self.reach))

    def tree(self, x: sympy.Expr) -> sympy.Expr:
        """s, as an expression of x."""
        if self.kind == "line":
            return x / sympy.sqrt(exact(self.scale) ** 2 + x**2)
        return self.from_lower(x) - self.from_upper(x)

    def from_lower(self, x: sympy.Expr) -> sympy.Expr:
        """(1 + s)/2, which vanishes at the lower end and is 1 at the upper."""
        scale = exact(self.scale)
        if self.kind == "line":
            return (1 + self.tree(x)) / 2
        if self.kind == "below":
            return scale / (exact(self.upper) - x + scale)
        along = x - exact(self.lower)
        return along / (exact(self.upper) - exact(self.lower) if self.kind == "finite" else along + scale)

    def from_upper(self, x: sympy.Expr) -> sympy.Expr:
        """(1 - s)/2, which is 1 at the lower end and vanishes at the upper."""
        scale = exact(self.scale)
        if self.kind == "line":
            return (1 - self.tree(x)) / 2
        if self.kind == "above":
            return scale / (x - exact(self.lower) + scale)
        along = exact(self.upper) - x
        return along / (exact(self.upper) - exact(self.lower) if self.kind == "finite" else along + scale)

    def from_both(self, x: sympy.Expr) -> sympy.Expr:
        """1 - s^2, which vanishes at both ends and is 1 in the middle."""
        if self.kind == "line":
            scale = exact(self.scale)
            return scale**2 / (scale**2 + x**2)
        return 4 * self.from_lower(x) * self.from_upper(x)
