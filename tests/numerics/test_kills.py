"""A process that is killed while it trains loses nothing: what is resumed is the run in one piece."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pinnkit.results.checkpoint import load_entry
from pinnkit.results.folder import RunFolder
from pinnkit.results.solution import Solution

SETTINGS = (
    *("network={name: mlp, width: 6, depth: 1}", "points={name: rad, count: 40}", "condition_points.count=8"),
    *("test_points=100", "threads=1", "hard=none", "stages=[]", "phases=[{name: adam, steps: 400}]", "renew=7"),
)
SETS = [word for setting in SETTINGS for word in ("--set", setting)]


def pinnkit(*words: str) -> list[str]:
    return [sys.executable, "-m", "pinnkit", *words]


def started(folder: Path) -> subprocess.Popen[bytes]:
    """A run whose first steps are made."""
    process = subprocess.Popen(
        pinnkit("solve", "heat", "--quiet", "--out", str(folder), *SETS),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    history = folder / "history.jsonl"
    while process.poll() is None and (not history.is_file() or history.stat().st_size < 2000):
        time.sleep(0.02)
    assert process.poll() is None
    return process


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_is_resumed_to_the_bit(kind: signal.Signals, tmp_path: Path) -> None:
    subprocess.run(pinnkit("solve", "heat", "--quiet", "--out", str(tmp_path / "whole"), *SETS), check=True)
    process = started(tmp_path / "cut")
    process.send_signal(kind)
    _, told = process.communicate(timeout=60)
    known, broken = load_entry(RunFolder(tmp_path / "cut"))
    assert broken == []
    assert known is not None
    if kind is signal.SIGTERM:
        assert process.returncode == 143
        assert known["steps"] > 0
        assert b"pinnkit resume" in told
    subprocess.run(pinnkit("resume", str(tmp_path / "cut"), "--quiet"), check=True)
    whole, again = Solution.load(tmp_path / "whole"), Solution.load(tmp_path / "cut")
    np.testing.assert_array_equal(again.theta.numpy(), whole.theta.numpy())
    assert [record["loss"] for record in again.history] == [record["loss"] for record in whole.history]
    assert again.result["errors"] == whole.result["errors"]
