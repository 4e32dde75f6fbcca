"""The start of `ns_decaying`: a stream function with the waves up to |k| = 4 and random phases, as a CSV file.

    python tests/benchmarks/random_flow.py > problems/data/ns_decaying.csv

|psi_k| = c |k|^-3, so that speeds go as |k|^-2 and the energy of a ring of waves as k^-3, the spectrum of the enstrophy
cascade of plane turbulence (R. H. Kraichnan, Phys. Fluids 10 (1967) 1417). The phases are uniform, the mean velocity is
zero, and c makes 5 the largest speed on a grid of 512 x 512 points.
"""

import numpy as np

SEED = 0
HIGHEST = 4
SPEED = 5.0
POINTS = 512


def modes() -> list[tuple[int, int]]:
    """One of k and -k for every wave, by length."""
    near = range(-HIGHEST, HIGHEST + 1)
    half = [(k, n) for k in near for n in near if 0 < k * k + n * n <= HIGHEST**2 and (k, n) > (0, 0)]
    return sorted(half, key=lambda wave: (wave[0] ** 2 + wave[1] ** 2, wave))


def speed(waves: np.ndarray, a: np.ndarray, b: np.ndarray, points: int = POINTS) -> np.ndarray:
    """|(psi_y, -psi_x)| on a grid of a period, psi = sum of a cos(k . x) + b sin(k . x)."""
    line = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    x, y = np.meshgrid(line, line, indexing="ij")
    u, v = np.zeros_like(x), np.zeros_like(x)
    for (k, n), even, odd in zip(waves, a, b, strict=True):
        slope = odd * np.cos(k * x + n * y) - even * np.sin(k * x + n * y)
        u += n * slope
        v -= k * slope
    return np.hypot(u, v)


def table() -> str:
    """The CSV file."""
    waves = np.array(modes())
    phases = np.random.default_rng(SEED).uniform(0.0, 2 * np.pi, len(waves))
    size = np.linalg.norm(waves, axis=1) ** -3
    a, b = size * np.cos(phases), size * np.sin(phases)
    c = SPEED / speed(waves, a, b).max()
    rows = [f"{k},{n},{c * even:.10f},{c * odd:.10f}" for (k, n), even, odd in zip(waves, a, b, strict=True)]
    return "\n".join(["x,y,cos,sin", *rows, ""])


if __name__ == "__main__":
    print(table(), end="")
