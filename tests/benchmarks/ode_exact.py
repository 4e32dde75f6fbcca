"""Exact values of the problems in one coordinate, each by a way that has no network in it.

.venv/bin/python tests/benchmarks/ode_exact.py
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.optimize import brentq

HORIZONS: Mapping[float, float] = MappingProxyType(
    {0.2: 1.6273637244209, 0.5: 1.4838776945841, 1.0: 1.4093433692044, 2.0: 1.3667309375458}
)
"""Universal horizons x of the khronon field by its speed c: the root of y where the equation for w in
y = 1 - x/2 - x^2/8 - x^3/16 + x^4 w is solved by Chebyshev collocation, whose degrees agree to 1e-13."""

SONIC_RADIUS = 40.5
"""Of Michel's flow with a^2 = 1/78 at its sonic point: (1 + 3 a^2)/(2 a^2)."""

_FLUX, _BERNOULLI = 0.18225, 1.0205590334423291
"""The integrals of that flow with M = 1 and p = rho^(4/3)/10: rho gamma v s r^2 and (1 + 0.4 rho^(1/3)) gamma s, where
s = sqrt(1 - 2/r)."""

_CLOSE = 0.5
"""So close to the sonic point the two branches nearly meet, and the integrals do not tell them apart to all digits."""


def michel(radii: np.ndarray) -> np.ndarray:
    """Density and speed (n, 2) of Michel's flow, from its two integrals; NaN within 0.5 of the sonic point.

    Of the two speeds that the integrals allow it is the larger one inside the sonic radius, and the smaller outside.
    """
    return np.array([_flow(float(r)) if abs(r - SONIC_RADIUS) > _CLOSE else (np.nan, np.nan) for r in radii])


def sound(density: np.ndarray | float) -> np.ndarray:
    """The square of the speed of sound in Michel's flow, 2 rho^(1/3)/(15 + 6 rho^(1/3))."""
    root = np.cbrt(density)
    return np.asarray(2.0 * root / (15.0 + 6.0 * root))


def _flow(r: float) -> tuple[float, float]:
    stretch = np.sqrt(1.0 - 2.0 / r)

    def density(v: float) -> float:
        return float(_FLUX * np.sqrt(1.0 - v * v) / (v * stretch * r * r))

    def lack(v: float) -> float:
        return float((1.0 + 0.4 * np.cbrt(density(v))) * stretch / np.sqrt(1.0 - v * v) - _BERNOULLI)

    slowest, fastest = 1e-5, 0.9
    middle = brentq(lambda v: v * v - float(sound(density(v))), slowest, fastest, xtol=1e-15)
    ends = (middle, fastest) if r < SONIC_RADIUS else (slowest, middle)
    v = brentq(lack, *ends, xtol=1e-16, rtol=1e-15)
    return density(v), v


def infinite_well(states: int = 3) -> list[float]:
    """(n pi)^2 of -psi'' = E psi on [0, 1]."""
    return [(n * np.pi) ** 2 for n in range(1, states + 1)]


def finite_well(states: int = 3, depth: float = 100.0) -> list[float]:
    """Of -psi'' + V psi = E psi, V = 0 for abs(x) < 1/2 and `depth` elsewhere: k tan(k/2) = q, -k cot(k/2) = q.

    k^2 = E and q^2 = depth - E; both equations are multiplied out.
    """

    def even(energy: float) -> float:
        k, q = np.sqrt(energy), np.sqrt(depth - energy)
        return float(k * np.sin(k / 2) - q * np.cos(k / 2))

    def odd(energy: float) -> float:
        k, q = np.sqrt(energy), np.sqrt(depth - energy)
        return float(k * np.cos(k / 2) + q * np.sin(k / 2))

    return _lowest((even, odd), depth, states)


def barrier(states: int = 3, height: float = 20.0) -> list[float]:
    """Of -psi'' + V psi = E psi in the box [0, 1], V = `height` on [0.4, 0.6]: sines beside it, cosh or sinh within.

    k cos(0.4 k) cosh(0.1 q) + q sin(0.4 k) sinh(0.1 q) = 0 for even states, and with sinh(0.1 q)/q and cosh(0.1 q) in
    place of cosh and q sinh for odd ones; q^2 = height - E, imaginary above the barrier.
    """

    def matched(energy: float, even: bool) -> float:
        k, q = np.sqrt(energy), np.sqrt(complex(height - energy))
        value, slope = (np.cosh(q / 10), q * np.sinh(q / 10)) if even else (np.sinh(q / 10) / q, np.cosh(q / 10))
        return float((k * np.cos(0.4 * k) * value + np.sin(0.4 * k) * slope).real)

    return _lowest((lambda energy: matched(energy, True), lambda energy: matched(energy, False)), 400.0, states)


def harmonic_well(states: int = 3) -> list[float]:
    """2 n + 1 of -psi'' + x^2 psi = E psi."""
    return [2.0 * n + 1.0 for n in range(states)]


def double_well(states: int = 2) -> list[float]:
    """Of -psi''/2 + (x^2 - 4)^2 psi = E psi: sinc functions 0.06 apart on [-6, 6], which leave an error near 1e-12.

    D. T. Colbert, W. H. Miller, J. Chem. Phys. 96 (1992) 1982, for the matrix of the second derivative.
    """
    step = 0.06
    x = step * np.arange(-100, 101)
    apart = np.arange(len(x))[:, None] - np.arange(len(x))
    off = 2.0 * (-1.0) ** apart / np.where(apart == 0, 1, apart) ** 2.0
    kinetic = np.where(apart == 0, np.pi**2 / 3, off) / (2 * step**2)
    return [float(energy) for energy in np.linalg.eigvalsh(kinetic + np.diag((x**2 - 4) ** 2))[:states]]


def _lowest(functions: tuple[Callable[[float], float], ...], most: float, states: int) -> list[float]:
    """The smallest roots of several functions below `most`, in order."""
    energies = np.linspace(1e-6, most * (1 - 1e-9), 4001)
    found = []
    for function in functions:
        values = [function(float(energy)) for energy in energies]
        for a, b, left, right in zip(energies, energies[1:], values, values[1:], strict=False):
            if left * right < 0:
                found.append(float(brentq(function, a, b, xtol=1e-14, rtol=1e-15)))
    return sorted(found)[:states]


if __name__ == "__main__":
    for well in (infinite_well, finite_well, barrier, harmonic_well, double_well):
        print(well.__name__, *(f"{energy:.13g}" for energy in well()))
    for radius, (rho, v) in zip((20.0, 80.0, 140.5), michel(np.array([20.0, 80.0, 140.5])), strict=True):
        print(f"michel r = {radius:g}: rho = {rho:.13g}, v = {v:.13g}")
