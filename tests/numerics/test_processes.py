"""Several processes that share the rows of a run are one process, up to the order of their sums.

* Loss, gradient, rows, J v, J^T v, J itself and damped steps at fixed parameters: equal to 1e-12 (H v, a difference of
  two gradients over a step of 6e-6, to 1e-9).
* Parameters after ten steps, for every optimizer, weighting, aggregator and sampler: equal to 1e-9. Some methods
  amplify rounding (an eigenbasis of what is zero so far); of those no more is asked than that the processes lie no
  further apart than two runs of one process whose starts differ in the last digit, times a factor for the sums.
* All processes hold the same bits.
* When one dies, the others end with a sentence, and any number of processes goes on.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from pinnkit.results.solution import Solution

WORK = Path(__file__).parent / "team_work.py"
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}
SETS = (
    *("network={name: mlp, width: 6, depth: 1}", "points={name: rad, count: 40}", "condition_points.count=8"),
    *("test_points=100", "threads=1", "chunk=1000", "hard=none", "stages=[]", "phases=[{name: adam, steps: 300}]"),
)
ARGUMENTS = ["--quiet", *(word for setting in SETS for word in ("--set", setting))]
_AMPLIFIED = 1e3
"""How much further than a nudged start the order of the sums of ten steps may lead."""

_FARTHEST = 0.2
"""How far it may lead in any case."""


def together(count: int, *words: str) -> list[str]:
    """A command that so many processes run."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    return [*torchrun, *words] if count > 1 else [sys.executable, *words]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[int, int], Mapping[str, torch.Tensor]]:
    """What one process and each of two and of three found, by their count and number."""
    folder = tmp_path_factory.mktemp("team")
    for count in (1, 2, 3):
        subprocess.run(together(count, str(WORK), str(folder)), check=True, env=ALONE, timeout=600)
    return {(c, k): torch.load(folder / f"{c}_{k}.pt", weights_only=True) for c in (1, 2, 3) for k in range(c)}


def apart(left: torch.Tensor, right: torch.Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    assert left.shape == right.shape
    return float((left - right).abs().max() / right.abs().max())


Found = Mapping[tuple[int, int], Mapping[str, torch.Tensor]]


@pytest.mark.parametrize("count", [2, 3])
def test_every_answer_is_that_of_one_process(count: int, found: Found) -> None:
    alone = {name: value for name, value in found[1, 0].items() if ": " in name}
    assert len(alone) > 60
    far = {name: d for name, value in alone.items() if (d := apart(found[count, 0][name], value)) > _near(name)}
    assert far == {}


def _near(name: str) -> float:
    return 1e-9 if "Hessian" in name else 1e-11 if "least" in name or "step" in name else 1e-12


@pytest.mark.parametrize("count", [2, 3])
def test_ten_steps_are_those_of_one_process(count: int, found: Found) -> None:
    alone = {n: value for n, value in found[1, 0].items() if n.startswith("run ") and n in found[count, 0]}
    assert len(alone) > (60 if count == 2 else 4)
    far = {}
    for name, value in alone.items():
        nudged = found[1, 0].get(name.replace("run", "nudged", 1))
        bound = max(1e-9, min(_FARTHEST, _AMPLIFIED * apart(nudged, value)) if nudged is not None else 0.0)
        if (distance := apart(found[count, 0][name], value)) > bound:
            far[name] = distance, bound
    assert far == {}


@pytest.mark.parametrize("count", [2, 3])
def test_all_processes_hold_the_same_bits(count: int, found: Found) -> None:
    for number in range(1, count):
        assert found[count, number].keys() == found[count, 0].keys()
        differing = [n for n, value in found[count, 0].items() if not torch.equal(value, found[count, number][n])]
        assert differing == []


SOLVE = ("-m", "pinnkit", "solve", "heat", *ARGUMENTS, "--out")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Solution:
    """The run of one process, in one piece."""
    folder = tmp_path_factory.mktemp("alone") / "whole"
    subprocess.run(together(1, *SOLVE, str(folder)), check=True, env=ALONE)
    return Solution.load(folder)


@pytest.mark.parametrize("victim", ["another", "all"])
def test_a_run_of_two_goes_on_with_one(victim: str, whole: Solution, tmp_path: Path) -> None:
    """SIGKILL to a process ends the others with a sentence; SIGTERM to torchrun ends all between two steps."""
    cut = tmp_path / "cut"
    command = together(2, *SOLVE, str(cut))
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=ALONE) as process:
        history = cut / "history.jsonl"
        while process.poll() is None and (not history.is_file() or history.stat().st_size < 2000):
            time.sleep(0.01)
        assert process.poll() is None
        if victim == "another":
            os.kill(_second(process.pid), signal.SIGKILL)
        else:
            process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[1].decode()
    assert process.returncode != 0
    assert f"pinnkit resume {cut}" in told
    if victim == "another":
        assert "the run could not go on: another process of the run has ended" in told
    subprocess.run(together(1, "-m", "pinnkit", "resume", str(cut), "--quiet"), check=True, env=ALONE)
    again = Solution.load(cut)
    assert len(again.history) == len(whole.history) == 300
    assert apart(again.theta, whole.theta) < 1e-9


def _second(launcher: int) -> int:
    """The process of number 1 among the children of torchrun."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text("ascii").split()
    numbers = {int(child): Path(f"/proc/{child}/environ").read_bytes() for child in children}
    return next(child for child, own in numbers.items() if b"\0RANK=1\0" in b"\0" + own)
