"""Steps of exponential Runge-Kutta methods, of order four and exact in the linear part."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import numpy as np

from pinnkit.verification.wave_operator import WaveOperator

Rest = Callable[[np.ndarray, float], np.ndarray]
"""N(v, t)."""


class ExponentialStep(ABC):
    """One step of v_t = L v + N(v, t).

    Args:
        operator: L.
        length: h.
    """

    def __init__(self, operator: WaveOperator, length: float) -> None:
        self.length, self.times = length, operator.times
        self.half, self.whole, self.q, self.first, self.middle, self.last = operator.factors(length)

    @abstractmethod
    def __call__(self, v: np.ndarray, t: float, rest: Rest) -> np.ndarray:
        """The state at t + h from that at t."""


@final
class CoxMatthewsStep(ExponentialStep):
    """N is a polynomial in time during the step: for solutions whose smallest waves are damped, or smooth.

        a = e^(Lh/2) v + q N(v, t)            b = e^(Lh/2) v + q N(a, t + h/2)
        c = e^(Lh/2) a + q (2 N(b, t + h/2) - N(v, t))
        v <- e^(Lh) v + f1 N(v, t) + 2 f2 (N(a, t + h/2) + N(b, t + h/2)) + f3 N(c, t + h)

    Source: S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430.
    """

    def __call__(self, v: np.ndarray, t: float, rest: Rest) -> np.ndarray:
        """The state at t + h from that at t."""
        times, middle = self.times, t + 0.5 * self.length
        n0 = rest(v, t)
        start = times(self.half, v)
        a = start + times(self.q, n0)
        n1 = rest(a, middle)
        n2 = rest(start + times(self.q, n1), middle)
        n3 = rest(times(self.half, a) + times(self.q, 2.0 * n2 - n0), t + self.length)
        found = times(self.whole, v) + times(self.first, n0) + 2.0 * times(self.middle, n1 + n2)
        return found + times(self.last, n3)


@final
class LawsonStep(ExponentialStep):
    """e^(-Lt) N is a polynomial in time during the step: for rough waves that disperse and are not damped.

        a = e^(Lh/2) (v + h/2 N(v, t))        b = e^(Lh/2) v + h/2 N(a, t + h/2)
        c = e^(Lh) v + h e^(Lh/2) N(b, t + h/2)
        v <- e^(Lh) v + h/6 (e^(Lh) N(v, t) + 2 e^(Lh/2) (N(a, t + h/2) + N(b, t + h/2)) + N(c, t + h))

    The classical method of Runge and Kutta for w = e^(-Lt) v. A short wave turns many times in a step, and so does its
    share of a product with a smooth field; w does not.

    Source: J. D. Lawson, SIAM J. Numer. Anal. 4 (1967) 372.
    """

    def __call__(self, v: np.ndarray, t: float, rest: Rest) -> np.ndarray:
        """The state at t + h from that at t."""
        times, h = self.times, self.length
        n0 = rest(v, t)
        start = times(self.half, v)
        n1 = rest(start + 0.5 * h * times(self.half, n0), t + 0.5 * h)
        n2 = rest(start + 0.5 * h * n1, t + 0.5 * h)
        n3 = rest(times(self.whole, v) + h * times(self.half, n2), t + h)
        return times(self.whole, v + h / 6.0 * n0) + h / 3.0 * times(self.half, n1 + n2) + h / 6.0 * n3
