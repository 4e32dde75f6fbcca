"""Functions of a complex variable whose real parts are harmonic, and their derivatives.

Powers of z, powers of 1/zeta and log zeta around every hole, and simple poles outside near corners. Around an ellipse
with foci c - f and c + f, 2 zeta = z - c + sqrt((z - c)^2 - f^2), which is z - c around a circle. The powers are made
orthogonal on the boundary as they come (P. D. Brubeck, Y. Nakatsukasa, L. N. Trefethen, SIAM Rev. 63 (2021) 405),
since as they are they lose their digits from degree 20 on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True, eq=False)
class Powers:
    """1, w, w^2, ... made orthonormal over some points; column k + 1 is w times column k, less those before."""

    recurrence: np.ndarray

    @staticmethod
    def over(w: np.ndarray, degree: int) -> "Powers":
        """Over points (n,), up to a degree: Arnoldi's process, each column orthogonalised twice."""
        h = np.zeros((degree + 1, degree), dtype=complex)
        columns = np.ones((len(w), degree + 1), dtype=complex)
        for k in range(degree):
            v = w * columns[:, k]
            for _ in range(2):
                part = columns[:, : k + 1].conj().T @ v / len(w)
                h[: k + 1, k] += part
                v = v - columns[:, : k + 1] @ part
            h[k + 1, k] = np.linalg.norm(v) / np.sqrt(len(w))
            columns[:, k + 1] = v / h[k + 1, k]
        return Powers(h)

    def __call__(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and derivatives with respect to w, (n, degree + 1) each."""
        h = self.recurrence
        values = np.ones((len(w), len(h)), dtype=complex)
        slopes = np.zeros_like(values)
        for k in range(h.shape[1]):
            values[:, k + 1] = (w * values[:, k] - values[:, : k + 1] @ h[: k + 1, k]) / h[k + 1, k]
            slopes[:, k + 1] = (values[:, k] + w * slopes[:, k] - slopes[:, : k + 1] @ h[: k + 1, k]) / h[k + 1, k]
        return values, slopes


@final
@dataclass(frozen=True)
class Hole:
    """A point c in a hole, and the way f from the middle of an ellipse to a focus; 0 for any other hole."""

    place: complex
    focus: complex = 0.0

    def __call__(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """zeta (n,) and its derivative."""
        away = z - self.place
        if not self.focus:
            return away, np.ones_like(away)
        root = np.sqrt(away - self.focus) * np.sqrt(away + self.focus)
        # The branch that is large far away: the other one is inside of the foci.
        root = np.where((root * away.conj()).real < 0, -root, root)
        return 0.5 * (away + root), 0.5 * (1.0 + away / root)


@final
@dataclass(frozen=True, eq=False)
class Harmonic:
    """A basis F_k(z); u = Re(sum of c_k F_k) + sum of a_h log|zeta_h|.

    Args:
        middle, radius: of the shape, by which z is scaled.
        polynomial: powers of the scaled z.
        holes: around which there are powers.
        around: for every hole, powers of radius/zeta.
        radii: for every hole.
        poles: outside of the shape.
        strengths: for every pole, a factor about as large as its distance from the shape.
    """

    middle: complex
    radius: float
    polynomial: Powers
    holes: Sequence[Hole]
    around: Sequence[Powers]
    radii: Sequence[float]
    poles: np.ndarray
    strengths: np.ndarray

    @staticmethod
    def over(
        z: np.ndarray, degree: int, order: int, holes: Sequence[Hole], poles: np.ndarray, strengths: np.ndarray
    ) -> "Harmonic":
        """The basis for a boundary with points z (n,), up to a degree in z and an order around every hole."""
        middle = complex(0.5 * (z.real.min() + z.real.max()), 0.5 * (z.imag.min() + z.imag.max()))
        radius = float(np.abs(z - middle).max())
        zetas = [hole(z)[0] for hole in holes]
        radii = [float(np.abs(zeta).min()) for zeta in zetas]
        around = [Powers.over(r / zeta, order) for zeta, r in zip(zetas, radii, strict=True)]
        return Harmonic(
            middle, radius, Powers.over((z - middle) / radius, degree), holes, around, radii, poles, strengths
        )

    def __call__(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """u's columns (n, m) and, complex, their u_x - i u_y: the derivatives of F, of i F and of the logarithms."""
        w = (z - self.middle) / self.radius
        values, derivatives = self.polynomial(w)
        found, slopes = [values], [derivatives / self.radius]
        logs, beside = [], []
        for hole, r, powers in zip(self.holes, self.radii, self.around, strict=True):
            zeta, slope = hole(z)
            values, derivatives = powers(r / zeta)
            found.append(values[:, 1:])
            slopes.append(derivatives[:, 1:] * (-r / zeta**2 * slope)[:, None])
            logs.append(np.log(np.abs(zeta) / r)[:, None])
            beside.append((slope / zeta)[:, None])
        away = z[:, None] - self.poles
        found.append(self.strengths / away)
        slopes.append(-self.strengths / away**2)
        both, derivatives = np.concatenate(found, axis=1), np.concatenate(slopes, axis=1)
        real = np.concatenate([both.real, -both.imag[:, 1:], *logs], axis=1)
        return real, np.concatenate([derivatives, 1j * derivatives[:, 1:], *beside], axis=1)
