"""What all benchmarks print: a table, where and when it was made, and the command that makes it again."""

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pinnkit.results.environment import processor

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
REFERENCES = Path(os.environ.get("PINNKIT_REFERENCES", "../shared/references"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def origin(command: Sequence[str] = ()) -> str:
    """Date, machine and command of a figure."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    given = command or [f"tests/benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]
    words = " ".join(shlex.quote(word) for word in given)
    return (
        f"{date.today():%Y-%m-%d}, {processor()}, {cores} cores, Python {platform.python_version()}: "
        f"`.venv/bin/python {words}`"
    )


def write(name: str, text: str) -> Path:
    """Put a page into docs/results."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / name
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
    return path
