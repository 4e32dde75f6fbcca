"""Steps of the exponential Runge-Kutta method of Cox and Matthews, of order four and exact in the linear part."""

from collections.abc import Callable
from typing import final

import numpy as np

_CIRCLE = 32
"""Points on the circles over which the functions of L h are averaged."""


@final
class ExponentialStep:
    """One step of length h of v_t = L v + N(v, t) with a diagonal L.

        a = e^(Lh/2) v + q N(v, t)            b = e^(Lh/2) v + q N(a, t + h/2)
        c = e^(Lh/2) a + q (2 N(b, t + h/2) - N(v, t))
        v <- e^(Lh) v + f1 N(v, t) + 2 f2 (N(a, t + h/2) + N(b, t + h/2)) + f3 N(c, t + h)

    The factors are functions of z = L h that lose their digits near zero; each is the mean over a circle around z.

    Sources: S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430, for the step; A.-K. Kassam, L. N. Trefethen,
    SIAM J. Sci. Comput. 26 (2005) 1214, for the circles.

    Args:
        linear: the diagonal of L.
        length: h.
    """

    def __init__(self, linear: np.ndarray, length: float) -> None:
        self.length = length
        z = linear * length
        self.half = np.exp(z / 2)
        self.whole = self.half**2
        real = not np.any(z.imag)
        # Where z is real, the lower half of the circle repeats the upper one.
        count = _CIRCLE // 2 if real else _CIRCLE
        angles = 2 * np.pi * (np.arange(count) + 0.5) / _CIRCLE
        sums = [np.zeros_like(z) for _ in range(4)]
        for turn in np.exp(1j * angles):
            w = z + turn
            e = np.exp(w / 2)
            square, cube = w * w, w * w * w
            ee = e * e
            sums[0] += (e - 1) / w
            sums[1] += (-4 - w + ee * (4 - 3 * w + square)) / cube
            sums[2] += (2 + w + ee * (w - 2)) / cube
            sums[3] += (-4 - 3 * w - square + ee * (4 - w)) / cube
        means = [length * (total.real if real else total) / count for total in sums]
        if real:
            self.half, self.whole = self.half.real, self.whole.real
        self.q, self.first, self.middle, self.last = means

    def __call__(self, v: np.ndarray, t: float, rest: Callable[[np.ndarray, float], np.ndarray]) -> np.ndarray:
        """The state at t + h from that at t, where `rest` is N."""
        middle = t + 0.5 * self.length
        n0 = rest(v, t)
        start = self.half * v
        a = start + self.q * n0
        n1 = rest(a, middle)
        n2 = rest(start + self.q * n1, middle)
        n3 = rest(self.half * a + self.q * (2.0 * n2 - n0), t + self.length)
        return self.whole * v + self.first * n0 + 2.0 * self.middle * (n1 + n2) + self.last * n3
