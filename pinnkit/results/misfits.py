"""How far trained fields are from what was observed, in units of its noise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pinnkit.marching import Window, on_windows
from pinnkit.problem.problem import Problem


def observed_values(windows: Sequence[Window], number: int, points: np.ndarray) -> np.ndarray:
    """The expressions (n, e) of the set of observations of a number, at points (n, d)."""
    trees = [m.expression.tree for m in windows[0].run.problem.observations[number].measured]

    def at(window: Window, own: np.ndarray) -> np.ndarray:
        return np.stack([window.run.evaluate(tree, own, window.theta) for tree in trees], axis=1)

    return on_windows(windows, points, at)


def misfits(problem: Problem, windows: Sequence[Window]) -> dict[str, dict[str, dict[str, Any]]]:
    """By set and expression the misfits (e(x_i) - b_i)/s_i: their root mean square `rms`, the `largest`, and more.

    `unit` says whether s is the noise or, where that is not known, the range of the values; `points` is how many were
    compared, and `rms_in_own_unit` the root mean square without s. Points outside the domain are left out.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    intervals = [(c.lower, c.upper) for c in problem.coordinates]
    for number, given in enumerate(problem.observations):
        observations = given.only(given.inside(intervals))
        found[given.name] = {}
        if not len(observations.points):
            continue
        values = observed_values(windows, number, observations.points)
        for column, m in zip(values.T, observations.measured, strict=True):
            miss = column - m.values
            relative = np.abs(miss / m.noise)
            found[given.name][m.expression.text] = {
                "rms": float(np.sqrt(np.mean(relative**2))),
                "largest": float(relative.max()),
                "unit": m.unit,
                "points": len(miss),
                "rms_in_own_unit": float(np.sqrt(np.mean(miss**2))),
            }
    return found


def in_words(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The sentence that says how the observations are met; empty where there are none."""
    parts = []
    for name, expressions in found.items():
        each = [f"{m['rms']:.3g} in `{text}`" for text, m in expressions.items()]
        unit = next((m["unit"] for m in expressions.values()), "noise")
        word = "times its noise" if unit == "noise" else "of its range"
        parts += [f"`{name}`: {', '.join(each)} {word}"] if each else []
    return f"Root mean square misfit of {'; '.join(parts)}." if parts else ""
