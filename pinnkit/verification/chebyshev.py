"""Functions on an interval by their values at Chebyshev-Gauss-Lobatto nodes."""

from typing import final

import numpy as np
import scipy.fft


@final
class Chebyshev:
    """The nodes x_j = middle - half cos(pi j / n), j = 0 ... n, and what is linear in the values there.

    Sources: L. N. Trefethen, Spectral Methods in MATLAB, SIAM 2000, chapter 6, for the differentiation matrix;
    J.-P. Berrut, L. N. Trefethen, SIAM Review 46 (2004) 501, for the interpolation.

    Args:
        lower: the lower end of the interval.
        upper: its upper end.
        count: n.
    """

    def __init__(self, lower: float, upper: float, count: int) -> None:
        angles = np.pi * np.arange(count + 1) / count
        half = 0.5 * (upper - lower)
        self.count = count
        # Written as a square of a sine, distances from the lower end keep their digits.
        self.nodes = lower + 2 * half * np.sin(0.5 * angles) ** 2
        self.nodes[-1] = upper
        self._weights = (-1.0) ** np.arange(count + 1)
        self._weights[[0, -1]] *= 0.5
        sums, differences = 0.5 * (angles[:, None] + angles), 0.5 * (angles[:, None] - angles)
        apart = 2 * half * np.sin(sums) * np.sin(differences)  # x_i - x_j without cancellation
        np.fill_diagonal(apart, 1.0)
        matrix = self._weights / self._weights[:, None] / apart
        np.fill_diagonal(matrix, 0.0)
        np.fill_diagonal(matrix, -matrix.sum(axis=1))  # a constant has no slope, exactly
        self.derivatives = (np.eye(count + 1), matrix, matrix @ matrix)

    def interpolation(self, x: np.ndarray) -> np.ndarray:
        """The matrix (m, n + 1) from values at the nodes to values at m places."""
        apart = x[:, None] - self.nodes
        at_node = apart == 0
        rows = self._weights / np.where(at_node, 1.0, apart)
        hit = at_node.any(axis=1)
        rows[hit] = at_node[hit]
        return rows / rows.sum(axis=1, keepdims=True)

    def tail(self, values: np.ndarray) -> float:
        """The largest share of the last eighth of the Chebyshev coefficients in any row of values (..., n + 1)."""
        coefficients = scipy.fft.dct(values, type=1, axis=-1)
        whole = np.linalg.norm(coefficients, axis=-1)
        late = np.linalg.norm(coefficients[..., -max(2, self.count // 8) :], axis=-1)
        return float(np.max(np.divide(late, whole, out=np.zeros_like(late), where=whole > 0)))
