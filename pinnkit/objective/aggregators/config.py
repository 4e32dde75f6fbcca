"""ConFIG: the direction that has the same angle with all gradients, so that no loss is against it."""

from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor

from pinnkit.objective.aggregators.aggregator import Aggregator, Combined
from pinnkit.objective.aggregators.cone import dual_cone_weights, triangle

Length = Literal["projection", "min", "max", "arithmetic", "geometric", "harmonic"]

_EQUAL = 1e-6
"""How far cosines may be from each other, relative to the smallest, to count as equal."""

OPPOSED = "some gradients oppose each other, so that no direction is equally along all of them"


@final
@dataclass(frozen=True)
class ConFIG(Aggregator):
    """d = l v with unit v and v . g_i/|g_i| the same positive number for all i: v solves U v = 1, up to its length.

    The rows of U are the unit gradients, and v is along the solution of least norm. It is found by QR and an SVD of the
    small triangle, refined once: the Gram matrix U U^T would lose the angles of nearly parallel gradients. The length
    is l = sum_i v . g_i (`projection`), or the sum of the cosines times a mean, the least or the largest of the |g_i|.

    Where gradients oppose each other there is no such v, and it is the direction nearest to the sum of the unit
    gradients along which no loss rises to first order; which may be zero.

    Q. Liu, M. Chu, N. Thuerey, ICLR 2025 (arXiv 2408.11104), equations 2 and 3.

    Args:
        length: the rule for l.
    """

    length: Length = "projection"

    def combine(self, gradients: Tensor, state: Any) -> Combined:
        """l v."""
        return config_update(gradients, self.length)


def config_update(gradients: Tensor, length: Length = "projection") -> Combined:
    """The direction of the gradients (m, P) with its length.

    Example:
        >>> import torch
        >>> g = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> config_update(g).direction
        tensor([1.5000, 1.5000], dtype=torch.float64)
    """
    norms = gradients.norm(dim=1)
    own, sizes = gradients[norms > 0], norms[norms > 0]
    if len(own) < 2:
        return Combined(own.sum(0))
    direction, fair = config_direction(own / sizes[:, None])
    parts = own @ direction
    size = parts.sum() if length == "projection" else (parts / sizes).sum() * _mean(sizes, length)
    return Combined(size * direction, note=None if fair else OPPOSED)


def config_direction(units: Tensor) -> tuple[Tensor, bool]:
    """v (P,) of unit gradients (m, P), and whether its cosines with all of them are equal and positive."""
    q, r = torch.linalg.qr(units.T)
    left, values, right = torch.linalg.svd(r.T, full_matrices=False)
    real = values > 10 * len(units) * torch.finfo(units.dtype).eps * values[0]
    inverse = torch.where(real, 1.0 / torch.where(real, values, torch.ones_like(values)), torch.zeros_like(values))

    def solved(b: Tensor) -> Tensor:
        return q @ (right.T @ (inverse * (left.T @ b)))

    ones = torch.ones(len(units), dtype=units.dtype, device=units.device)
    found = solved(ones)
    found = found + solved(ones - units @ found)
    direction = found / found.norm() if float(found.norm()) > 0 else found
    cosines = units @ direction
    if float(cosines.min()) > 0 and float(cosines.max() - cosines.min()) <= _EQUAL * float(cosines.min()):
        return direction, True
    weights = torch.as_tensor(dual_cone_weights(triangle(units), ones.cpu().numpy())).to(units)
    nearest = weights @ units
    size = float(nearest.norm())
    rounding = 1e3 * torch.finfo(units.dtype).eps * float(weights.abs().sum())
    return (nearest / size if size > rounding else torch.zeros_like(nearest)), False


def _mean(sizes: Tensor, rule: Length) -> Tensor:
    """A mean, the least or the largest of the norms."""
    if rule == "min":
        return sizes.min()
    if rule == "max":
        return sizes.max()
    if rule == "geometric":
        return sizes.log().mean().exp()
    return sizes.mean() if rule == "arithmetic" else 1.0 / (1.0 / sizes).mean()
