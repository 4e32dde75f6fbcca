"""A network beside a classical method on the same problem: both times and both errors."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from pinnkit.config import Config
from pinnkit.deepxde_peer import require_peer, solve_by_deepxde
from pinnkit.errors import Mistake, UserError
from pinnkit.problem.checks import require_sound
from pinnkit.problem.problem import Problem
from pinnkit.problem.truth import settled
from pinnkit.results.fields import GridFields
from pinnkit.results.figures.gallery import draw_fields
from pinnkit.results.solution import Solution
from pinnkit.solving import solve_to_folder
from pinnkit.verification import (
    REFERENCES,
    ReferenceSolution,
    by_members,
    measured_at,
    reference_for,
    relative_l2,
    test_grid,
)


@final
@dataclass(frozen=True)
class Contender:
    """One way to the answer: how long it took and how far each field is off.

    ``stated`` marks errors that were not measured against anything else: the method's own statement.
    """

    method: str
    seconds: float
    errors: Mapping[str, float]
    stated: bool = False


@final
@dataclass(frozen=True)
class Comparison:
    """The classical method and the network, and what errors were measured against."""

    contenders: tuple[Contender, ...]
    truth: str

    def __str__(self) -> str:
        fields = list(self.contenders[0].errors)
        head = ["method", "seconds", *fields]
        body = [
            [c.method, f"{c.seconds:.2f}", *(f"{c.errors[f]:.1e}{' stated' if c.stated else ''}" for f in fields)]
            for c in self.contenders
        ]
        widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
        lines = [
            "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *body)
        ]
        return "\n".join([*lines, f"Relative L2 errors on the test grid, against {self.truth}."])


def compare(
    problem: Problem,
    config: Config,
    out: Path | None = None,
    method: str | None = None,
    quiet: bool = False,
    plugins: Sequence[Path] = (),
) -> Comparison:
    """Make a classical reference, solve the problem by a network as `solve_to_folder` does, and set them side by side.

    The seconds of the classical method are those of making it and of its values on the test grid; those of the
    network are its training. Errors are against the exact solution where the problem has one; else the classical
    method is the truth, and its own error is what it states.

    Args:
        problem: what is to be solved.
        config: how the network is trained.
        out: the run folder, as for `solve_to_folder`.
        method: the name of a classical method; else the problem's own, else the first that can treat the problem.
        quiet: say nothing while training.
        plugins: files that were run before, to be noted in the run folder.

    Raises:
        UserError: the problem, the config or the folder is at fault, or no classical method can treat the problem.
        SolveError: the network's loss stopped being finite.
    """
    require_sound(problem)
    _, points = test_grid(problem)
    name, reference, values, seconds = _classical(problem, method, points)
    exact = reference_for(problem) if problem.reference is not None and problem.reference.exact else None
    truth = values if exact is None else exact.values(points)
    named = problem.reference is not None and problem.reference.method == name
    known = exact if exact is not None else reference if named else None
    folder = solve_to_folder(problem, config, out, quiet=quiet, plugins=plugins, reference=known)
    solution = Solution.load(folder)
    if exact is None:
        stated = dict.fromkeys(problem.fields, reference.accuracy)
        classical = Contender(name, seconds, stated, stated=True)
    else:
        classical = Contender(name, seconds, _errors(problem, values, truth))
    network = Contender("network", float(solution.result["seconds"]), _errors(problem, solution(points), truth))
    against = "the exact solution" if exact is not None else f"`{name}`, whose own error is what it states"
    return Comparison((classical, network), against)


def compare_with_deepxde(
    problem: Problem, config: Config, out: Path | None = None, quiet: bool = False, plugins: Sequence[Path] = ()
) -> Comparison:
    """Solve a problem by a network as `solve_to_folder` does, and by DeepXDE for as long, and set them side by side.

    Both seconds are those of training. DeepXDE's fields are drawn into the folder `deepxde` of the run.

    Args:
        problem: what is to be solved.
        config: how our network is trained; DeepXDE takes its seed, width, depth and numbers of points.
        out: the run folder, as for `solve_to_folder`.
        quiet: say nothing while training.
        plugins: files that were run before, to be noted in the run folder.

    Raises:
        UserError: what `solve_to_folder` refuses; a problem without a reference, or one that DeepXDE cannot treat.
        SolveError: one of both could not go on.
    """
    require_sound(problem)
    require_peer(problem)
    reference = reference_for(problem)
    if reference is None:
        hint = "`reference` names a method or exact fields."
        raise UserError(Mistake(f"`{problem.name}` has no reference to measure both against", hint=hint))
    folder = solve_to_folder(problem, config, out, quiet=quiet, plugins=plugins, reference=reference)
    solution = Solution.load(folder)
    seconds, threads = float(solution.result["seconds"]), solution.config.threads
    at = measured_at(problem, reference.values)
    shown = solution.sampled(reference)
    drawn = shown.points if isinstance(shown, GridFields) else np.empty((0, len(problem.coordinates)))
    everywhere = np.concatenate((at.coordinates, drawn))
    peer = solve_by_deepxde(problem, config, everywhere, seconds, threads if isinstance(threads, int) else 1)
    theirs, pictured = np.split(peer.values, [at.count])
    if isinstance(shown, GridFields):
        _draw(folder / "deepxde", problem, shown, pictured)
    truth = reference.values(at.coordinates)
    found = (("network", seconds, solution(at.coordinates)), (f"DeepXDE {peer.version}", peer.seconds, theirs))
    contenders = (
        Contender(
            name,
            took,
            dict(zip(problem.fields, map(float, relative_l2(values, truth, at.density)), strict=True)),
        )
        for name, took, values in found
    )
    return Comparison(tuple(contenders), reference.method)


def _draw(folder: Path, problem: Problem, ours: GridFields, values: np.ndarray) -> None:
    """The fields (n, f) of a peer beside the reference, in the same pictures as ours; outside of a shape nothing."""
    predicted = {}
    for k, name in enumerate(problem.fields):
        own = ours.predicted[name]
        predicted[name] = np.where(np.isnan(own), np.nan, np.reshape(values[:, k], own.shape))
    folder.mkdir(exist_ok=True)
    draw_fields(folder, replace(ours, predicted=predicted))


def _errors(problem: Problem, values: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    return {name: float(error) for name, error in zip(problem.fields, relative_l2(values, truth), strict=True)}


def _classical(
    problem: Problem, method: str | None, points: np.ndarray
) -> tuple[str, ReferenceSolution, np.ndarray, float]:
    """The method's name, the reference, its values at the points, and how long all that took.

    Raises:
        UserError: why the method that was named, or every method of the table, cannot treat the problem.
    """
    own = problem.reference
    named = method if method is not None else own.method if own is not None else None
    reasons: list[Mistake] = []
    for name in [named] if named is not None else REFERENCES.names():
        options = own.options if own is not None and own.method == name else {}
        part = REFERENCES.build({"name": name, **options})
        if named is None and problem.body is not None and not part.shapes:
            continue
        began = time.perf_counter()
        try:
            reference = by_members(part, settled(problem))
            values = reference.values(points)
        except UserError as error:
            if named is not None:
                raise
            reasons += error.mistakes
            continue
        return name, reference, values, time.perf_counter() - began
    raise UserError(Mistake(f"no classical method can treat `{problem.name}`"), *reasons)
