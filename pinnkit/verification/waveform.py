"""A periodic function and its primitive as piecewise polynomials that are quick to evaluate."""

from collections.abc import Callable
from typing import final

import numpy as np

DEGREE = 5
"""Of the polynomial in every cell."""


@final
class Waveform:
    """A function w of period P about its mean m, and the periodic primitive W of w - m.

    In each of equal cells w is interpolated at Gauss-Legendre nodes, so that W is exact to twice the order at the
    ends of the cells. Kinks cost accuracy only in the cells that hold them, and none where they fall between cells.

    Args:
        function: gives w at points of shape (n,) within one period.
        start: where the period begins.
        period: its length P.
        cells: the number of cells, a power of two.
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], start: float, period: float, cells: int) -> None:
        if cells & (cells - 1):
            raise ValueError(f"a waveform needs a power of two of cells, not {cells}")
        self.start = start
        self.width = period / cells
        self._mask = cells - 1
        nodes, weights = np.polynomial.legendre.leggauss(DEGREE + 1)
        centres = start + self.width * (np.arange(cells) + 0.5)
        values = function((centres + 0.5 * self.width * nodes[:, None]).ravel()).reshape(DEGREE + 1, cells)
        self.mean = float(weights @ values.mean(axis=1)) / 2
        values = values - self.mean
        self.largest = float(np.max(np.abs(values)))
        local = np.linalg.solve(np.vander(nodes, increasing=True), values)
        rising = 0.5 * self.width * local / np.arange(1, DEGREE + 2)[:, None]
        signs = np.array([(-1.0) ** k for k in range(1, DEGREE + 2)])
        ends = np.concatenate([[0.0], np.cumsum(0.5 * self.width * (weights @ values))])
        self.swing = float(np.ptp(ends)) + self.width * self.largest
        first = ends[:-1] - signs @ rising - np.mean(ends[:-1])
        self._coefficients = np.ascontiguousarray(np.vstack([first, rising]))

    def both(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W and w - m at points y, of y's shape."""
        position = (y - self.start) / self.width
        cell = np.floor(position)
        s = 2.0 * (position - cell) - 1.0
        index = cell.astype(np.int64) & self._mask
        highest = self._coefficients[-1].take(index)
        value, slope = highest * s, highest.copy()
        # Horner's rule for the polynomial and its derivative at once.
        for row in self._coefficients[-2:0:-1]:
            value += row.take(index)
            slope *= s
            slope += value
            value *= s
        value += self._coefficients[0].take(index)
        slope *= 2.0 / self.width
        return value, slope
