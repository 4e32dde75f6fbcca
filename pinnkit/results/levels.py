"""Whether the states that were found are those that were asked for: the k-th of them has k - 1 nodes."""

from collections.abc import Callable

import numpy as np

from pinnkit.problem.problem import Problem

_POINTS = 4001
_SMALL = 1e-5
"""Values below this share of the largest have no sign."""


def wrong_levels(problem: Problem, fields: Callable[[np.ndarray], np.ndarray]) -> list[str]:
    """A sentence for every state that is not the one it should be; of problems in one coordinate and one field.

    The k-th state of -(p psi')' + q psi = E w psi has k - 1 zeros inside its interval (C. Sturm, 1836), so that a state
    that was passed over shows.

    Args:
        problem: an eigenproblem, or another one, of which nothing is said.
        fields: its fields (n, f) at points (n, 1).
    """
    levels = problem.levels
    if levels is None or len(problem.coordinates) != 1 or len(levels.fields) != 1:
        return []
    (names,) = levels.fields.values()
    axis = problem.coordinates[0].axis
    values = fields(axis.from_unit(np.linspace(0.0, 1.0, _POINTS))[:, None])
    found = []
    for number, name in enumerate(names):
        nodes = nodes_of(values[:, problem.fields.index(name)])
        if nodes != number:
            found.append(f"`{name}` has {nodes} nodes, and the state of its number has {number}: it is another one.")
    return found


def nodes_of(values: np.ndarray) -> int:
    """How often values (n,) along a line change their sign."""
    large = values[np.abs(values) > _SMALL * np.max(np.abs(values))]
    return int(np.sum(np.sign(large[1:]) != np.sign(large[:-1])))


def in_digits(value: float | list[float]) -> str:
    """A number, or the levels of an eigenvalue one after the other."""
    return ", ".join(f"{v:.10g}" for v in value) if isinstance(value, list) else f"{value:.10g}"
