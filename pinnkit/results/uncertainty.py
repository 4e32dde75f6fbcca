"""What the noise of observations leaves open of unknown parameters: intervals, correlations, and what is not seen.

The estimate minimises sum f² ((o - b)/s)² over the solutions of the equations, so that noise e of the data, in units of
s, moves it by G f e with G = (S^T S)^-1 S^T and S the weighted sensitivity. The covariance is G f² G^T, which for equal
weights f is the inverse of the sum of squared sensitivities in units of the noise.

G. A. F. Seber, C. J. Wild, Nonlinear Regression, Wiley (1989).
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from scipy.stats import norm, t
from torch import Tensor

from pinnkit.formulation.trial import Trial
from pinnkit.marching import Window
from pinnkit.problem.problem import Parameter, Problem
from pinnkit.results.combinations import not_seen
from pinnkit.results.sensitivity import MOST_COLUMNS, Sensitivity, sensitivity
from pinnkit.staging import lineage

_LEVEL = 0.95
_UNSEEN = 1e-6
"""A singular value below this part of the largest one is that of a direction which the data do not see at all."""

_RIGID = 0.05
"""The part of a parameter's effect on the equations that fields may fail to undo."""


def parameters_uncertainty(
    problem: Problem, windows: Sequence[Window], misfits: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """By unknown parameter its `standard_deviation` and 95 % `interval`, and what the data say of all of them together.

    Empty for a problem without unknown parameters or without observations. `rests_on` is `noise`, or `misfit` where the
    noise is estimated; `correlation` (U, U) is in the order of the parameters, `singular_values` are those of the
    sensitivity in units of the noise to relative changes of the parameters, and `sentences` say what matters in them.

    Args:
        problem: what was solved.
        windows: the trained fields.
        misfits: those of the observations.
    """
    if not problem.unknowns or not any(misfits.values()):
        return {}
    last = windows[-1]
    networks = _networks(last)
    if not networks:
        told = f"The network has more than {MOST_COLUMNS} parameters, too many for intervals."
        return {"parameters": {}, "sentences": [told]}
    if last.run.trial.device.type == "mps":
        return {"parameters": {}, "sentences": ["Intervals need float64, which this device does not have."]}
    # Any network tells; the one whose fields can follow the parameters best is right.
    every = [sensitivity(last.run, trial, theta) for trial, theta in networks]
    found = min(every, key=lambda own: float(own.rigid.max()))
    values = last.run.trial.parameters(last.theta)
    return uncertainty(found, problem.unknowns, values, misfits, _known(problem))


def _networks(window: Window) -> list[tuple[Trial, Tensor]]:
    """The networks of all stages that are not too large, each once; a stage with a trained start has that before it."""
    own = zip(
        (False, *(found.trained for found in window.run.stages)), lineage(window.run.trial, window.theta), strict=True
    )
    return [pair for trained, pair in own if not trained and pair[0].layout.size <= MOST_COLUMNS]


def _known(problem: Problem) -> dict[str, list[bool]]:
    """By set of observations whether the noise of each of its expressions is known."""
    return {given.name: [m.known for m in given.measured] for given in problem.observations}


def uncertainty(
    found: Sensitivity,
    unknowns: Sequence[Parameter],
    values: Mapping[str, float],
    misfits: Mapping[str, Mapping[str, Mapping[str, Any]]],
    known: Mapping[str, Sequence[bool]],
) -> dict[str, Any]:
    """The intervals of parameters with these values, from their sensitivity; as `parameters_uncertainty` says.

    Args:
        found: the sensitivity.
        unknowns: the parameters, in its order.
        values: what was found of them.
        misfits: those of the observations.
        known: by set, whether the noise of each expression is known.
    """
    names = [p.name for p in unknowns]
    stiff = [f"`{name}`" for name, part in zip(names, found.rigid, strict=True) if part > _RIGID]
    if stiff:
        told = f"The fields cannot follow a change of {', '.join(stiff)} within the equations and conditions, which "
        told += "determine it without the observations, or the network is too small: there are no intervals."
        return {"parameters": {}, "sentences": [told]}
    sizes = np.array([abs(values[p.name]) or _step(p) for p in unknowns])
    degrees = len(found.weighted) - len(names) - found.free
    noise, given = _noise(found, misfits, known, degrees)
    scaled = found.in_noise / noise[:, None] * sizes
    singular, directions = np.linalg.svd(scaled, full_matrices=False)[1:]
    singular = np.concatenate([singular, np.zeros(len(names) - len(singular))])
    seen = len(scaled) >= len(names) and singular[-1] > _UNSEEN * singular[0] and degrees > (-0.5 if given else 0.5)
    result: dict[str, Any] = {"parameters": {}, "rests_on": "noise" if given else "misfit"}
    if seen:
        covariance = _covariance(found, sizes, noise)
        spread = np.sqrt(np.diag(covariance))
        factor = float(norm.ppf(0.5 + _LEVEL / 2) if given else t.ppf(0.5 + _LEVEL / 2, degrees))
        result["parameters"] = {
            p.name: _told(p, values[p.name], float(own), factor) for p, own in zip(unknowns, spread, strict=True)
        }
        correlation = np.clip(covariance / np.outer(spread, spread), -1.0, 1.0)
        np.fill_diagonal(correlation, 1.0)
        result["correlation"] = correlation.tolist()
    result["singular_values"] = [float(value) for value in singular]
    result["condition_number"] = float(singular[0] / singular[-1]) if singular[-1] > 0 else None
    sentences = not_seen(names, sizes, singular, directions, _UNSEEN)
    if not seen and not sentences:
        sentences.append("Too few numbers were measured for intervals of the parameters.")
    result["sentences"] = [*sentences, *_misfit(misfits, given, degrees)]
    return result


def _step(parameter: Parameter) -> float:
    """A change of a parameter that means something, where its value does not say."""
    assert parameter.unknown is not None
    return parameter.unknown.step


def _covariance(found: Sensitivity, sizes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The covariance (U, U) of the parameters, with G from the singular values."""
    inverse = np.linalg.pinv(found.weighted * sizes, rcond=1e-14)
    spread = sizes[:, None] * inverse * (found.factors * noise)
    return np.asarray(spread @ spread.T)


def _told(parameter: Parameter, value: float, spread: float, factor: float) -> dict[str, Any]:
    """One parameter's standard deviation and interval, which its bounds cut."""
    assert parameter.unknown is not None
    lower, upper = value - factor * spread, value + factor * spread
    # In a further stage a value may leave its bounds a little.
    interval = [max(lower, min(value, parameter.unknown.lower)), min(upper, max(value, parameter.unknown.upper))]
    return {"standard_deviation": spread, "interval": interval}


def _noise(
    found: Sensitivity,
    misfits: Mapping[str, Mapping[str, Mapping[str, Any]]],
    known: Mapping[str, Sequence[bool]],
    degrees: float,
) -> tuple[np.ndarray, bool]:
    """The standard deviation (n,) of every value in its own unit, noise or range, and whether all noise is given.

    Where it is not, it is the root mean square misfit of the expression, with n over the degrees of freedom.
    """
    spread: dict[tuple[str, int], float] = {}
    lost = len(found.names) / max(degrees, 1.0)
    for name, expressions in misfits.items():
        for number, m in enumerate(expressions.values()):
            spread[name, number] = 1.0 if known[name][number] else max(m["rms"], 1e-300) * sqrt(lost)
    return np.array([spread[row] for row in found.names]), all(known[name][k] for name, k in found.names)


def _misfit(misfits: Mapping[str, Mapping[str, Mapping[str, Any]]], given: bool, degrees: float) -> list[str]:
    """What must be said where intervals rest on the misfit, or where the misfit is not what the noise makes of it."""
    if not given:
        return ["The noise is not given: the intervals take the misfit for it, and that the fields are the best fit."]
    every = [m for expressions in misfits.values() for m in expressions.values()]
    total = sum(m["points"] * m["rms"] ** 2 for m in every)
    if degrees < 1 or total <= degrees + 4 * sqrt(2 * degrees):
        return []
    return [
        f"The misfit is {sqrt(total / degrees):.3g} times what the noise would make it, so that the intervals are too "
        "narrow: the noise is larger than said, the equations are not those of the data, or training was too short."
    ]
