"""What a run of several processes needs beside its training: one that writes, others beside it, and an end for all."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pinnkit.building import Run
from pinnkit.config import Config
from pinnkit.errors import LostProcess, SolveError
from pinnkit.journal import Journal
from pinnkit.marching import Start, Window
from pinnkit.problem.problem import Problem
from pinnkit.processes import Team, leave
from pinnkit.running import Quiet, march


def agreed(config: Config, run: Run, team: Team) -> Config:
    """The config with that choice of the first process on which the order of all sums depends; as it is, alone."""
    if team.count == 1:
        return config
    assert isinstance(run.config.chunk, int)
    return replace(config, chunk=team.told(run.config.chunk))


def accompany(
    problem: Problem,
    config: Config,
    start: Start | None,
    team: Team,
    done: Sequence[Window] = (),
    entry: Mapping[str, Any] | None = None,
) -> Path:
    """Train with the first process, write nothing, and give the folder to which that one writes.

    Args:
        problem: the equations and conditions.
        config: how to solve them, with what was agreed.
        start: the parameters from which training begins.
        team: the processes.
        done: windows that are trained already.
        entry: of the journal from which training goes on.

    Raises:
        SolveError: the loss stopped being finite.
        LostProcess: another process has ended.
    """
    journal = Journal(entry=entry, team=team)
    with heeding_the_end(journal, team):
        folder = Path(team.told_text(""))
        team.wait()
        trained = march(problem, config, None, Quiet(), done, start, journal).trained
    leave()
    if trained.failure is not None:
        raise SolveError(trained.failure)
    return folder


@contextmanager
def heeding_the_end(journal: Journal, team: Team, folder: Path | None = None) -> Iterator[None]:
    """While a run goes on, SIGTERM ends it between two steps, with all that is needed to go on written.

    Of several processes the first one heeds it, and Ctrl-C as well, since none may leave the others amid a step.

    Args:
        journal: the owner of what is written.
        team: the processes.
        folder: of the run, where it is this process that writes.

    Raises:
        LostProcess: another process has ended, with the sentence that says how to go on.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    again = f"; `pinnkit resume {folder}` goes on" if folder is not None else ""
    before = {number: _heed(number, journal, team) for number in (signal.SIGTERM, *_by_hand(team))}
    try:
        yield
    except SystemExit:
        if folder is not None:
            print(f"ended by {'a signal' if team.count > 1 else 'SIGTERM'}{again}", file=sys.stderr, flush=True)
        raise
    except LostProcess as error:
        raise LostProcess(f"{error}{again}, with as many processes as you like") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _by_hand(team: Team) -> tuple[signal.Signals, ...]:
    """Ctrl-C, where it reaches several processes at once."""
    return (signal.SIGINT,) if team.count > 1 else ()


def _heed(number: signal.Signals, journal: Journal, team: Team) -> Callable[..., Any] | int | None:
    """Take a signal as the wish to end; the handler before."""
    return signal.signal(number, (lambda *_: journal.end()) if team.first else (lambda *_: None))
