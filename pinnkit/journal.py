"""What of a run has been trained, so that it can be taken up where it was cut."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, final

from pinnkit.processes import ALONE, Team
from pinnkit.stored import doubted, restored, stored
from pinnkit.training import Snapshot, Trained

EVERY = 5.0
"""Seconds between two entries while a loop runs."""

TERMINATED = 143
"""The exit status of a process that was asked to end: 128 and the number of the signal."""

Make = Callable[[], Mapping[str, Any]]
"""Makes an entry, plain data; TypeError where something has a state of a kind that is not known, as of a plugin."""


@final
class Journal:
    """The owner of what is known of a cut run: the loops of a window that are over, and where the last one stood.

    A window is trained by one loop after the other: the easier problems of a curriculum, and the stages. Everything
    between two loops follows from what the first one gave, so that going on is to go the same way again with the loops
    that are over replaced by what they gave, and the one that was cut taken up in its middle.

    Args:
        write: takes what makes an entry, and the entry to where it is safe; None to keep none.
        entry: the one from which a run goes on; None to begin.
        every: seconds between two entries.
        clock: seconds from an arbitrary start.
        team: the processes that run together, of which the first one writes, and says when to end.
    """

    def __init__(
        self,
        write: Callable[[Make], None] | None = None,
        entry: Mapping[str, Any] | None = None,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
        team: Team = ALONE,
    ) -> None:
        self._write, self._every, self._clock = write, every, clock
        self._window = -1
        self._over: list[Trained] = []
        self._entry = dict(entry) if entry is not None else None
        self._replayed = 0
        self._written: float | None = None
        self._ends = False
        self._team = team

    def begin(self, window: int) -> None:
        """Begin with a window, the first one being 0; an entry of another one is of no use."""
        if self._entry is not None and self._entry["window"] != window:
            self._entry = None
        if self._window != window and self._entry is None:
            self._over, self._replayed = [], 0
        elif self._entry is not None and not self._over:
            with doubted(lambda: True):
                self._over = [_trained(held) for held in self._entry["over"]]
        self._window = window

    def known(self) -> Trained | None:
        """What the next loop gave, where it is over already."""
        if self._replayed == len(self._over):
            return None
        self._replayed += 1
        return self._over[self._replayed - 1]

    def snapshot(self) -> Snapshot | None:
        """Where the next loop stood, where it is the one that was cut; once."""
        entry, self._entry = self._entry, None
        return entry["loop"] if entry is not None else None

    def keep(self, where: Callable[[], Snapshot], before: int) -> None:
        """Write an entry where the last one is old enough, or where there is none of this loop yet.

        Args:
            where: the loop stands.
            before: the steps of all loops before this one.

        Raises:
            SystemExit: the process was asked to end, and the entry is written.
        """
        ends = self._team.told(int(self._ends))
        old = self._written is None or self._clock() - self._written >= self._every
        if self._write is not None and (old or ends):
            self._write(partial(self._made, where, before))
            self._written = self._clock()
        if ends:
            raise SystemExit(TERMINATED)

    def _made(self, where: Callable[[], Snapshot], before: int) -> Mapping[str, Any]:
        """An entry."""
        loop, over = where(), [_plain(trained) for trained in self._over]
        return {"window": self._window, "over": over, "loop": loop, "steps": before + loop["steps"]}

    def end(self) -> None:
        """End the process before the next step, once an entry is written."""
        self._ends = True

    def ended(self, trained: Trained) -> None:
        """Note that a loop is over; one that was cut or broke is not."""
        if trained.failure is None and not trained.interrupted:
            self._over.append(trained)
            self._replayed = len(self._over)
        self._written = None


def _plain(trained: Trained) -> Any:
    """What a loop gave, without the points that it was on."""
    return stored((trained.theta, trained.stops, trained.steps, trained.seconds))


def _trained(held: Any) -> Trained:
    return Trained(*restored(held))
