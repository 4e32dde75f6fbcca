"""The second derivative of the rows along a step, from the rows at one more point."""

from torch import Tensor

from pinnkit.errors import UserError
from pinnkit.optimizers.optimizer import require_positive


def second_derivative(rows: Tensor, linear: Tensor, ahead: Tensor, h: float) -> Tensor:
    """r_ss = (2/h) ((r(theta + h s) - r)/h - J s), exact for quadratic rows and else up to terms of order h.

    M. K. Transtrum, J. P. Sethna, arXiv 1201.5885 (2012).

    Args:
        rows: r (N,).
        linear: J s (N,).
        ahead: r(theta + h s) (N,).
        h: the share of the step at which `ahead` was evaluated.
    """
    return (2.0 / h) * ((ahead - rows) / h - linear)


def require_stride(optimizer: str, stride: float) -> None:
    """Refuse an h that is not above 0, or beyond the step itself.

    Raises:
        UserError: one that is.
    """
    require_positive(optimizer, stride=stride)
    if stride > 1:
        raise UserError(f"`stride` of optimizer `{optimizer}` is {stride:g}; it needs at most 1")
