"""Real fields on rings and periodic squares as the coefficients of their Fourier sums."""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import numpy as np
import scipy.fft

from pinnkit.equations.expression import MultiIndex
from pinnkit.problem.problem import Coordinate


@final
class Fourier:
    """Coefficients v of sum_k v_k e^{i k (x - lower)} / n over the waves that n nodes a coordinate can carry.

    Fields are real, so that half of the waves along the last coordinate say all. The wave half-way between two nodes
    is left out, since its derivative has no sign. Arrays have the fields first, then one axis a coordinate.

    Args:
        coordinates: the periodic ones, one or two.
        count: the number n of nodes along each, which is even.
        fine: how many times as many nodes the finer grid has, on which products are free of aliases.
    """

    def __init__(self, coordinates: Sequence[Coordinate], count: int, fine: float) -> None:
        self.coordinates, self.count = tuple(coordinates), count
        self.dimension = len(self.coordinates)
        self.fine_count = int(np.ceil(fine * count / 2)) * 2
        self.fine_shape = (self.fine_count,) * self.dimension
        orders = [np.fft.fftfreq(count, 1.0 / count)] * (self.dimension - 1) + [np.arange(count // 2 + 1.0)]
        self.numbers = [2 * np.pi / c.length * k for c, k in zip(self.coordinates, orders, strict=True)]
        self.shape = tuple(len(k) for k in self.numbers)
        self._axes = tuple(range(1, 1 + self.dimension))

    def nodes(self, count: int) -> np.ndarray:
        """The points (n, d) of a grid with `count` nodes a coordinate."""
        axes = [c.lower + c.length * np.arange(count) / count for c in self.coordinates]
        return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)

    def power(self, orders: MultiIndex) -> np.ndarray:
        """(i k)^m, the factor of a derivative of these orders along each coordinate, of the shape of one field."""
        power = np.ones(self.shape, dtype=complex)
        for k, order in zip(np.meshgrid(*self.numbers, indexing="ij", sparse=True), orders, strict=True):
            power = power * (1j * k) ** order
        return power

    def of_values(self, values: np.ndarray) -> np.ndarray:
        """The coefficients (f, ...) of values (f, n, ...) at the nodes."""
        v: np.ndarray = scipy.fft.rfftn(values, axes=self._axes)
        for axis in self._axes:
            v[(slice(None),) * axis + (self.count // 2,)] = 0.0
        return v

    def on_fine(self, v: np.ndarray) -> np.ndarray:
        """The values of fields on the finer grid."""
        half, size = self.count // 2, self.fine_count
        scale = (size / self.count) ** self.dimension
        if self.dimension == 1:
            line: np.ndarray = scipy.fft.irfft(v[:, :half], n=size)
            return line * scale
        padded = np.zeros((len(v), size, size // 2 + 1), dtype=complex)
        padded[:, :half, :half] = v[:, :half, :half]
        padded[:, size - half + 1 :, :half] = v[:, half + 1 :, :half]
        plane: np.ndarray = scipy.fft.irfft2(padded, s=self.fine_shape, overwrite_x=True)
        return plane * scale

    def from_fine(self, values: np.ndarray) -> np.ndarray:
        """The coefficients of values on the finer grid, without the waves that only that one carries."""
        half, size = self.count // 2, self.fine_count
        kept = np.zeros((len(values), *self.shape), dtype=complex)
        if self.dimension == 1:
            kept[:, :half] = scipy.fft.rfft(values)[:, :half]
        else:
            v = scipy.fft.rfft2(values)
            kept[:, :half, :half] = v[:, :half, :half]
            kept[:, half + 1 :, :half] = v[:, size - half + 1 :, :half]
        kept *= (self.count / size) ** self.dimension
        return kept

    def at(self, v: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The fields (n, f) at points (n, d), by their sums."""
        twice = v.copy()
        twice[..., 1:] *= 2.0  # the waves along the last coordinate that were left out are the conjugates of these
        tables, places = [], []
        for i, (c, k) in enumerate(zip(self.coordinates, self.numbers, strict=True)):
            distinct, which = np.unique(points[:, i], return_inverse=True)
            tables.append(np.exp(1j * k * (distinct[:, None] - c.lower)))
            places.append(which)
        sums = np.empty((len(points), len(v)))
        for field, own in enumerate(twice):
            if self.dimension == 1:
                sums[:, field] = (tables[0] @ own).real[places[0]]
                continue
            first = tables[0] @ own
            block = max(1, 1_000_000 // self.count)
            for begin, end in pairwise([*range(0, len(points), block), len(points)]):
                rows = first[places[0][begin:end]], tables[1][places[1][begin:end]]
                sums[begin:end, field] = np.einsum("nk,nk->n", *rows).real
        return sums / self.count**self.dimension

    def tail(self, v: np.ndarray) -> float:
        """The largest share of a field's norm that lies in the last eighth of the waves."""
        late = np.zeros(self.shape, dtype=bool)
        edge = self.count // 2 - self.count // 16
        for i, k in enumerate(self.numbers):
            last = np.abs(k) >= edge * np.abs(k[1]) * (1 - 1e-9)
            late |= last.reshape([-1 if i == j else 1 for j in range(self.dimension)])
        norms = [(np.linalg.norm(own[late]), np.linalg.norm(own)) for own in v]
        return max(float(part / whole) if whole > 0 else 0.0 for part, whole in norms)
