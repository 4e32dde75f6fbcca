import io
from itertools import pairwise
from typing import Any

import pytest

from pinnkit.results.progress import Progress, duration


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A pipe whose reader has gone, perhaps a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def record(step: int, phase: str = "adam", **more: Any) -> dict[str, Any]:
    losses = {"momentum": 1.0 / step, "walls": 0.5 / step}
    return {"step": step, "phase": phase, "loss": 1.5 / step, "losses": losses, "seconds": 0.1 * step, **more}


def lines_of(steps: list[int], total: int, seconds_a_step: float = 0.0, **more: Any) -> list[str]:
    stream, clock = io.StringIO(), Clock()
    with Progress(["momentum", "walls"], total, True, stream, clock) as progress:
        for step in steps:
            clock.now += seconds_a_step
            progress.update(record(step, **more))
    return stream.getvalue().splitlines()


def test_plain_lines_thin_out_and_end_with_the_last_step() -> None:
    lines = lines_of(list(range(1, 1201)), 1200)
    shown = [int(line.split()[1].split("/")[0]) for line in lines]
    assert shown == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1200]


def test_plain_lines_are_never_silent_for_more_than_ten_seconds() -> None:
    shown = [int(line.split()[1].split("/")[0]) for line in lines_of(list(range(1, 41)), 1000, seconds_a_step=4.0)]
    assert all(after - before <= 3 for before, after in pairwise(shown))
    assert shown[-1] == 40


def test_a_line_names_every_loss_the_error_and_the_times() -> None:
    more: dict[str, Any] = {"relative_l2": 3.2e-5, "step_seconds": 0.0123, "eta": 75.0, "note": "points renewed"}
    (line,) = lines_of([1], 10, **more)
    assert line == (
        "step 1/10  adam  loss 1.50e+00  momentum 1.00e+00  walls 5.00e-01  relative L2 3.20e-05  "
        "12.3 ms/step  time 0.10 s  ETA 1 min 15 s  points renewed"
    )


def test_a_line_names_the_gradients_that_oppose_each_other_most() -> None:
    cosines = {"pde | bc": 0.2, "pde | ic": -0.734, "ic | bc": 0.9}
    first, second = lines_of([1, 2], 10, conflicts={"cosines": cosines})
    assert "  least cosine -0.73 (pde | ic)  " in first
    assert "least cosine -0.73" in second


def test_a_new_phase_and_a_note_are_shown_at_once_and_an_interrupted_run_keeps_its_last_step() -> None:
    stream = io.StringIO()

    def interrupted() -> None:
        with Progress(["momentum", "walls"], 1000, False, stream, Clock()) as progress:
            progress.line("Condition `walls` holds exactly.")
            for step in range(1, 10):
                progress.update(record(step, "adam" if step < 7 else "lbfgs", note="here" if step == 8 else None))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Condition `walls` holds exactly."
    assert [line.split()[1].split("/")[0] for line in lines[1:]] == ["1", "2", "5", "7", "8", "9"]
    assert "lbfgs" in lines[4]
    assert lines[5].endswith("here")
    assert "relative L2" not in stream.getvalue()


@pytest.mark.parametrize("columns", [120, 40])
def test_a_terminal_gets_a_table_whatever_its_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "40")
    stream = Terminal()
    with Progress(["momentum", "walls"], 30, True, stream) as progress:
        for step in range(1, 31):
            progress.update(record(step, relative_l2=0.25 if step == 29 else None))
        progress.line("a sentence with [brackets] and a long tail that no terminal may wrap or colour")
    shown = stream.getvalue()
    assert "\x1b[" in shown
    assert "a sentence with [brackets] and a long tail that no terminal may wrap or colour\n" in shown
    for word in ("momentum", "walls", "relative L2", "2.50e-01", "30/30", "5.00e-02"):
        assert word in shown
    assert shown.rstrip().endswith("\x1b[?25h")  # the cursor is visible again


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal()
    with Progress(["momentum", "walls"], 3, True, stream) as progress:
        progress.update(record(3))
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().startswith("step 3/3")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_that_goes_away_does_not_stop_the_run(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with Progress(["momentum", "walls"], 5, True, Broken(terminal)) as progress:
        progress.line("hello")
        for step in range(1, 6):
            progress.update(record(step))


def test_a_closed_or_narrow_minded_stream_does_not_stop_the_run() -> None:
    closed = io.StringIO()
    closed.close()
    with Progress([], 1, False, closed) as progress:
        progress.update({"step": 1})
    raw = io.BytesIO()
    with Progress([], 1, False, io.TextIOWrapper(raw, encoding="ascii")) as progress:
        progress.line("∂u/∂t = 0")
        assert raw.getvalue() == b"?u/?t = 0\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.00 s"),
        (0.9951, "1.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (3599.7, "1 h 0 min"),
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (-1.0, ""),
    ],
)
def test_durations_never_show_sixty_of_anything(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_phases_of_later_windows_and_their_last_steps_are_left_to_their_own_sentences() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress([], 900, False, stream, clock) as progress:
        for window in range(1, 31):
            progress.line(f"window {window} opens")
            for k in range(30):
                phase = "adam" if k < 20 else "lbfgs"
                progress.update(record(30 * (window - 1) + k + 1, phase, window=window))
            progress.line(f"window {window} ended")
    lines = stream.getvalue().splitlines()
    steps = [int(line.split()[1].split("/")[0]) for line in lines if line.startswith("step")]
    assert steps == [1, 2, 5, 10, 20, 21, 50, 100, 200, 500, 900]
    assert len(lines) == 60 + len(steps)
    assert "step 100/900  window 4, adam  " in stream.getvalue()
