"""A run that is cut between any two steps, and goes on from what was written, is the uncut run to the last bit.

Satisfied by every optimizer, weighting, aggregator and sampler of the tables, by all that changes beside them while
training goes on, across phases, stages, windows and the easier problems of a curriculum.
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pinnkit.config import Config
from pinnkit.curriculum import Curriculum
from pinnkit.journal import Journal
from pinnkit.networks import MLP
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.causal import Causal
from pinnkit.objective.pseudo_time import PseudoTime
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.objective.weightings import WEIGHTINGS
from pinnkit.optimizers import OPTIMIZERS, Adam, LevenbergMarquardt
from pinnkit.points import AAS, RAD, SAMPLERS, Sobol
from pinnkit.problem.define import define
from pinnkit.results.checkpoint import load_entry, save_entry
from pinnkit.results.folder import RunFolder
from pinnkit.running import Marched, Quiet, march
from pinnkit.stage import Stage
from pinnkit.training import Record
from pinnkit.windows import Windows

TIMES = ("seconds", "step_seconds", "eta", "relative_l2")
PROBLEM = define(
    name="heat",
    coordinates={"x": [0, 1], "t": [0, 1]},
    time="t",
    fields=["u"],
    parameters={"k": 0.1},
    equations={"heat": "u_t = k*u_xx + u*(1 - u)"},
    conditions={
        "start": {"on": "t = 0", "equation": "u = x*(1 - x)"},
        "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
    },
)
QUICK = Config(
    network=MLP(5, 1, "tanh"),
    points=RAD(24),
    condition_points=Sobol(6),
    phases=(Adam(steps=7),),
    hard="none",
    renew=3,
    device="cpu",
    threads=1,
    chunk=1000,
    conflict_every=4,
    test_points=50,
)


def config_of(kind: str, part: Any) -> Config:
    return {
        "optimizer": lambda: replace(QUICK, phases=(replace(part, steps=7, seconds=None),)),
        "weighting": lambda: replace(QUICK, weighting=part, renew=0 if part.name == "self_adaptive" else 3),
        "aggregator": lambda: replace(QUICK, aggregator=part),
        "sampler": lambda: replace(QUICK, points=part, renew=2),
    }[kind]()


def built(registry: Any, name: str) -> Any:
    """A part with its defaults, made small."""
    entry: dict[str, Any] = {"name": name}
    if registry is SAMPLERS:
        entry["count"] = 24
        if name in ("aas", "das"):
            entry |= {"steps": 3, "layers": 2, "width": 4, "bins": 4, "batch": 20}
        if name in ("rar", "rar_d"):
            entry |= {"count": 12}
    if registry is WEIGHTINGS and name != "constant":
        entry |= {"every": 2} if name not in POINTWISE else {}
    return registry.build(entry)


POINTWISE = ("self_adaptive", "rba", "vrba", "uncertainty")
KINDS = [
    *(("optimizer", OPTIMIZERS, name) for name in OPTIMIZERS.names()),
    *(("weighting", WEIGHTINGS, name) for name in WEIGHTINGS.names()),
    *(("aggregator", AGGREGATORS, name) for name in AGGREGATORS.names()),
    *(("sampler", SAMPLERS, name) for name in SAMPLERS.names()),
]
BESIDE: dict[str, Config] = {
    "phases": replace(QUICK, phases=(Adam(steps=4), LevenbergMarquardt(steps=4))),
    "two precisions": replace(QUICK, phases=(Adam(steps=4, precision="float32"), LevenbergMarquardt(steps=4))),
    "points for good": replace(QUICK, renew=0),
    "causal": replace(QUICK, causal=Causal(epsilons=(0.1, 1.0), slices=3)),
    "pseudo-time": replace(QUICK, pseudo_time=PseudoTime(every=2)),
    "residual gradients": replace(QUICK, residual_gradients=ResidualGradients()),
    "stages": replace(QUICK, stages=(Stage(network=MLP(4, 1, "sin")), Stage(start="trained"))),
    "windows": replace(QUICK, windows=Windows(count=2), phases=(LevenbergMarquardt(steps=4),)),
    "curriculum": replace(QUICK, curriculum=Curriculum(parameter="k", values=(0.3, 0.2), steps=3)),
    "flow in stages": replace(
        QUICK,
        points=AAS(count=24, steps=3, layers=2, width=4, bins=4, batch=20),
        renew=1,
        stages=(Stage(network=MLP(4, 1, "sin")),),
    ),
}


def timeless(records: list[Record]) -> list[Record]:
    return [{key: value for key, value in record.items() if key not in TIMES} for record in records]


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Mapping):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    return left == right or (left != left and right != right)


def uncut(config: Config) -> tuple[Marched, list[Record], list[Mapping[str, Any]]]:
    entries: list[Mapping[str, Any]] = []
    listener = Quiet()
    return (
        march(PROBLEM, config, None, listener, journal=Journal(lambda make: entries.append(make()), every=0.0)),
        listener.history,
        entries,
    )


def require_resumed(config: Config, folder: Path, cuts: int = 3) -> None:
    """Cut at some of all steps, go on from the file, and compare with the uncut run."""
    torch.set_num_threads(1)
    whole, history, entries = uncut(config)
    assert len(entries) >= 7
    assert entries[0]["steps"] == 0  # there is something to go on from before the first step
    for entry in [entries[0], *random.Random(len(entries)).sample(entries[1:], cuts)]:
        files = RunFolder(folder)
        save_entry(files, entry)
        known, told = load_entry(files)
        assert told == []
        assert known is not None
        done = [window for window in whole.windows[: entry["window"]]]
        listener = Quiet()
        again = march(PROBLEM, config, None, listener, done, journal=Journal(None, known))
        assert torch.equal(again.trained.theta, whole.trained.theta), entry["steps"]
        assert same(timeless(listener.history)[-1], timeless(history)[-1])
        left = [record for record in history if record["step"] > entry["steps"]]
        assert all(same(a, b) for a, b in zip(timeless(listener.history), timeless(left), strict=True))
        assert [(s.phase, s.reason, s.steps) for s in again.trained.stops] == [
            (s.phase, s.reason, s.steps) for s in whole.trained.stops
        ]


@pytest.mark.parametrize(("kind", "registry", "name"), KINDS, ids=[f"{kind}-{name}" for kind, _, name in KINDS])
def test_every_part_goes_on_as_if_it_had_not_been_cut(kind: str, registry: Any, name: str, tmp_path: Path) -> None:
    if name == "soap":
        pytest.importorskip("pytorch_optimizer", reason="the extra `soap` is not installed")
    require_resumed(config_of(kind, built(registry, name)), tmp_path)


@pytest.mark.parametrize("name", BESIDE)
def test_all_that_changes_beside_them_does_too(name: str, tmp_path: Path) -> None:
    require_resumed(BESIDE[name], tmp_path, cuts=5)


def test_a_broken_file_is_noticed_and_the_one_before_is_taken(tmp_path: Path) -> None:
    files = RunFolder(tmp_path)
    entry = {"window": 0, "over": [], "loop": {"theta": torch.arange(3.0)}, "steps": 1}
    for steps in (1, 2, 3):
        save_entry(files, {**entry, "steps": steps})
    newest, before = files.states
    assert load_entry(files)[0]["steps"] == 3  # type: ignore[index]
    whole = newest.read_bytes()
    for broken in (whole[:-7], whole[:200] + bytes([whole[200] ^ 1]) + whole[201:], b"", b"x" * 5000):
        newest.write_bytes(broken)
        found, told = load_entry(files)
        assert found is not None
        assert found["steps"] == 2
        assert len(told) == 1
        assert "state.pt` is broken" in told[0]
    before.write_bytes(b"")
    assert load_entry(files)[0] is None
