"""The linear part of an evolution wave by wave: numbers, or matrices that couple the fields of one wave."""

from typing import final

import numpy as np
import scipy.linalg

_CIRCLE = 32
"""Points on the circles over which the functions of L h are averaged."""

_WORST_BASIS = 1e4
"""Eigenvectors whose matrix has a larger condition number lose too many digits, as at a double eigenvalue."""

Factors = tuple[np.ndarray, ...]
"""e^(z/2), e^z and h times q, f1, f2 and f3 of z = L h."""


@final
class WaveOperator:
    """L of v_t = L v + N(v, t), and the functions of it that exponential steps are made of.

    The functions of a number z = L h lose their digits near zero; each is the mean over a circle around z. Those of a
    matrix are taken of its eigenvalues, and of the few matrices that have no good basis of eigenvectors by exponentials
    of larger ones.

    Sources: A.-K. Kassam, L. N. Trefethen, SIAM J. Sci. Comput. 26 (2005) 1214, for the circles; R. B. Sidje, ACM
    Trans. Math. Softw. 24 (1998) 130, for the larger matrices.

    Args:
        linear: the diagonal of L, (f, ...), or L for each wave, (f, f, ...).
        coupled: which of the two.
    """

    def __init__(self, linear: np.ndarray, coupled: bool = False) -> None:
        self.coupled = coupled
        self._numbers = linear
        if coupled:
            self._matrices = np.moveaxis(linear, (0, 1), (-2, -1))
            self._numbers, self._basis = np.linalg.eig(self._matrices.astype(complex))
            self._poor = ~(np.linalg.cond(self._basis) < _WORST_BASIS)
            self._basis[self._poor] = np.eye(len(linear))
            self._inverse = np.linalg.inv(self._basis)

    def times(self, factor: np.ndarray, v: np.ndarray) -> np.ndarray:
        """A function of L times the fields (f, ...)."""
        found: np.ndarray = np.sum(factor * v[None], axis=1) if self.coupled else factor * v
        return found

    def factors(self, length: float) -> Factors:
        """The functions that a step of a length needs."""
        numbers = _of_numbers(self._numbers * length, length)
        if not self.coupled:
            return numbers
        found = [self._basis * factor[..., None, :] @ self._inverse for factor in numbers]
        for at in map(tuple, np.argwhere(self._poor)):
            for factor, own in zip(found, _by_exponentials(self._matrices[at] * length, length), strict=True):
                factor[at] = own
        return tuple(np.moveaxis(factor, (-2, -1), (0, 1)) for factor in found)


def _of_numbers(z: np.ndarray, length: float) -> Factors:
    """The factors of numbers z of any shape, by circles around them."""
    half = np.exp(z / 2)
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
    return (half.real, half.real**2, *means) if real else (half, half**2, *means)


def _by_exponentials(z: np.ndarray, length: float) -> Factors:
    """The factors of one matrix by phi_k(z) = sum_j z^j/(j + k)!, the first row of blocks of an exponential.

    q = phi_1(z/2)/2, f1 = phi_1 - 3 phi_2 + 4 phi_3, f2 = phi_2 - 2 phi_3, f3 = 4 phi_3 - phi_2.
    """
    half, first, _, _ = _phi(z / 2)
    whole, one, two, three = _phi(z)
    shares = (first / 2, one - 3 * two + 4 * three, two - 2 * three, 4 * three - two)
    return (half, whole, *(length * share for share in shares))


def _phi(z: np.ndarray) -> np.ndarray:
    """e^z and phi_1 to phi_3 of a matrix (f, f), as (4, f, f)."""
    size = len(z)
    larger = np.kron(np.eye(4, k=1), np.eye(size)).astype(complex)
    larger[:size, :size] = z
    row = scipy.linalg.expm(larger)[:size]
    return np.stack([row[:, k * size : (k + 1) * size] for k in range(4)])
