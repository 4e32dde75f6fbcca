"""The second derivative of the rows along a step, from the rows at one more point."""

from torch import Tensor


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
