"""From a problem and a config to a solution, and to the folder of a run."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from pinnkit import __version__
from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.errors import SolveError
from pinnkit.geometry import box_of
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import Uniform
from pinnkit.problem.checks import require_sound
from pinnkit.problem.problem import Problem
from pinnkit.results.folder import HistoryFile, RunFolder, new_run_folder
from pinnkit.results.progress import Progress
from pinnkit.results.publish import write_result, write_start
from pinnkit.results.solution import Solution
from pinnkit.staging import lineage, next_run, require_stages, whole_config
from pinnkit.training import Record, Trained, train
from pinnkit.verification import ReferenceSolution, judge, reference_for, relative_l2, test_grid

_SCORE_EVERY = 3.0
"""Seconds between two measurements of the error while training; each takes some hundredths of one."""

_SCORED = 4096
"""Points of such a measurement."""

_VIOLATION_POINTS = 1000
"""Points of every face at which the largest violation of a condition is looked for."""


def solve(
    problem: Problem, config: Config | None = None, monitor: Callable[[Record], None] = lambda record: None
) -> Solution:
    """Train a network to satisfy a problem.

    Args:
        problem: the equations and conditions.
        config: how to solve them; the default config where not given.
        monitor: called with the record of every step.

    Raises:
        UserError: the problem's checks find an error, or the config does not fit.
        SolveError: the loss stopped being finite.

    Example:
        >>> problem = pinnkit.define(...)  # doctest: +SKIP
        >>> pinnkit.solve(problem).errors()  # doctest: +SKIP
    """
    require_sound(problem)
    asked = config if config is not None else Config()
    run = build_run(problem, asked)
    require_stages(problem, asked)
    reference = reference_for(problem)
    history: list[Record] = []

    def note(record: Record) -> None:
        history.append(record)
        monitor(record)

    run, trained = _trained_in_stages(asked, run, reference, note, lambda text: None)
    if trained.failure is not None:
        raise SolveError(trained.failure)
    return _solution(run, trained, reference, history)


def solve_to_folder(
    problem: Problem, config: Config, out: Path | None, quiet: bool = False, plugins: Sequence[Path] = ()
) -> Path:
    """Solve a problem and leave a run folder: fields, figures, report and verdict; print the course and the verdict.

    Ctrl-C ends training and keeps what there is.

    Raises:
        UserError: the problem, the config or the folder is at fault.
        SolveError: the loss stopped being finite; the folder then holds the last good state.
    """
    warnings = [str(finding.mistake) for finding in require_sound(problem) if not finding.accepted]
    run = build_run(problem, config)
    require_stages(problem, config)
    reference = reference_for(problem)
    files = RunFolder(new_run_folder(problem.name, out, datetime.now()))
    write_start(files, run, plugins)
    history: list[Record] = []
    phases = [*run.config.phases, *(phase for s in config.stages for phase in s.phases or run.config.phases)]
    terms, total = run.assembly.terms, sum(phase.steps for phase in phases)
    with HistoryFile(files.history) as file, _console(terms, total, reference is not None, quiet) as console:
        for sentence in [*warnings, *_opening(run)]:
            console.line(sentence)

        def note(record: Record) -> None:
            history.append(record)
            file.append(record)
            console.update(record)

        run, trained = _trained_in_stages(config, run, reference, note, console.line)
        for stop in trained.stops:
            ended = f"{stop.phase} ended after {stop.steps} steps and {stop.seconds:.1f} s: {stop.reason}"
            console.line(f"{ended}; {stop.course}." if stop.course else f"{ended}.")
    solution = _solution(run, trained, reference, history)
    solution.save(files.path)
    write_result(files, solution, reference)
    print(f"{_last_line(solution)} Results: {files.path}", flush=True)
    if trained.failure is not None:
        raise SolveError(f"{trained.failure}. The state before it is kept in {files.path}")
    return files.path


def _trained_in_stages(
    asked: Config,
    run: Run,
    reference: ReferenceSolution | None,
    note: Callable[[Record], None],
    say: Callable[[str], None],
) -> tuple[Run, Trained]:
    """Run the phases of the config, then those of its further stages; the last stage's run, with the whole config."""
    first, further = run.config, []
    trained = _trained(run, reference, note)
    while trained.failure is None and not trained.interrupted and len(run.stages) < len(asked.stages):
        errors = Solution(run, trained.theta, {}).errors(reference) if reference is not None else {}
        run = next_run(asked, run, trained.theta)
        worst = max((error["relative_l2"] for error in errors.values()), default=None)
        run = replace(run, stages=(*run.stages[:-1], replace(run.stages[-1], relative_l2=worst)))
        say(f"stage {len(run.stages) + 1}: {run.trial.layout.size} parameters, {run.stages[-1]}")
        for sentence in run.notes:
            say(sentence)
        further.append(run.config)
        trained = _joined(trained, _trained(run, reference, note, trained))
    return replace(run, config=whole_config(first, asked, further)), trained


def _joined(before: Trained, after: Trained) -> Trained:
    """The training of a stage behind that of the earlier ones."""
    return replace(
        after,
        stops=(*before.stops, *after.stops),
        steps=before.steps + after.steps,
        seconds=before.seconds + after.seconds,
    )


def _trained(
    run: Run, reference: ReferenceSolution | None, note: Callable[[Record], None], before: Trained | None = None
) -> Trained:
    """Run the phases of one stage; every record gets the error, where known and due, and the time to go.

    Steps and seconds go on from those `before`.
    """
    config = run.config
    assert isinstance(config.threads, int)
    torch.set_num_threads(config.threads)
    # Products in reduced precision (TF32) would cap the accuracy without a word.
    torch.set_float32_matmul_precision("highest")
    phases = [(_name(number, run), phase) for number, phase in enumerate(config.phases)]
    score = _Score(run, reference)

    def monitor(record: Record, theta: Tensor) -> None:
        record["relative_l2"] = score(theta)
        record["eta"] = _time_left(record, run)
        if before is not None:
            record["step"] += before.steps
            record["seconds"] += before.seconds
        note(record)

    theta = run.trial.layout.start(run.trial.network)
    generator = np.random.default_rng(config.seed)
    return train(run.assembly, theta, phases, config.renew, generator, monitor)


@final
class _Score:
    """The error of the fields at some points, measured every few seconds."""

    def __init__(self, run: Run, reference: ReferenceSolution | None) -> None:
        self._run = run
        self._due = 0.0
        if reference is not None:
            _, points = test_grid(run.problem)
            chosen = np.random.default_rng(0).choice(len(points), min(_SCORED, len(points)), replace=False)
            self._points = points[np.sort(chosen)]
            self._truth: np.ndarray | None = reference.values(self._points)
        else:
            self._truth = None

    def __call__(self, theta: Tensor) -> float | None:
        """The largest relative L2 error of any field, or None where it is unknown or not due."""
        if self._truth is None or time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + _SCORE_EVERY
        return float(np.max(relative_l2(Solution(self._run, theta, {})(self._points), self._truth)))


def _time_left(record: Record, run: Run) -> float:
    """Seconds until every phase has made its steps or used its time, at the mean pace so far."""
    pace = record["seconds"] / record["step"]
    left = pace * (sum(phase.steps for phase in run.config.phases) - record["step"])
    limits = [phase.seconds for phase in run.config.phases]
    known = [limit for limit in limits if limit is not None]
    return min(left, max(0.0, sum(known) - record["seconds"])) if len(known) == len(limits) else left


def _name(number: int, run: Run) -> str:
    """A phase's name in logs: the optimizer's, numbered where it comes more than once."""
    names = [OPTIMIZERS.entry(phase) for phase in run.config.phases]
    own = str(names[number].get("name", names[number].get("python")))
    same = [i for i, entry in enumerate(names) if entry.get("name", entry.get("python")) == own]
    numbered = own if len(same) == 1 else f"{own} {same.index(number) + 1}"
    return f"stage {len(run.stages) + 1}: {numbered}" if run.stages else numbered


def _solution(run: Run, trained: Trained, reference: ReferenceSolution | None, history: Sequence[Record]) -> Solution:
    """The solution with all that can be said about it."""
    config, problem = run.config, run.problem
    bare = Solution(run, trained.theta, {}, history)
    generator = np.random.default_rng([config.seed, 1])
    fresh = Uniform(config.test_points).draw(box_of(problem), generator).coordinates
    with np.errstate(over="ignore"):  # a residual whose square has no number is told as infinite
        residuals = {
            name: float(np.sqrt(np.mean(values**2)))
            for name, values in run.assembly.residuals(fresh, trained.theta).items()
        }
    conditions = run.assembly.violations(generator, _VIOLATION_POINTS, trained.theta)
    errors = bare.errors(reference) if reference is not None else {}
    scale = float(np.max(np.abs(bare(fresh))))
    verdict = judge(errors, problem.tolerance, reference, residuals, conditions, scale)
    known = None if reference is None else {"method": reference.method, "accuracy": reference.accuracy}
    result = {
        "problem": problem.name,
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "errors": errors,
        "reference": known,
        "residuals": residuals,
        "conditions": conditions,
        "exact": [choice.condition for choice in run.formulation.choices if choice.exact],
        "symmetries": [f"{s.field} is {s.parity} in {s.coordinate}" for s in problem.symmetries],
        "parameters": {},
        "outputs": {},
        "seconds": trained.seconds,
        "steps": trained.steps,
        "stopped_because": trained.stops[-1].reason if trained.stops else "no phase was run",
        "stops": [asdict(stop) for stop in trained.stops],
        "stages": [asdict(found) for found in run.stages],
        "seed": config.seed,
        "precision": config.precision,
        "device": config.device,
        "network_parameters": sum(trial.layout.size for trial, _ in lineage(run.trial, trained.theta)),
        "version": __version__,
    }
    return Solution(run, trained.theta, result, history)


@contextmanager
def _console(terms: Sequence[str], total: int, known: bool, quiet: bool) -> Iterator[Any]:
    """The live view, or one that says nothing."""
    if quiet:
        yield _Silent()
    else:
        with Progress(terms, total, known) as progress:
            yield progress


@final
class _Silent:
    """Stands in for the live view of a quiet run."""

    def update(self, record: Mapping[str, Any]) -> None:
        """Say nothing of a step."""

    def line(self, text: str) -> None:
        """Say nothing."""


def _opening(run: Run) -> list[str]:
    """What is said before the first step."""
    config, trial = run.config, run.trial
    size = f"{trial.layout.size} parameters, {config.precision}, {config.device}, {config.threads} threads"
    symmetries = [f"symmetry, exact: {s.field} is {s.parity} in {s.coordinate}" for s in run.problem.symmetries]
    periodic = [f"periodic, exact: {c.name}" for c in run.problem.coordinates if c.periodic]
    conditions = [f"equation {name}: exact (built into the field)" for name in run.formulation.identities]
    conditions += [f"condition {choice}" for choice in run.formulation.choices]
    return [f"{run.problem.name}: {run.problem.title}", size, *run.notes, *periodic, *symmetries, *conditions]


def _last_line(solution: Solution) -> str:
    """The verdict, in one line."""
    return f"{solution.problem.name}: {solution.result['verdict']}. {' '.join(solution.result['reasons'])}"
