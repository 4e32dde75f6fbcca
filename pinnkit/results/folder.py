"""The folder of one run: its name, and the names of all files in it."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import final

from pinnkit.errors import Mistake, UserError
from pinnkit.results.writing import cannot_write

RUNS = Path("runs")
"""Where runs go when the user names no folder."""


@final
class RunFolder:
    """The names of everything that a run leaves behind; the only place where they are spelt.

    Example:
        >>> RunFolder(Path("runs/burgers/20260101-120000")).result.name
        'result.json'
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = path / "problem.yaml"
        self.config = path / "config.yaml"
        self.history = path / "history.jsonl"
        self.checkpoint = path / "checkpoint"
        self.parameters = self.checkpoint / "parameters.pt"
        self.states = self.checkpoint / "state.pt", self.checkpoint / "state_before.pt"
        self.fields = path / "fields.npz"
        self.tables = path / "tables"
        self.figures = path / "figures"
        self.report = path / "report.html"
        self.environment = path / "environment.json"
        self.result = path / "result.json"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"


def new_run_folder(problem_name: str, out: Path | None, stamp: datetime) -> Path:
    """Make the empty folder of a new run: `out`, or `runs/<problem>/<YYYYmmdd-HHMMSS>`.

    A stamp that is taken gets `-2`, `-3` ... appended; a folder that the user named must be new or empty.

    Args:
        problem_name: the problem's name; characters that do not belong in a file name become `_`.
        out: the folder that the user asked for.
        stamp: when the run began.

    Raises:
        UserError: `out` holds files already, or the folder cannot be made or written to (with the system's reason).
    """
    if out is not None:
        return _named(out)
    parent = RUNS / (re.sub(r"[^\w.-]+", "_", problem_name).strip(".") or "problem")
    name = f"{stamp:%Y%m%d-%H%M%S}"
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not parent.is_dir():
                raise UserError(Mistake(f"cannot write `{path}`: `{parent}` is a file")) from None
            number += 1
        except OSError as error:
            raise cannot_write(path, error) from None
        else:
            return path


def open_run_folder(path: Path) -> RunFolder:
    """The folder of a finished or interrupted run.

    Raises:
        UserError: there is no such folder, or no run in it.
    """
    folder = RunFolder(path)
    if not path.is_dir():
        kind = "is a file, not the folder of a run" if path.exists() else "does not exist"
        raise UserError(Mistake(f"run folder `{path}` {kind}"))
    if not folder.problem.is_file():
        below = sorted(found.parent for found in path.glob("**/problem.yaml"))
        hint = f"Did you mean `{below[-1]}`?" if below else "A run folder is what `pinnkit solve` made."
        raise UserError(Mistake(f"no run in `{path}`: it has no `problem.yaml`", hint=hint))
    return folder


def _named(out: Path) -> Path:
    """The folder that the user asked for, made where it is missing and tried by making a file in it."""
    probe = out / f".writable-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = any(out.iterdir())
        if not taken:
            probe.touch()
            probe.unlink()
    except FileExistsError:
        raise UserError(Mistake(f"cannot write `{out}`: it is a file, not a folder")) from None
    except OSError as error:
        raise cannot_write(out, error) from None
    if taken:
        hint = "Runs are never overwritten: name a new folder, or leave out `--out`."
        raise UserError(Mistake(f"folder `{out}` is not empty", hint=hint))
    return out
