"""min |r + J p| with |p| <= Delta, for many Delta on one singular value decomposition J = U S V^T.

With b = U^T r, p(lambda) = -V S (S^2 + lambda)^-1 b, and lambda >= 0 is the root of |p(lambda)| = Delta, or 0 where
p(0) is within Delta. 1/|p(lambda)| is concave and grows, so Newton's iteration on 1/|p(lambda)| = 1/Delta rises to the
root from any lambda below it (J. J. More, D. C. Sorensen, SIAM J. Sci. Stat. Comput. 4 (1983)).
"""

from typing import final

import torch
from torch import Tensor


@final
class TrustRegion:
    """The model of J (m, s) and r (m,), without the directions that J maps to rounding errors."""

    def __init__(self, jacobian: Tensor, rows: Tensor) -> None:
        # By the triangular factor, in half the time that the decomposition of a tall matrix takes.
        self._q, r = torch.linalg.qr(jacobian)
        u, values, vt = torch.linalg.svd(r, full_matrices=False)
        kept = values > max(jacobian.shape) * torch.finfo(values.dtype).eps * values[0]
        self._u, self._values, self._vt = u[:, kept], values[kept], vt[kept]
        self._squares = self._values**2
        self._image = self._project(rows)

    def radii(self, largest: float, smallest: float, count: int) -> list[float]:
        """Evenly spread in their logarithms, from the largest down; |p(0)| for those above it; none where it is 0."""
        longest = float((self._image / self._values).norm())
        if longest == 0.0:
            return []
        ratio = (smallest / largest) ** (1.0 / (count - 1))
        spread = [largest * ratio**i for i in range(count)]
        return [longest] * (longest <= largest) + [radius for radius in spread if radius < longest]

    def damping(self, radius: float) -> float:
        """Lambda."""
        products = (self._values * self._image).abs()
        # No component of p alone may be longer than the radius, which is a lower bound.
        damping = max(0.0, float((products / radius - self._squares).max()))
        for _ in range(_MOST):
            parts = (products / (self._squares + damping)) ** 2
            square = float(parts.sum())
            excess = square**0.5 / radius - 1.0
            if excess <= _CLOSE:
                break
            damping += square * excess / float((parts / (self._squares + damping)).sum())
        return damping

    def least(self, v: Tensor, damping: float) -> Tensor:
        """The p (s,) of least |v + J p|^2 + lambda |p|^2, for v (m,)."""
        return -((self._values * self._project(v) / (self._squares + damping)) @ self._vt)

    def foretold(self, damping: float) -> float:
        """(|r|^2 - |r + J p(lambda)|^2)/2, a sum of what cannot be negative."""
        squares = self._squares
        shares = squares * (squares + 2.0 * damping) / (squares + damping) ** 2
        return 0.5 * float((self._image**2 * shares).sum())

    def _project(self, v: Tensor) -> Tensor:
        return self._u.T @ (self._q.T @ v)


_CLOSE = 1e-10
"""How far |p| may be above Delta, as a share of it."""

_MOST = 100
"""Newton's iteration is quadratic, and starts at the scale of the largest component: a dozen steps are usual."""
