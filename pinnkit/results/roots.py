"""Where a function of one number changes its sign, to the last digits."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
"""Numbers (n,) to numbers (n,)."""

_SAMPLES = 2001
"""At which a change of sign is looked for; two roots that are closer than two samples are missed."""


def roots_of(function: Function, edges: Sequence[float]) -> list[float]:
    """Every place, rising, at which samples of a function change their sign or vanish, by Brent's method.

    A pole changes the sign too, and is left out: there the function does not come down to zero. A root at which the
    function only touches zero is found where a sample hits it, and else missed.

    Source: R. P. Brent, Algorithms for Minimization without Derivatives, Prentice-Hall (1973), as made by scipy.

    Args:
        function: any that is defined from the first edge to the last.
        edges: the ends, and in between, rising, where samples shall be in any case.
    """
    x = np.concatenate([np.linspace(a, b, _SAMPLES)[:-1] for a, b in pairwise(edges)] + [np.array(edges[-1:])])
    y = np.asarray(function(x))
    found = [float(x[i]) for i in np.flatnonzero(y == 0.0)]
    with np.errstate(invalid="ignore"):
        changes = np.flatnonzero(np.sign(y[:-1]) * np.sign(y[1:]) < 0)
    for i in changes:
        place = _bracketed(function, float(x[i]), float(x[i + 1]))
        most = max(abs(float(y[i])), abs(float(y[i + 1])))
        if place is not None and abs(float(function(np.array([place]))[0])) <= most:
            found.append(place)
    return sorted(found)


def _bracketed(function: Function, lower: float, upper: float) -> float | None:
    """The root between two places with different signs, or None where the function is no number on the way."""
    # scipy.optimize takes longer to import than everything else here.
    from scipy.optimize import brentq

    def at(place: float) -> float:
        return float(function(np.array([place]))[0])

    close = 4 * np.finfo(float).eps
    try:
        root = brentq(at, lower, upper, xtol=close * max(abs(lower), abs(upper), 1e-300), rtol=close, maxiter=200)
    except (RuntimeError, ValueError):
        return None
    return float(root)
