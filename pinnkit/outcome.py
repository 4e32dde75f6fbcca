"""What can be said of a solved problem: errors, residuals on unseen points, violated conditions, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from pinnkit import __version__
from pinnkit.geometry import domain_of
from pinnkit.marching import Window, on_windows
from pinnkit.points import Uniform
from pinnkit.problem.problem import Problem
from pinnkit.problem.states import by_name
from pinnkit.results.levels import wrong_levels
from pinnkit.results.misfits import misfits
from pinnkit.results.paths import crossings, unseen_violations
from pinnkit.results.solution import Solution
from pinnkit.results.uncertainty import parameters_uncertainty
from pinnkit.running import Marched
from pinnkit.staging import lineage
from pinnkit.training import Record
from pinnkit.verification import ReferenceSolution, Verdict, judge, output_errors

_VIOLATION_POINTS = 1000
"""Points of every face at which the largest violation of a condition is looked for."""


def outcome(
    problem: Problem, marched: Marched, reference: ReferenceSolution | None, history: Sequence[Record]
) -> Solution:
    """The solution with all that is known about it in its `result`."""
    config, windows = marched.config, marched.windows
    bare = Solution(problem, config, windows)
    generator = np.random.default_rng([config.seed, 1])
    fresh = Uniform(config.test_points).draw(domain_of(problem), generator).coordinates
    residuals = _residuals(windows, fresh, config.test_points, generator)
    conditions = _violations(windows, generator, marched.measured)
    errors = bare.errors(reference) if reference is not None else {}
    scale = float(np.max(np.abs(bare(fresh))))
    derived = bare.found_outputs()
    known_outputs = output_errors(problem.reference, derived.values)
    kept = bare.conserved()
    numbers = residuals, conditions, scale, _scales(windows), known_outputs, {k.name: k.relative for k in kept}
    verdict = judge(errors, problem.tolerance, reference, *numbers)
    if not marched.whole or not windows[-1].finished:
        verdict = _cut_short(verdict, marched)
    known: dict[str, Any] | None = None
    if reference is not None:
        known = {"method": reference.method, "accuracy": reference.accuracy}
        truth = {**reference.parameters, **(problem.reference.parameters if problem.reference is not None else {})}
        if truth:
            known["parameters"] = by_name(problem, truth)
    crossed = crossings(windows[-1].run, windows[-1].theta, generator, config.test_points)
    if wrong := (*wrong_levels(problem, bare), *crossed):
        verdict = replace(verdict, word="not verified", reasons=(*wrong, *verdict.reasons))
    verdict = replace(verdict, reasons=(*verdict.reasons, *derived.reasons))
    trained, seen = marched.trained, misfits(problem, windows)
    result = {
        "problem": problem.name,
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "errors": errors,
        "reference": known,
        "residuals": residuals,
        "conditions": conditions,
        "conservation": {k.name: {"integral": k.integral, "relative": k.relative} for k in kept},
        "observations": seen,
        "exact": [choice.condition for choice in windows[0].run.formulation.choices if choice.exact],
        "symmetries": [f"{s.field} is {s.parity} in {s.coordinate}" for s in problem.symmetries],
        "parameters": by_name(problem, bare.parameters),
        "parameters_uncertainty": parameters_uncertainty(problem, windows, seen),
        "outputs": dict(derived.values),
        "units": dict(problem.units),
        "output_errors": {o.name: {"known": o.known, "relative": o.relative} for o in known_outputs},
        "seconds": trained.seconds,
        "steps": trained.steps,
        "stopped_because": trained.stops[-1].reason if trained.stops else "no phase was run",
        "stops": [asdict(stop) for stop in trained.stops],
        "stages": [asdict(found) for found in windows[-1].run.stages],
        "windows": list(marched.measured),
        "seed": config.seed,
        "precision": config.precision,
        "device": config.device,
        "network_parameters": sum(
            trial.layout.size for window in windows for trial, _ in lineage(window.run.trial, window.theta)
        ),
        "version": __version__,
    }
    return Solution(problem, config, windows, result, history)


def _residuals(
    windows: Sequence[Window], points: np.ndarray, count: int, generator: np.random.Generator
) -> dict[str, float]:
    """The root mean square of every equation's residual, at the points or, of a part of the domain, at others in it."""
    trained = windows[0].run.trial.problem
    if trained.parts or windows[0].run.rewriting.frame is not None:
        return _in_parts(windows[0], count, generator)
    names = [equation.name for equation in trained.equations]

    def at(window: Window, own: np.ndarray) -> np.ndarray:
        found = window.run.assembly.residuals(own, window.theta)
        return np.stack([found[name] for name in names], axis=1)

    with np.errstate(over="ignore"):  # a residual whose square has no number is told as infinite
        squares = np.mean(on_windows(windows, points, at) ** 2, axis=0)
    return dict(zip(names, map(float, np.sqrt(squares)), strict=True))


def _in_parts(window: Window, count: int, generator: np.random.Generator) -> dict[str, float]:
    """The root mean squares where what is trained has another domain, or parts, on points of its own."""
    found: dict[str, float] = {}
    for part in window.run.assembly.parts:
        own = Uniform(count).draw(domain_of(window.run.trial.problem, part), generator).coordinates
        residuals = window.run.assembly.residuals(own, window.theta, part)
        found |= {name: float(np.sqrt(np.mean(values**2))) for name, values in residuals.items()}
    return found


def _violations(
    windows: Sequence[Window], generator: np.random.Generator, measured: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """The largest violation of every condition of the problem, and of the hand-over from window to window."""
    found: dict[str, float] = {}
    for number, window in enumerate(windows):
        for name, value in window.run.assembly.violations(generator, _VIOLATION_POINTS, window.theta).items():
            started = any(c.given is not None for c in window.run.trial.problem.conditions if c.name == name)
            if number == 0 or not started:
                found[name] = max(found.get(name, 0.0), value)
    found |= unseen_violations(windows[-1].run, windows[-1].theta, generator, _VIOLATION_POINTS)
    for known in measured:
        for field, value in known.get("jump", {}).items():
            key = f"hand-over of {field}"
            found[key] = max(found.get(key, 0.0), value)
    return found


def _scales(windows: Sequence[Window]) -> dict[str, float]:
    """The size of every integral condition."""
    found: dict[str, float] = {}
    for window in windows:
        for name, scale in window.run.assembly.scales(window.theta).items():
            found[name] = max(found.get(name, 0.0), scale)
    return found


def _cut_short(verdict: Verdict, marched: Marched) -> Verdict:
    """The verdict of a run that did not come to its end."""
    if marched.count == 1:
        return verdict
    last = marched.windows[-1].time
    reached = last.upper if marched.windows[-1].finished else last.lower
    where = f"window {len(marched.windows)} of {marched.count}"
    sentence = f"The run ended in {where}; it is trained up to {last.name} = {reached:.6g}."
    return replace(verdict, word="not verified", reasons=(sentence, *verdict.reasons))
