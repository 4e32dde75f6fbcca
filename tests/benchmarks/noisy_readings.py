"""The data of `lorenz_inverse` and `diffusivity_inverse`: the true solution at some points, with noise, as CSV.

    python tests/benchmarks/noisy_readings.py lorenz > problems/data/lorenz_inverse.csv
    python tests/benchmarks/noisy_readings.py diffusivity > problems/data/diffusivity_inverse.csv

The noise is normal and independent. Its standard deviation is 1 % of the range of every component of the Lorenz state
over the time that is observed, and 0.002 for the temperature.
"""

import argparse

import numpy as np
from scipy.integrate import solve_ivp

LORENZ = {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}
TIMES = np.linspace(0.12, 3.0, 25)
NOISE = {"x": 0.3, "y": 0.38, "z": 0.47}

DIFFUSIVITY = 0.1
PLACES = np.array([0.2, 0.4, 0.6, 0.8])
MOMENTS = np.linspace(0.1, 1.0, 10)
TEMPERATURE_NOISE = 0.002


def lorenz(times: np.ndarray, sigma: float, rho: float, beta: float) -> np.ndarray:
    """The state (n, 3) at rising times, from (1, 1, 1) at 0."""

    def flow(t: float, state: np.ndarray) -> list[float]:
        x, y, z = state
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    found = solve_ivp(flow, (0.0, times[-1]), [1.0, 1.0, 1.0], "DOP853", times, rtol=1e-11, atol=1e-11)
    return np.asarray(found.y.T)


def lorenz_readings(seed: int) -> np.ndarray:
    """The noisy states (25, 3)."""
    noise = np.random.default_rng(seed).standard_normal((len(TIMES), 3))
    return lorenz(TIMES, **LORENZ) + noise * list(NOISE.values())


def temperature(points: np.ndarray, diffusivity: float) -> np.ndarray:
    """u (n,) at points (n, 2): two modes of sin(pi n x) exp(-D (pi n)^2 t), of amplitude 1 and 1/2."""
    x, t = points.T
    return sum(a * np.sin(n * np.pi * x) * np.exp(-diffusivity * (n * np.pi) ** 2 * t) for n, a in ((1, 1.0), (2, 0.5)))


def temperature_readings(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (40, 2) and the noisy temperatures (40,)."""
    points = np.stack(np.meshgrid(PLACES, MOMENTS, indexing="ij"), axis=-1).reshape(-1, 2)
    noise = np.random.default_rng(seed).standard_normal(len(points))
    return points, temperature(points, DIFFUSIVITY) + TEMPERATURE_NOISE * noise


def table(which: str, seed: int) -> str:
    """The CSV file."""
    if which == "lorenz":
        header, columns = "t,x,y,z", np.column_stack([TIMES, lorenz_readings(seed)])
    else:
        header, columns = "x,t,u", np.column_stack(temperature_readings(seed))
    return "\n".join([header, *(",".join(f"{value:.6g}" for value in row) for row in columns), ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=["lorenz", "diffusivity"])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(table(given.which, given.seed), end="")
