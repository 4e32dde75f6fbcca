"""From a problem and a config to a solution, and to the folder of a run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, final

from pinnkit.accompanying import accompany, agreed, heeding_the_end
from pinnkit.building import Run
from pinnkit.config import Config, load_config
from pinnkit.confirming import confirm
from pinnkit.errors import SolveError, UserError
from pinnkit.estimating import estimate, require_estimable
from pinnkit.journal import Journal, Make
from pinnkit.marching import Start, Window, edges_of, general_config, start_from, window_run
from pinnkit.objective.causal import Chain
from pinnkit.outcome import outcome
from pinnkit.problem.checks import require_sound
from pinnkit.problem.integrals import over
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.processes import Team, leave
from pinnkit.results.checkpoint import load_entry, load_windows, save_entry, save_windows
from pinnkit.results.folder import RunFolder, new_run_folder, open_run_folder
from pinnkit.results.history import HistoryFile, Thinned, trim_history
from pinnkit.results.intervals import with_interval
from pinnkit.results.levels import in_digits
from pinnkit.results.misfits import in_words
from pinnkit.results.outputs import told
from pinnkit.results.paths import UNSEEN, unseen
from pinnkit.results.progress import Progress
from pinnkit.results.publish import write_result, write_start
from pinnkit.results.solution import Solution
from pinnkit.running import Quiet, march
from pinnkit.staging import require_stages
from pinnkit.training import Record
from pinnkit.verification import ReferenceSolution, reference_for


def solve(
    problem: Problem,
    config: Config | None = None,
    monitor: Callable[[Record], None] = lambda record: None,
    start: Solution | None = None,
) -> Solution:
    """Train a network to satisfy a problem.

    Args:
        problem: the equations and conditions.
        config: how to solve them; the default config where not given.
        monitor: called with the record of every step.
        start: a solution with the same network, from whose parameters training begins.

    Raises:
        UserError: the problem's checks find an error, or the config does not fit.
        SolveError: the loss stopped being finite.

    Example:
        >>> problem = pinnkit.define(...)  # doctest: +SKIP
        >>> pinnkit.solve(problem).errors()  # doctest: +SKIP
    """
    require_sound(problem)
    asked = config if config is not None else Config()
    begin = start_from(start.windows) if start is not None else None
    require_runs(problem, asked, begin)
    reference = reference_for(problem)
    listener = Quiet(monitor)
    marched = march(problem, asked, reference, listener, start=begin)
    if marched.trained.failure is not None:
        raise SolveError(marched.trained.failure)
    return outcome(problem, marched, reference, listener.history)


def solve_to_folder(
    problem: Problem,
    config: Config,
    out: Path | None,
    quiet: bool = False,
    plugins: Sequence[Path] = (),
    start: Path | None = None,
    reference: ReferenceSolution | None = None,
    confirmed: bool = False,
    estimated: bool = False,
) -> Path:
    """Solve a problem and leave a run folder: fields, figures, report and verdict; print the course and the verdict.

    Ctrl-C ends training and keeps what there is.

    Args:
        problem: the equations and conditions.
        config: how to solve them.
        out: the folder; a new one below `runs` where not given.
        quiet: whether nothing but the verdict is printed.
        plugins: the files of parts that the config names.
        start: the folder of a run with the same network, from whose parameters training begins.
        reference: the one that the problem names, where it has been made already.
        confirmed: whether the problem is solved again, differently, and the difference is told.
        estimated: whether the linearised equation is solved as well, and the error that it tells is told.

    Raises:
        UserError: the problem, the config or the folder is at fault.
        SolveError: the loss stopped being finite; the folder then holds the last good state.
    """
    warnings = [str(finding.mistake) for finding in require_sound(problem) if not finding.accepted]
    begin = start_from(Solution.load(start).windows) if start is not None else None
    if estimated:
        require_estimable(problem, config)
    run = require_runs(problem, config, begin)
    team = Team.here()
    config = agreed(config, run, team)
    if not team.first:
        return accompany(problem, config, begin, team)
    reference = reference if reference is not None else reference_for(problem)
    files = RunFolder(new_run_folder(problem.name, out, datetime.now()))
    write_start(files, problem, general_config(config, run.config), plugins)
    return _go_on(
        _Job(problem, config, files, reference, begin, confirmed=confirmed, estimated=estimated), run, warnings, quiet
    )


def resume_folder(folder: Path, quiet: bool = False) -> Path:
    """Go on with a run where it was cut, as if it had not been; a run that has come to its end stays as it is.

    Raises:
        UserError: the folder holds no run, or one whose parts were made in Python.
        SolveError: the loss stopped being finite.
    """
    files = open_run_folder(folder)
    problem, config = load_problem(files.problem), load_config(files.config)
    done = [window for window in load_windows(files, problem, config) if window.finished]
    count = max(1, len(edges_of(problem, config)) - 1)
    if len(done) == count and files.result.is_file():
        print(f"{problem.name}: the run in {files.path} has come to its end.", flush=True)
        return files.path
    run = require_runs(problem, config, None)
    entry, told = load_entry(files)
    entry = entry if entry is not None and entry["window"] == len(done) else None
    team = Team.here()
    if not team.first:
        return accompany(problem, config, None, team, done, entry)
    history = _trimmed(files, done, entry["steps"] if entry is not None else None)
    files.result.unlink(missing_ok=True)  # it is that of the run as it was cut
    job = _Job(problem, config, files, reference_for(problem), None, done, history, entry=entry)
    windows = f"{len(done)} of {count} windows" if count > 1 else ""
    steps = f"{entry['steps']} steps" if entry is not None else "no step of the next" if windows else "no step"
    before = " and ".join(filter(None, [windows, steps]))
    return _go_on(job, run, [*told, f"resumed: {before} were made before"], quiet)


def _trimmed(files: RunFolder, done: Sequence[Window], known: int | None) -> Thinned:
    """The history up to the steps that are known, or to the end of the windows that are done; the rest is made anew."""
    ended = done[-1].trained.steps if done and done[-1].trained is not None else 0
    return trim_history(files.history, known if known is not None else ended)


@final
@dataclass(frozen=True, eq=False)
class _Job:
    """What is to be done in a run folder, and what has been."""

    problem: Problem
    config: Config
    files: RunFolder
    reference: ReferenceSolution | None
    start: Start | None = None
    done: Sequence[Window] = ()
    history: Thinned = field(default_factory=Thinned)
    confirmed: bool = False
    estimated: bool = False
    entry: Mapping[str, Any] | None = None


def _go_on(job: _Job, run: Run, opening: Sequence[str], quiet: bool) -> Path:
    """Train what is not done yet, and write and print all that came of it."""
    problem, files, reference = job.problem, job.files, job.reference
    phases = [*run.config.phases, *(phase for s in job.config.stages for phase in s.phases or run.config.phases)]
    count = max(1, len(edges_of(problem, job.config)) - 1) - len(job.done)
    before = job.done[-1].trained.steps if job.done and job.done[-1].trained is not None else 0
    rule = job.config.curriculum
    easier = rule.shortened(run.config.phases) * len(rule.before(problem)) if rule is not None else ()
    terms, total = run.assembly.terms, before + count * sum(phase.steps for phase in phases)
    total += sum(phase.steps for phase in easier)
    console = nullcontext(_Silent()) if quiet else Progress(terms, total, reference is not None)
    with HistoryFile(files.history) as file, console as view:
        listener = _Told(view, file, files, job.history)
        for sentence in [*opening, *_opening(run)]:
            listener.say(sentence)
        team = Team.here()
        journal = Journal(listener.keep_entry, job.entry, team=team)
        with heeding_the_end(journal, team, files.path):
            team.told_text(str(files.path))
            team.wait()  # before the folder changes, all have read what they need of it
            marched = march(problem, job.config, reference, listener, job.done, job.start, journal)
    leave()
    solution = outcome(problem, marched, reference, job.history.records)
    solution.save(files.path)
    write_result(files, solution, reference)
    if (job.confirmed or job.estimated) and marched.trained.failure is None and not marched.trained.interrupted:
        moved = _second_look(solution, job, quiet)
        write_result(files, solution, reference, moved)
    for line in told(solution.result["outputs"], problem.units) if not quiet else ():
        print(line, flush=True)
    print(f"{_last_line(solution)} Results: {files.path}", flush=True)
    if marched.trained.failure is not None:
        raise SolveError(f"{marched.trained.failure}. The state before it is kept in {files.path}")
    return files.path


def _second_look(solution: Solution, job: _Job, quiet: bool) -> Solution | None:
    """Add to the result what a second run and the linearised equation say; the fields that the latter has moved."""
    total, moved = sum(phase.steps for phase in solution.config.phases), None
    result, terms = solution.result, solution.run.assembly.terms
    if job.confirmed:
        with nullcontext(_Silent()) if quiet else Progress(terms, total, False) as view:
            again = confirm(solution, job.config, _Shown(view))
        result |= {"confirmation": again.as_result(), "reasons": [*result["reasons"], str(again)]}
    if job.estimated:
        with nullcontext(_Silent()) if quiet else Progress(terms, total, False) as view:
            told = estimate(solution, job.config, _Shown(view))
        result |= {"estimate": told.as_result(), "reasons": [*result["reasons"], str(told)]}
        moved = told.moved
    return moved


def require_runs(problem: Problem, config: Config, start: Start | None) -> Run:
    """The run of the first window, once the whole config is known to fit the problem.

    Raises:
        UserError: it does not.
    """
    if config.curriculum is not None:
        config.curriculum.before(problem)
    run = window_run(problem, config, (), start=start)
    require_stages(run.problem, config)
    if config.causal is not None:
        Chain.of(run.trial.problem)
    return run


class _View(Protocol):
    """What shows a run."""

    def update(self, record: Mapping[str, Any]) -> None: ...

    def line(self, text: str) -> None: ...


@final
@dataclass(frozen=True, eq=False)
class _Shown:
    """Hears of a run and shows it, and keeps nothing."""

    view: _View

    def note(self, record: Record) -> None:
        self.view.update(record)

    def say(self, sentence: str) -> None:
        self.view.line(sentence)

    def keep(self, windows: Sequence[Window]) -> None:
        """Keep nothing."""


@final
@dataclass(frozen=True, eq=False)
class _Told:
    """Hears of a run, shows it, and keeps it in a folder."""

    view: _View
    file: HistoryFile
    files: RunFolder
    seen: Thinned
    unwritten: set[str] = field(default_factory=set)

    def note(self, record: Record) -> None:
        self.seen.append(record)
        self._safely("the history", partial(self.file.append, record))
        self.view.update(record)

    def say(self, sentence: str) -> None:
        self.view.line(sentence)

    def keep(self, windows: Sequence[Window]) -> None:
        self._safely("the parameters", partial(save_windows, self.files, windows))

    def keep_entry(self, make: Make) -> None:
        """Write where the run stands."""
        self._safely("where the run stands", lambda: save_entry(self.files, make()))

    def _safely(self, what: str, action: Callable[[], None]) -> None:
        """Write something without which training goes on; what cannot be written is said once."""
        try:
            action()
        except (OSError, UserError, TypeError) as error:  # the last: a state of a plugin's own kind
            if what not in self.unwritten:
                self.unwritten.add(what)
                why = error.mistakes[0].message if isinstance(error, UserError) else str(error)
                self.view.line(f"{what} could not be written, and training goes on without: {why}")


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
    size += f" in each of {processes} processes" if (processes := Team.here().count) > 1 else ""
    symmetries = [f"symmetry, exact: {s.field} is {s.parity} in {s.coordinate}" for s in run.problem.symmetries]
    periodic = [f"periodic, exact: {c.name}" for c in run.problem.coordinates if c.periodic]
    conditions = [f"equation {name}: exact (built into the field)" for name in run.formulation.identities]
    conditions += [f"condition {choice}" for choice in run.formulation.choices]
    conditions += [f"condition {held.name}: soft ({over(held, run.problem)})" for held in run.problem.integrals]
    conditions += [f"condition {passed.name}: soft ({UNSEEN})" for passed in unseen(run)]
    return [f"{run.problem.name}: {run.problem.title}", size, *run.notes, *periodic, *symmetries, *conditions]


def _last_line(solution: Solution) -> str:
    """The verdict, in one line, and before it what was found of unknown parameters."""
    truth = (solution.result["reference"] or {}).get("parameters", {})
    uncertain = solution.result["parameters_uncertainty"]
    intervals = uncertain.get("parameters", {})
    found = [
        f"{name} = {with_interval(value, intervals[name]) if name in intervals else in_digits(value)}"
        + (f" (reference {in_digits(truth[name])})" if name in truth else "")
        for name, value in solution.result["parameters"].items()
    ]
    sentences = [f"Found: {', '.join(found)}." if found else "", *uncertain.get("sentences", ())]
    sentences += [*solution.result["reasons"], in_words(solution.result["observations"])]
    return f"{solution.problem.name}: {solution.result['verdict']}. {' '.join(filter(None, sentences))}"
