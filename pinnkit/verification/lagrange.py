"""The states of a run between the ends of its steps."""

import numpy as np

from pinnkit.verification.extrapolation import Path

_NODES = 8


def in_time(path: Path, times: np.ndarray) -> np.ndarray:
    """The states (m, n) at m times, by the polynomial through the eight nearest ends of steps.

    Its order is above that of the integrators, whose own interpolation would lose digits.
    """
    count = min(_NODES, len(path.times))
    after = np.searchsorted(path.times, times, side="right")
    first = np.clip(after - count // 2, 0, len(path.times) - count)
    which = first[:, None] + np.arange(count)
    nodes = path.times[which]
    apart = times[:, None] - nodes
    states = np.zeros((len(times), path.states.shape[1]))
    for j in range(count):
        others = [k for k in range(count) if k != j]
        weight = np.prod(apart[:, others] / (nodes[:, j : j + 1] - nodes[:, others]), axis=1)
        states += weight[:, None] * path.states[which[:, j]]
    return states
