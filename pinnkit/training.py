"""The loop: points are drawn, an optimizer steps, and every step is noted, one phase after the other."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from pinnkit.draws import Draws, Origin, out_of_memory
from pinnkit.errors import SolveError
from pinnkit.objective.adaptive import AdaptiveWeights
from pinnkit.objective.causal import CausalWeights
from pinnkit.objective.conflicts import conflicts
from pinnkit.objective.objective import Draw, Objective
from pinnkit.objective.pseudo_time import PseudoTimeSteps
from pinnkit.objective.steering import Steering
from pinnkit.optimizers import Optimizer, Step
from pinnkit.points import PointMemory
from pinnkit.processes import ALONE, Team
from pinnkit.stored import doubted, generator_of, numbers_of, restored, stored
from pinnkit.trained import Keep as Keep
from pinnkit.trained import Record as Record
from pinnkit.trained import Snapshot as Snapshot
from pinnkit.trained import Stop as Stop
from pinnkit.trained import Trained as Trained
from pinnkit.unseen import Unseen


def train(
    draws: Draws,
    theta: Tensor,
    phases: Sequence[tuple[str, Optimizer]],
    renew: int,
    generator: np.random.Generator,
    monitor: Callable[[Record, Tensor], None] = lambda record, theta: None,
    causal: CausalWeights | None = None,
    pseudo: PseudoTimeSteps | None = None,
    weights: AdaptiveWeights | None = None,
    steering: Steering | None = None,
    conflict_every: int = 0,
    keep: Keep = lambda where: None,
    resume: Snapshot | None = None,
    team: Team = ALONE,
) -> Trained:
    """Run the phases in order from theta.

    Where points are drawn anew, the run gives those parameters, of the last ones and of the best on unseen points, that
    have the lower loss on one more draw: a single step may spoil what many gained. Ctrl-C ends the run and keeps what
    there is. After a loss that is no number a phase with a rate goes back to the last parameters at which it was one, a
    few times and with a tenth of the rate; then that ends the run with them, or with those it started from.

    Args:
        draws: makes objectives.
        theta: the parameters to start from.
        phases: optimizers by the names they are shown under.
        renew: steps between two draws of points, 0 for one draw a phase.
        generator: the points' own.
        monitor: called after every step with its record and the parameters after it.
        causal: weights of the rows by their times, which change from step to step.
        pseudo: terms of the rows that hold every step to where the fields were; no reported loss has them.
        weights: of the groups of terms, or of rows, which change from step to step.
        steering: what makes the direction of a step of the gradients of the groups.
        conflict_every: the steps between two reports of how these gradients stand to each other; 0 for none.
        keep: called before every step with what tells where the loop stands, which is costly to ask.
        resume: where the loop stood when it was cut; what follows is as if it had not been.
        team: the processes that all run this loop, of which the first one has the clock.
    """
    ways = (causal, pseudo, weights, steering, conflict_every)
    loop = _Loop(draws, renew, generator, monitor, theta, theta, theta.dtype, *ways, keep=keep, team=team)
    loop.untried = resume is not None
    with doubted(lambda: loop.untried):
        first = loop.take_up(resume) if resume is not None else None
        stops = loop.stops
        for name, optimizer in phases[len(stops) :]:
            stops.append(loop.phase(name, optimizer, first))
            first = None
            if loop.failure is not None or loop.interrupted:
                break
    if loop.failure is None and loop.objective is not None:
        # No step follows that would notice what the last one led to.
        rows = loop.objective.rows(loop.theta)
        loop.failure = _broken(0.5 * float(rows @ rows), loop.objective.losses(rows))
        if loop.failure is not None:
            stops[-1] = replace(stops[-1], reason=loop.failure)
    if loop.failure is None and (why := loop.prefer_best()):
        stops[-1] = replace(stops[-1], reason=f"{stops[-1].reason}; {why}")
    kept = (loop.theta if loop.failure is None else loop.good).to(loop.dtype)
    return Trained(kept, tuple(stops), loop.steps, loop.seconds, loop.failure, loop.interrupted, loop.memory)


@final
@dataclass(frozen=True, eq=False)
class _Cut:
    """Where in a phase the loop was cut: the steps made in it, the seconds, and the optimizer's state."""

    count: int
    seconds: float
    state: Any


@final
@dataclass
class _Loop:
    """What changes while the phases run; `good` are the last parameters at which the loss was a number.

    Of this phase, `unseen` are the losses on fresh points, and `cut` says that its time or steps ended it. `dtype` is
    the run's precision, in which parameters leave the loop; `untried`, that no step was made since it was taken up;
    `halved`, how often chunks were made smaller for want of memory.
    """

    draws: Draws
    renew: int
    generator: np.random.Generator
    monitor: Callable[[Record, Tensor], None]
    theta: Tensor
    good: Tensor
    dtype: torch.dtype
    causal: CausalWeights | None = None
    pseudo: PseudoTimeSteps | None = None
    weights: AdaptiveWeights | None = None
    steering: Steering | None = None
    conflict_every: int = 0
    keep: Keep = lambda where: None
    team: Team = ALONE
    objective: Objective | None = None
    conflicts: dict[str, Any] | None = None
    memory: PointMemory = field(default_factory=PointMemory)
    unseen: Unseen = field(default_factory=Unseen)
    stops: list[Stop] = field(default_factory=list)
    origin: Origin | None = None
    cut: bool = False
    retries: int = 0
    untried: bool = False
    halved: int = 0
    note: str | None = None
    steps: int = 0
    failure: str | None = None
    interrupted: bool = False
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def phase(self, name: str, optimizer: Optimizer, cut: _Cut | None = None) -> Stop:
        """Run one phase; points are drawn anew at its start, but where it goes on from a cut."""
        began, first, self.cut = self.seconds, self.steps, False
        if cut is None:
            self.objective, self.unseen, self.origin, self.retries = None, Unseen(), None, 0
            self.theta = self.theta.to(optimizer.dtype or self.dtype)
        else:
            began, first = began - cut.seconds, first - cut.count
        try:
            reason = self._run(name, optimizer, began, cut)
        except KeyboardInterrupt:
            reason, self.interrupted = "interrupted", True
        except SolveError as error:
            reason = self.failure = str(error)
        # One that came to its own end has said how; of one that was cut short, the course says what more would bring.
        courses = [self.unseen.course() if self.cut else "", self.causal.diagnosis() if self.causal is not None else ""]
        return Stop(name, reason, self.steps - first, self.seconds - began, "; ".join(filter(None, courses)))

    def prefer_best(self) -> str | None:
        """Go back to the best parameters on unseen points, if another draw finds them better; what was done, if so."""
        best = self.unseen.best
        if not self.renew or best is None or self.interrupted:
            return None
        if self.causal is not None and not self.causal.open:
            return None  # the loss over all of time does not yet tell good parameters from idle ones
        objective = self.draws.draw(self.theta, self.generator)
        if not float(objective.rows(best).norm()) < float(objective.rows(self.theta).norm()):
            return None
        self.theta = best
        return f"the parameters after step {self.unseen.step} are kept: they do better on unseen points"

    def take_up(self, snapshot: Snapshot) -> _Cut:
        """Stand where the loop was cut, with the very points on which it was; where that was in its phase."""
        held = restored(snapshot["held"])
        self.theta, self.good, self.steps, self.stops = held["theta"], held["good"], held["steps"], held["stops"]
        self.began, self.unseen, self.origin = time.perf_counter() - held["seconds"], held["unseen"], held["origin"]
        for _ in range(held["halved"]):
            self.draws = self.draws.smaller() or self.draws
        if self.origin is not None:
            # The same numbers at the same parameters give the same points.
            self.generator = generator_of(self.origin.numbers)
            memory = restored(stored(self.origin.memory))
            self.objective = self.draws.draw(self.origin.theta, self.generator, memory)
        self.retries, self.halved = held["retries"], held["halved"]
        self.generator, self.memory = generator_of(held["numbers"]), held["memory"]
        # What points at these points is read once they are there.
        pointing = restored(snapshot["pointing"], self._known())
        for name, part in self._parts().items():
            for key, value in pointing[name].items():
                setattr(part, key, value)
        return _Cut(held["count"], held["phase_seconds"], pointing["state"])

    def snapshot(self, count: int, began: float, state: Any) -> Snapshot:
        """Where the loop stands before step `count` of its phase, as plain data."""
        parts = {name: {key: getattr(part, key) for key in part.remembers} for name, part in self._parts().items()}
        pointing = stored({**parts, "state": state}, self._known(), (Draw, Objective))
        held = {
            **{"theta": self.theta, "good": self.good, "steps": self.steps, "count": count, "stops": self.stops},
            **{"seconds": self.seconds, "phase_seconds": self.seconds - began, "unseen": self.unseen},
            **{
                "retries": self.retries,
                "halved": self.halved,
                "numbers": numbers_of(self.generator),
                "memory": self.memory,
                "origin": self.origin,
            },
        }
        return {"held": stored(held), "pointing": pointing, "steps": self.steps}

    def _known(self) -> dict[str, object]:
        """What is told apart by being itself."""
        return {} if self.objective is None else {"draw": self.objective.draw, "objective": self.objective}

    def _parts(self) -> dict[str, Any]:
        """The owners of what changes beside the optimizer."""
        own = {"causal": self.causal, "pseudo": self.pseudo, "weights": self.weights, "steering": self.steering}
        return {name: part for name, part in own.items() if part is not None}

    def _redraw(self, optimizer: Optimizer) -> bool:
        """Draw points anew and note what they follow from; whether that took going back to good parameters."""
        for back in (False, True):
            memory = restored(stored(self.memory.of_next()))  # a flow is trained in its place
            self.origin = Origin(self.theta, numbers_of(self.generator), memory)
            try:
                self.objective = self.draws.draw(self.theta, self.generator, self.memory)
                return back
            except SolveError as error:
                self.failure = str(error)
                if back or not self._goes_back(optimizer):
                    raise
                self.failure = None
        raise AssertionError("the second draw returns or raises")

    def _over(self, limit: float, began: float) -> bool:
        """Whether the time of a phase is over, by the clock of the first process."""
        return bool(self.team.told(int(self.seconds - began >= limit)))

    def _goes_back(self, optimizer: Optimizer) -> bool:
        """Go back to the last good parameters after a step that led to no number, where a shorter one may do better."""
        good = self.good.to(self.theta.dtype)
        if self.retries == _RETRIES or optimizer.gentler() is optimizer or torch.equal(self.theta, good):
            return False
        self.retries, self.theta = self.retries + 1, good
        self.note = f"step {self.steps}: {self.failure}; gone back to before it, with steps a tenth as long"
        return True

    def _run(self, name: str, optimizer: Optimizer, began: float, cut: _Cut | None) -> str:
        """Make a phase's steps; why they ended."""
        for _ in range(self.retries):
            optimizer = optimizer.gentler()
        state = optimizer.start(self.theta) if cut is None else cut.state
        for count in range(cut.count if cut is not None else 0, optimizer.steps):
            self.keep(partial(self.snapshot, count, began, state))
            if optimizer.seconds is not None and self._over(optimizer.seconds, began):
                self.cut = True
                return f"its {optimizer.seconds:g} s are over"
            started = time.perf_counter()
            drawn = count == 0 or bool(self.renew and count % self.renew == 0)
            if drawn and self._redraw(optimizer):
                optimizer = optimizer.gentler()
                state = optimizer.start(self.theta)
            objective = self.objective
            assert objective is not None
            if self.causal is not None and (met := self._met(self.causal, drawn, count)):
                return met
            made, loss = self._within_memory(optimizer, objective, state)
            self.failure = _broken(made.loss, made.losses)
            if self.failure is not None:
                if not self._goes_back(optimizer):
                    return self.failure
                optimizer, self.failure = optimizer.gentler(), None
                state = optimizer.start(self.theta)
                continue
            if drawn:
                self.unseen.note(loss, self.theta, self.steps)
            # Rounding of their own must not lead the processes apart.
            self.good, self.theta, state = self.theta, self.team.of_first(made.theta), made.state
            self.steps += 1
            self.untried = False
            self.monitor(self._record(name, made, started, drawn), self.theta.to(self.dtype))
            if made.finished is not None:
                if self.pseudo is None or not self.pseudo.goes_on():
                    return made.finished
                state = optimizer.start(self.theta)
            if optimizer.target is not None and loss < optimizer.target:
                return f"the loss is below {optimizer.target:g}"
        self.cut = True
        return f"all {optimizer.steps} steps made"

    def _within_memory(self, optimizer: Optimizer, objective: Objective, state: Any) -> tuple[Step, float]:
        """A step, in smaller chunks of rows where it finds no memory.

        Raises:
            SolveError: there are no smaller ones, or several processes would have to agree on them.
        """
        try:
            return self._step(optimizer, objective, state)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            why = str(error).splitlines()[0][:200]
        fewer = self.draws.smaller() if self.team.count == 1 else None
        if fewer is None or self.origin is None:
            raise SolveError(f"there is not enough memory for a step: take a lower `chunk` ({why})")
        self.draws, self.halved = fewer, self.halved + 1
        again = restored(stored(self.origin.memory))
        redrawn = self.draws.draw(self.origin.theta, generator_of(self.origin.numbers), again)
        self.objective = redrawn.again(objective.draw)
        self.note = f"step {self.steps}: out of memory; on in chunks of at most {self.objective.chunk:,} rows ({why})"
        return self._within_memory(optimizer, self.objective, state)

    def _step(self, optimizer: Optimizer, objective: Objective, state: Any) -> tuple[Step, float]:
        """A step, with all that changes the rows or the direction, and the loss that it began from without them."""
        theta, held, rows = self.theta, objective, None
        if self.weights is not None:
            held = self.weights.weighed(held, theta)
        if self.causal is not None:
            held, rows = self.causal.weighed(held, theta)
        if self.pseudo is not None:
            held = self.pseudo.stepped(held, objective, theta)
        if self.steering is not None:
            held = self.steering.steered(held, theta)
        made = optimizer.step(held, theta, state)
        self.conflicts = self._conflicts(held, made)
        if self.weights is not None or self.steering is not None:
            rows = None  # those that causal weights were made of have other weights
        if held is objective:
            return made, made.loss
        if self.causal is None and self.pseudo is None and not (self.weights is not None and self.weights.by_row):
            # Losses by term have no weights: the loss with those of the objective follows without another sweep.
            return made, 0.5 * sum(weight * made.losses.get(t, 0.0) for t, weight in objective.weights.items())
        rows = rows if rows is not None else objective.rows(theta)
        loss = 0.5 * float(rows @ rows)
        # A loss that is no number is told as the optimizer saw it.
        losses = objective.losses(rows) if math.isfinite(made.loss) else made.losses
        told = made.loss if self.causal is not None or self.weights is not None else loss
        return replace(made, loss=told, losses=losses), loss

    def _conflicts(self, held: Objective, made: Step) -> dict[str, Any] | None:
        """How the gradients of the groups stand to each other and to the step, when it is due."""
        if not self.conflict_every or self.steps % self.conflict_every or len(held.groups) < 2:
            return None
        seen = self.steering.seen if self.steering is not None else None
        found = seen if seen is not None else held.evaluate_groups(self.theta)
        return conflicts(found.gradients, made.theta.to(self.theta.dtype) - self.theta)

    def _met(self, causal: CausalWeights, drawn: bool, count: int) -> str | None:
        """Hold the weights against fresh points; why the phase is over, if it is."""
        if self.renew:
            fresh = self.objective if drawn and count else None
        else:  # points that never change are never fresh
            looks = count and count % _LOOK == 0
            fresh = self.draws.draw(self.theta, self.generator) if looks else None
        return causal.look(fresh, self.theta) if fresh is not None else None

    def _record(self, phase: str, made: Step, started: float, drawn: bool) -> Record:
        times = {"seconds": self.seconds, "step_seconds": time.perf_counter() - started}
        terms = {"loss": made.loss, "losses": dict(made.losses)}
        record = {"step": self.steps, "phase": phase, **terms, **times, **made.report}
        if self.causal is not None:
            if drawn or self.steps % _LOOK == 0:
                record["causal"] = self.causal.report()
            if (note := self.causal.note()) is not None:
                record["note"] = note
        if self.pseudo is not None and (rates := self.pseudo.report()) is not None:
            record["pseudo_time"] = rates
        if self.conflicts is not None:
            record["conflicts"] = self.conflicts
        if self.weights is not None and (weights := self.weights.report()) is not None:
            record["weights"] = weights
        if self.note is not None:
            record["note"], self.note = self.note, None
        for owner in (self.weights, self.steering, self.memory):
            if owner is not None and (note := owner.note()) is not None:
                record["note"] = note
        return record


_RETRIES = 3
"""How often a phase goes back after a loss that is no number, before that ends the run."""

_LOOK = 100
"""Steps between two looks at the causal weights where points are not drawn anew."""


def _broken(loss: float, losses: Mapping[str, float]) -> str | None:
    """The sentence for a loss that is no number, naming the terms that are to blame."""
    if math.isfinite(loss):
        return None
    bad = [name for name, value in losses.items() if not math.isfinite(value)]
    return "the loss is no longer finite" + (f"; not finite: {', '.join(bad)}" if bad else "")
