"""Where a step finds no memory it is made again in smaller chunks, on the same points, and said so.

1. The course is that of a run with such chunks from the start, up to rounding.
2. A run that is resumed behind it goes on in the smaller chunks, to the bit.
3. Where there are no smaller chunks, the run ends with a sentence and keeps its last parameters.
4. Under a limit of the system the same holds for memory that is really not there.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pinnkit.config import Config
from pinnkit.draws import out_of_memory
from pinnkit.journal import Journal
from pinnkit.networks import MLP
from pinnkit.objective.objective import Linearization
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.running import Quiet, march

DECAY = define(
    name="decay",
    coordinates={"t": [0, 1]},
    time="t",
    fields=["u"],
    equations={"rate": "u_t = -u"},
    conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
)
QUICK = Config(
    network=MLP(6, 2, "tanh"),
    points=Sobol(64),
    phases=(LevenbergMarquardt(steps=12),),
    hard="none",
    renew=5,
    device="cpu",
    threads=1,
    chunk=64,
    test_points=50,
)


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """No memory for more than 20 rows of a Jacobian, from the third linearization on; how large those before were."""
    made: list[int] = []
    plain = Linearization.__init__

    def init(self: Linearization, chunks: Any, count: int, *given: Any) -> None:
        largest = max(chunk.count for _, chunk in chunks)
        if len(made) > 2 and largest > 20:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore of it.")
        made.append(largest)
        plain(self, chunks, count, *given)

    monkeypatch.setattr(Linearization, "__init__", init)
    return made


def test_smaller_chunks_are_taken_and_said(scarce: list[int]) -> None:
    listener = Quiet()
    found = march(DECAY, QUICK, None, listener).trained
    assert found.failure is None
    assert (scarce[0], scarce[-1]) == (64, 16)
    notes = [record["note"] for record in listener.history if "note" in record]
    assert len(notes) == 1
    assert notes[0].startswith("step 3: out of memory; on in chunks of at most 16 rows (CUDA out of memory.")
    other = Quiet()
    march(DECAY, replace(QUICK, chunk=16), None, other)
    losses = [[record["loss"] for record in own.history[:7]] for own in (listener, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_what_is_resumed_goes_on_in_them(scarce: list[int]) -> None:
    entries: list[Mapping[str, Any]] = []
    whole = march(DECAY, QUICK, None, Quiet(), journal=Journal(lambda make: entries.append(make()), every=0.0)).trained
    cut = next(entry for entry in entries if entry["steps"] == 7)
    again = march(DECAY, QUICK, None, Quiet(), journal=Journal(entry=cut)).trained
    assert torch.equal(again.theta, whole.theta)


def test_where_nothing_is_left_to_halve_it_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:1] . DefaultCPUAllocator: can't allocate memory: 9 bytes.")

    monkeypatch.setattr(Linearization, "__init__", refuse)
    found = march(DECAY, QUICK, None, Quiet()).trained
    assert found.failure is not None
    assert found.failure.startswith("there is not enough memory for a step: take a lower `chunk` ([enforce fail")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("not enough memory"), False),
    ],
)
def test_errors_that_mean_memory(error: BaseException, told: bool) -> None:
    assert out_of_memory(error) is told


LIMITED = """
import resource, sys
from pathlib import Path
from dataclasses import replace
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.running import Quiet, march
from tests.unit.test_draws import DECAY, QUICK
large = replace(QUICK, network=MLP(24, 2, "tanh"), points=Sobol(65536), chunk=65536)
large = replace(large, phases=(LevenbergMarquardt(steps=2),))
march(DECAY, QUICK, None, Quiet())  # what is loaded late is loaded
held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 500 * 2**20, resource.RLIM_INFINITY))
listener = Quiet()
found = march(DECAY, large, None, listener).trained
print(found.failure, [record["note"] for record in listener.history if "note" in record])
"""


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs Linux's account of a process's memory")
def test_under_a_limit_of_the_system() -> None:
    """A Jacobian of 65,536 rows and 649 columns takes 325 MiB, and twice that while it is made."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(("None ['step 0: out of memory; on", 'None ["step 0: out of memory; on'))
