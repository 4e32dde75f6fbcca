"""The method of Gauss and Newton for small systems with at least as many rows as unknowns."""

from dataclasses import dataclass
from typing import final

import numpy as np

from pinnkit.verification.blocks import System


@final
@dataclass(frozen=True, eq=False)
class Found:
    """Where the iteration ended.

    Args:
        theta: the unknowns.
        defect: what is left of the rows, relative to their terms.
        lacking: how many directions of the unknowns no row depends on.
        steps: how many were taken.
        reason: why it is no solution, or nothing.
    """

    theta: np.ndarray
    defect: float
    lacking: int
    steps: int
    reason: str = ""


_STEPS = 60
"""The most steps; a start that is close needs five, and a far one is shortened a few dozen times."""

_HALVINGS = 12
_SMALL = 1e-14
"""A step below this share of the unknowns changes nothing."""

_RANK = 1e-13
"""A singular value below this share of the largest is none."""


def gauss_newton(system: System, theta: np.ndarray) -> Found:
    """The unknowns at which the scaled rows are least, by min |S (r + J d)| and halving of d until the norm falls.

    The columns of J are divided by the widths of the unknowns, and its rows by the largest of their block. No singular
    value is cut off but those that are zero to rounding.

    Source: A. Bjorck, Numerical Methods for Least Squares Problems, SIAM 1996, section 9.2.
    """
    rows = system.values(theta)
    before, defect, lacking = np.inf, np.inf, 0
    for step in range(_STEPS):
        place = system.broken(rows)
        if place is not None:
            return Found(theta, np.inf, 0, step, f"`{place[0]}` is not finite at {place[1]:g}")
        jacobian = system.jacobian(theta)
        if not np.isfinite(jacobian).all():
            return Found(theta, np.inf, 0, step, "a derivative of a row is not finite")
        scales = system.scales(jacobian)
        scaled = jacobian / scales[:, None] / system.widths
        change, _, rank, _ = np.linalg.lstsq(scaled, -rows / scales, rcond=_RANK)
        lacking = len(theta) - int(rank)
        wide = theta * system.widths
        size, length = float(np.linalg.norm(wide)), float(np.linalg.norm(change))
        terms = float(np.linalg.norm(np.abs(scaled) @ np.abs(wide)))
        defect = float(np.linalg.norm(rows / scales)) / max(terms, 1e-300)
        if length <= _SMALL * size or (length <= 1e-6 * size and length >= 0.5 * before):
            return Found(theta, defect, lacking, step)
        theta, rows, taken = _shortened(system, theta, rows, change / system.widths, scales)
        if taken == 0.0:
            settled = length <= 1e-6 * size
            reason = "" if settled else "no shorter step lowers what is left of the equations"
            return Found(theta, defect, lacking, step, reason)
        before = length if taken == 1.0 else np.inf
    return Found(theta, defect, lacking, _STEPS, f"{_STEPS} steps were not enough")


def _shortened(
    system: System, theta: np.ndarray, rows: np.ndarray, change: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """The unknowns after the longest of the steps d, d/2, d/4 ... that lowers the norm, and its share of d."""
    size, share = float(np.linalg.norm(rows / scales)), 1.0
    for _ in range(_HALVINGS):
        trial = theta + share * change
        there = system.values(trial)
        with np.errstate(over="ignore"):
            fallen = np.linalg.norm(there / scales) < size
        if np.isfinite(there).all() and fallen:
            return trial, there, share
        share *= 0.5
    return theta, rows, 0.0
