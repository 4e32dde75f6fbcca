"""Training a problem: one window of time after the other, in each one stage after the other."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.building import Run
from pinnkit.config import Config
from pinnkit.journal import Journal
from pinnkit.marching import Start, Window, edges_of, general_config, jump, start_from, window_run
from pinnkit.objective.adaptive import AdaptiveWeights
from pinnkit.objective.causal import CausalWeights, Chain
from pinnkit.objective.pseudo_time import PseudoTimeSteps
from pinnkit.objective.steering import Steering
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.problem.problem import Problem
from pinnkit.processes import Team
from pinnkit.results.history import Thinned
from pinnkit.results.solution import Solution
from pinnkit.staging import next_run, whole_config
from pinnkit.training import Record, Trained, train
from pinnkit.verification import ReferenceSolution, measured_at, relative_l2, test_grid

_SCORE_EVERY = 3.0
"""Seconds between two measurements of the error while training; each takes some hundredths of one."""

_SCORED = 4096
"""Points of such a measurement."""

_JUMP_POINTS = 1000
"""Points at which the jump from one window to the next is measured."""


class Listener(Protocol):
    """Who hears of the course of a run."""

    def note(self, record: Record) -> None:
        """Every step."""
        ...

    def say(self, sentence: str) -> None:
        """What begins, and what has ended."""
        ...

    def keep(self, windows: Sequence[Window]) -> None:
        """The windows that are trained, after every one."""
        ...


@final
@dataclass(frozen=True, eq=False)
class Quiet:
    """Hears of a run without a word, and hands the record of every step on."""

    monitor: Callable[[Record], None] = lambda record: None
    seen: Thinned = field(default_factory=Thinned)

    @property
    def history(self) -> list[Record]:
        """The records of the steps, or evenly spaced ones of very many."""
        return self.seen.records

    def note(self, record: Record) -> None:
        """Keep the record of a step and hand it on."""
        self.seen.append(record)
        self.monitor(record)

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def keep(self, windows: Sequence[Window]) -> None:
        """Keep nothing."""


@final
@dataclass(frozen=True, eq=False)
class Marched:
    """What training gave.

    Args:
        windows: the trained windows, the last one perhaps not to its end.
        count: how many windows there should be.
        config: the config with every automatic choice made.
        trained: the parameters of the last window, and how the phases of all windows ended.
        measured: of every window its ends and, where known, its errors and its jumps from the one before.
    """

    windows: tuple[Window, ...]
    count: int
    config: Config
    trained: Trained
    measured: tuple[dict[str, Any], ...]

    @property
    def whole(self) -> bool:
        """Whether all of time has been reached."""
        return len(self.windows) == self.count


@final
@dataclass(frozen=True, eq=False)
class _Place:
    """Where in a run training stands: the window's number, from 1, or 0 where there are none; what was trained before.

    ``easier`` says for which value of a parameter, where that is not the problem's own.
    """

    number: int = 0
    count: int = 1
    before: Trained | None = None
    easier: str = ""
    journal: Journal = field(default_factory=Journal)

    def __str__(self) -> str:
        return f"window {self.number}/{self.count}" if self.number else self.easier


def march(
    problem: Problem,
    asked: Config,
    reference: ReferenceSolution | None,
    listener: Listener,
    done: Sequence[Window] = (),
    start: Start | None = None,
    journal: Journal | None = None,
) -> Marched:
    """Train every window that is not done yet, each from the end of the one before.

    Args:
        problem: the whole problem.
        asked: the config that the user gave.
        reference: what the errors are measured against.
        listener: who hears of it.
        done: windows that are trained already, the first ones.
        start: the parameters from which every window is trained.
        journal: of a run that may be cut, or was.

    Raises:
        UserError: what `build_run` refuses.
    """
    journal = journal if journal is not None else Journal()
    journal.begin(len(done))
    edges = edges_of(problem, asked)
    count = max(1, len(edges) - 1)
    windows = list(done)
    measured = [_measured(windows[: k + 1], reference, asked) for k in range(len(windows))] if edges else []
    trained = windows[-1].trained if windows else None
    if asked.curriculum is not None and not windows:
        trained, start = _led_up(problem, asked, listener, start, journal)
    config = asked
    for number in range(len(windows), count):
        journal.begin(number)
        run = window_run(problem, asked, windows, start=start)
        place = _Place(number + 1, count, trained, "", journal) if edges else _Place(before=trained, journal=journal)
        if edges:
            listener.say(_opened(run, place))
        if trained is not None and _cut(trained):
            found, now = run, replace(trained, theta=run.trial.layout.start(run.trial.network))
        else:
            found, now = _in_stages(replace(asked, seed=run.config.seed), run, reference, listener, place)
        config = general_config(asked, found.config)
        finished = not _cut(now)
        windows.append(Window(found, now.theta, finished, now))
        listener.keep(windows)
        if edges:
            measured.append(_measured(windows, reference, asked))
            listener.say(_told(measured[-1], place, now))
        trained = now
        if not finished:
            break
    assert trained is not None
    return Marched(tuple(windows), count, config, trained, tuple(measured))


def _led_up(
    problem: Problem, asked: Config, listener: Listener, start: Start | None, journal: Journal
) -> tuple[Trained | None, Start | None]:
    """Solve the easier problems of a curriculum, each from the one before; what was trained, and where it ended."""
    rule = asked.curriculum
    assert rule is not None
    trained: Trained | None = None
    for value in rule.before(problem):
        easier = problem.with_parameters(**{rule.name(problem): value})
        run = window_run(easier, asked, (), start=start)
        run = replace(run, config=replace(run.config, phases=rule.shortened(run.config.phases)))
        place = _Place(before=trained, easier=f"{rule.name(problem)} = {value:.6g}", journal=journal)
        listener.say(f"{place}: the same equations, solved first")
        trained = _trained(run, None, listener, place)
        start = start_from([Window(run, trained.theta)])
        if _cut(trained):
            break
    return trained, start


def _cut(trained: Trained | None) -> bool:
    """Whether training ended before its time."""
    return trained is not None and (trained.failure is not None or trained.interrupted)


def _opened(run: Run, place: _Place) -> str:
    """The sentence with which a window begins."""
    time = run.problem.coordinate(str(run.problem.time))
    exact = [c for c in run.formulation.choices if c.condition in _starts(run.problem)]
    kind = "" if place.number == 1 else "; hand-over " + ("exact" if all(c.exact for c in exact) else "soft")
    return f"{place}: {time.name} from {time.lower:.6g} to {time.upper:.6g}{kind}"


def _starts(problem: Problem) -> set[str]:
    return {c.name for c in problem.conditions if any(f.coordinate == problem.time for f in c.faces)}


def _measured(windows: Sequence[Window], reference: ReferenceSolution | None, asked: Config) -> dict[str, Any]:
    """What is known of the last of some windows."""
    last = windows[-1]
    own = last.run.problem
    found: dict[str, Any] = {"lower": last.time.lower, "upper": last.time.upper}
    if reference is not None:
        _, points = test_grid(own)
        solution = Solution.of(last.run, last.theta)
        at_end = points.copy()
        at_end[:, own.index(last.time.name)] = last.time.upper
        for key, at in (("relative_l2", points), ("relative_l2_at_end", np.unique(at_end, axis=0))):
            errors = relative_l2(solution(at), reference.values(at))
            found[key] = dict(zip(own.fields, map(float, errors), strict=True))
    if len(windows) > 1:
        generator = np.random.default_rng([asked.seed, 6, len(windows)])
        found["jump"] = jump(windows[-2], last, generator, _JUMP_POINTS)
    found["finished"] = last.finished
    return found


def _told(found: dict[str, Any], place: _Place, trained: Trained) -> str:
    """The sentence with which a window ends; of its phases, the last one says why."""
    before, last = place.before, trained.stops[-1]
    steps = trained.steps - (before.steps if before is not None else 0)
    seconds = trained.seconds - (before.seconds if before is not None else 0.0)
    parts = []
    if "relative_l2" in found:
        within = ", ".join(f"{error:.2e} in `{name}`" for name, error in found["relative_l2"].items())
        at_end = ", ".join(f"{error:.2e}" for error in found["relative_l2_at_end"].values())
        parts.append(f"relative L2 {within}, at its end {at_end}")
    if "jump" in found:
        parts.append("jump from the window before " + ", ".join(f"{v:.1e} in `{n}`" for n, v in found["jump"].items()))
    parts += filter(None, [last.reason, last.course])
    return f"{place} ended after {steps} steps and {seconds:.1f} s: {'; '.join(parts)}."


def _in_stages(
    asked: Config,
    run: Run,
    reference: ReferenceSolution | None,
    listener: Listener,
    place: _Place,
) -> tuple[Run, Trained]:
    """Run the phases of the config, then those of its further stages; the last stage's run, with the whole config."""
    first, further = run.config, []
    trained = _trained(run, reference, listener, place)
    while trained.failure is None and not trained.interrupted and len(run.stages) < len(asked.stages):
        errors = Solution.of(run, trained.theta).errors(reference) if reference is not None else {}
        run = next_run(asked, run, trained.theta)
        worst = max((error["relative_l2"] for error in errors.values()), default=None)
        run = replace(run, stages=(*run.stages[:-1], replace(run.stages[-1], relative_l2=worst)))
        listener.say(f"stage {len(run.stages) + 1}: {run.trial.layout.size} parameters, {run.stages[-1]}")
        for sentence in run.notes:
            listener.say(sentence)
        further.append(run.config)
        trained = _trained(run, reference, listener, replace(place, before=trained))
    return replace(run, config=whole_config(first, asked, further)), trained


def trained_by_itself(run: Run, listener: Listener) -> Trained:
    """Run the phases of a run that stands by itself."""
    return _trained(run, None, listener, _Place())


def _trained(run: Run, reference: ReferenceSolution | None, listener: Listener, place: _Place) -> Trained:
    """Run the phases of one stage; every record gets the window, the error, where known and due, and the time to go.

    Steps, seconds and stops go on from those before. The ends of phases are said where there are no windows, whose own
    ends say enough.
    """
    if (known := place.journal.known()) is not None:
        return known
    config = run.config
    assert isinstance(config.threads, int)
    torch.set_num_threads(config.threads)
    # Products in reduced precision (TF32) would cap the accuracy without a word.
    torch.set_float32_matmul_precision("highest")
    prefix = f"{place.easier}: " if place.easier else ""
    phases = [(prefix + _name(number, run), phase) for number, phase in enumerate(config.phases)]
    score = _Score(run, reference)
    rule = config.pseudo_time
    pseudo = PseudoTimeSteps.of(rule, run.trial.problem, run.assembly.further) if rule is not None else None
    causal = CausalWeights(config.causal, Chain.of(run.trial.problem)) if config.causal is not None else None

    def monitor(record: Record, theta: Tensor) -> None:
        record["window"] = place.number or None
        record["relative_l2"] = score(theta)
        if run.problem.unknowns:
            record["parameters"] = run.trial.parameters(theta)
        record["eta"] = _time_left(record, run, place.count - place.number if place.number else 0)
        if place.before is not None:
            record["step"] += place.before.steps
            record["seconds"] += place.before.seconds
        listener.note(record)

    theta = run.trial.layout.start(run.trial.network)
    generator = np.random.default_rng(config.seed)
    weights = AdaptiveWeights(config.weighting) if config.weighting is not None else None
    steering = Steering(config.aggregator) if config.aggregator is not None else None
    ways = (causal, pseudo, weights, steering, config.conflict_every)
    steps_before = place.before.steps if place.before is not None else 0
    keep, cut = partial(place.journal.keep, before=steps_before), place.journal.snapshot()
    # Only training is shared: what follows asks the first process alone.
    team = Team.here()
    shared = replace(run.assembly, team=team)
    trained = train(shared, theta, phases, config.renew, generator, monitor, *ways, keep=keep, resume=cut, team=team)
    for stop in trained.stops if not place.number else ():
        ended = f"{stop.phase} ended after {stop.steps} steps and {stop.seconds:.1f} s: {stop.reason}"
        listener.say(f"{ended}; {stop.course}." if stop.course else f"{ended}.")
    stops = tuple(replace(s, phase=f"{place}: {s.phase}") if place.number else s for s in trained.stops)
    before, whole = place.before, replace(trained, stops=stops)
    if before is not None:
        steps, seconds = before.steps + trained.steps, before.seconds + trained.seconds
        whole = replace(trained, stops=(*before.stops, *stops), steps=steps, seconds=seconds)
    place.journal.ended(whole)
    return whole


@final
class _Score:
    """The error of the fields at some points, measured every few seconds."""

    def __init__(self, run: Run, reference: ReferenceSolution | None) -> None:
        self._run = run
        self._due = 0.0
        if reference is not None:
            points = measured_at(run.problem, reference.values)
            chosen = np.sort(np.random.default_rng(0).choice(points.count, min(_SCORED, points.count), replace=False))
            self._points, self._density = points.coordinates[chosen], points.density[chosen]
            self._truth: np.ndarray | None = reference.values(self._points)
        else:
            self._truth = None

    def __call__(self, theta: Tensor) -> float | None:
        """The largest relative L2 error of any field, or None where it is unknown or not due."""
        if self._truth is None or time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + _SCORE_EVERY
        return float(np.max(relative_l2(Solution.of(self._run, theta)(self._points), self._truth, self._density)))


def _time_left(record: Record, run: Run, windows_left: int) -> float:
    """Seconds until every phase has made its steps or used its time, at the mean pace so far."""
    pace = record["seconds"] / record["step"]
    steps = sum(phase.steps for phase in run.config.phases)
    left, later = pace * (steps - record["step"]), pace * steps
    limits = [phase.seconds for phase in run.config.phases]
    known = [limit for limit in limits if limit is not None]
    if len(known) == len(limits):
        left, later = min(left, max(0.0, sum(known) - record["seconds"])), min(later, sum(known))
    return left + windows_left * later


def _name(number: int, run: Run) -> str:
    """A phase's name in logs: the optimizer's, numbered where it comes more than once, and the stage."""
    names = [OPTIMIZERS.entry(phase) for phase in run.config.phases]
    own = str(names[number].get("name", names[number].get("python")))
    same = [i for i, entry in enumerate(names) if entry.get("name", entry.get("python")) == own]
    numbered = own if len(same) == 1 else f"{own} {same.index(number) + 1}"
    return f"stage {len(run.stages) + 1}: {numbered}" if run.stages else numbered
