"""What the console shows while a problem is solved: a live table on a terminal, plain lines anywhere else."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TextIO, final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

INTERVAL = 10.0
"""The longest silence, in seconds, of the plain lines."""

REFRESH = 0.2
"""Seconds between two drawings of the live table."""

ROWS = 8
"""How many earlier steps the live table keeps in view."""


@final
class Progress:
    """The live view of a run; it never lets a strange or closed terminal stop the run.

    Plain lines come at steps 1, 2, 5, 10, 20, 50, ..., whenever ten seconds have passed, at the first step of every
    phase in the first window of time, with every note and at the end. The last step before a sentence is shown before
    it, but not in a window, whose end has a sentence of its own.

    Args:
        terms: the names of the losses, in the order of the columns.
        total_steps: how many steps all phases have together.
        has_reference: whether a relative L2 error is going to be known.
        stream: where to write; standard error by default, so that results can be piped.
        clock: seconds from an arbitrary start.
    """

    def __init__(
        self,
        terms: Sequence[str],
        total_steps: int,
        has_reference: bool,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terms = tuple(terms)
        self._total = total_steps
        self._reference = has_reference
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._shown_at = clock()
        self._next = 1
        self._last: Mapping[str, Any] | None = None
        self._phases: set[str | None] = set()
        self._pending = False
        self._error: float | None = None
        self._cosines: Mapping[str, float] = {}
        self._rows: list[Mapping[str, Any]] = []
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        if is_terminal(self._stream):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        live = self._live
        if live is not None:
            self._draw()
            self._safely(live.stop)
            self._live = None
        elif self._pending and self._last is not None:
            self._write(self._plain(self._last))
            self._pending = False

    def update(self, record: Mapping[str, Any]) -> None:
        """Take note of a step.

        ``record`` has `step`, `phase`, `loss`, `losses` {term: value}, `parameters` {name: value}, `seconds`,
        `step_seconds`, `relative_l2`, `eta`, `window`, `conflicts` {"cosines": {pair: value}} and `note`; all but the
        step may be missing or None.
        """
        step, now = int(record["step"]), self._clock()
        begins = record.get("phase") not in self._phases
        milestone = step >= self._next or begins
        self._last = record
        self._phases.add(record.get("phase"))
        if record.get("relative_l2") is not None:
            self._error = record["relative_l2"]
        if record.get("conflicts"):
            self._cosines = record["conflicts"].get("cosines") or {}
        while self._next <= step:
            self._next = _after(self._next)
        if self._live is not None:
            self._rows = [*self._rows, record][-ROWS:] if milestone else self._rows
            if milestone or now - self._shown_at >= REFRESH:
                self._draw()
                self._shown_at = now
        elif milestone or record.get("note") or now - self._shown_at >= INTERVAL or step == self._total:
            self._write(self._plain(record))
            self._shown_at, self._pending = now, False
        else:
            self._pending = record.get("window") is None
        if record.get("note") and self._live is not None:
            self.line(str(record["note"]))

    def line(self, text: str) -> None:
        """Print a sentence, above the table where there is one."""
        live = self._live
        if live is None:
            if self._pending and self._last is not None:
                self._write(self._plain(self._last))
                self._pending = False
            self._write(text)
        else:
            self._safely(lambda: live.console.print(text, markup=False, highlight=False, soft_wrap=True))

    def _start(self) -> None:
        """Begin the live table; without it the plain lines remain."""

        def begin() -> None:
            console = _Terminal(file=self._stream)
            if console.is_dumb_terminal:
                return
            # Drawn from `update` alone: a thread of its own would take time from the arithmetic.
            live = Live(console=console, auto_refresh=False, transient=False)
            live.start()
            self._live = live

        self._safely(begin)

    def _draw(self) -> None:
        """Draw the table of the earlier steps and the present one."""
        live = self._live
        if live is not None and self._last is not None:
            self._safely(lambda: live.update(self._table(live.console.width), refresh=True))

    def _table(self, width: int) -> Table:
        """One row a step where the columns fit, else one row a quantity for the present step."""
        assert self._last is not None
        now = self._cells(self._with_error(self._last))
        rows = [self._cells(row) for row in self._rows if row["step"] != self._last["step"]]
        widths = [max(len(name), *(len(row[name]) for row in [*rows, now])) for name in now]
        if sum(widths) + 2 * len(widths) + 2 > width:
            narrow = Table(box=None, show_header=False, pad_edge=False)
            for name, cell in now.items():
                narrow.add_row(Text(name, style="dim"), Text(cell))
            return narrow
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for name in now:
            table.add_column(name, justify="left" if name == "phase" else "right", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row.values()), style="dim")
        table.add_row(*map(Text, now.values()))
        return table

    def _cells(self, record: Mapping[str, Any]) -> dict[str, str]:
        """What the table says of a step, by column."""
        losses = record.get("losses") or {}
        window = f"window {record['window']}" if record.get("window") is not None else ""
        phase = ", ".join(filter(None, [window, str(record.get("phase") or "")]))
        cells = {"step": f"{record['step']}/{self._total}", "phase": phase}
        cells["loss"] = digits(record.get("loss"))
        cells.update({name: digits(losses.get(name)) for name in self._terms})
        for name, value in (record.get("parameters") or {}).items():
            cells[name if name not in cells else f"{name} (parameter)"] = f"{value:.8g}"
        if self._cosines:
            pair, least = min(self._cosines.items(), key=lambda own: own[1])
            cells["least cosine"] = f"{least:+.2f} ({pair})"
        if self._reference:
            cells["relative L2"] = digits(record.get("relative_l2"))
        cells["ms/step"] = milliseconds(record.get("step_seconds"))
        cells["time"] = duration(record.get("seconds"))
        cells["ETA"] = duration(record.get("eta"))
        return cells

    def _with_error(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record with the newest error that is known, which is measured now and then only."""
        return record if record.get("relative_l2") is not None else {**record, "relative_l2": self._error}

    def _plain(self, record: Mapping[str, Any]) -> str:
        """A step as one line of words."""
        cells = self._cells(self._with_error(record))
        parts = [f"step {cells.pop('step')}", cells.pop("phase")]
        for name, cell in cells.items():
            if cell:
                parts.append(f"{cell} ms/step" if name == "ms/step" else f"{name} {cell}")
        if record.get("note"):
            parts.append(str(record["note"]))
        return "  ".join(part for part in parts if part)

    def _write(self, text: str) -> None:
        """Print a line, with `?` for characters that the terminal's encoding does not know."""

        def write() -> None:
            known = getattr(self._stream, "encoding", None) or "utf-8"
            self._stream.write(text.encode(known, errors="replace").decode(known) + "\n")
            self._stream.flush()

        self._safely(write)

    def _safely(self, action: Callable[[], object]) -> None:
        """Do something with the terminal; a terminal that fails is left alone, since the run matters more."""
        try:
            action()
        except Exception:
            # Whatever a terminal can think of: a closed pipe, an unknown encoding, a size of zero.
            self._live = None


@final
class _Terminal(Console):
    """A console that falls silent when its reader has gone; the library's own would end the process."""

    def on_broken_pipe(self) -> None:
        """Write nothing more."""
        self.quiet = True


def is_terminal(stream: TextIO) -> bool:
    """Whether a live table can be drawn: an open terminal that can move its cursor."""
    try:
        return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    except (AttributeError, ValueError, OSError):
        return False


def digits(value: float | None) -> str:
    """A loss or an error with three digits; nothing where it is not known.

    Example:
        >>> digits(3.14159e-7)
        '3.14e-07'
    """
    return "" if value is None else f"{value:.2e}"


def milliseconds(seconds: float | None) -> str:
    """Seconds as milliseconds with three digits.

    Example:
        >>> milliseconds(0.0123456)
        '12.3'
    """
    if seconds is None:
        return ""
    return f"{1e3 * seconds:.0f}" if seconds >= 0.1 else f"{1e3 * seconds:.3g}"


def duration(seconds: float | None) -> str:
    """A time as a person says it.

    Example:
        >>> duration(3.21), duration(75), duration(7500)
        ('3.2 s', '1 min 15 s', '2 h 5 min')
    """
    if seconds is None or not 0 <= seconds < float("inf"):
        return ""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def _after(milestone: int) -> int:
    """The number behind this one in 1, 2, 5, 10, 20, 50, ..."""
    return milestone * 5 // 2 if str(milestone).startswith("2") else milestone * 2
