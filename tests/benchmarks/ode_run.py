"""One run of `pinnkit solve` as the benchmark on ordinary differential equations needs it: bounded, and read back."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from report import origin

from pinnkit import Solution
from pinnkit.config import load_config
from pinnkit.problem.load import load_problem
from pinnkit.shipped import config_path


@final
@dataclass(frozen=True)
class Found:
    """A run as it lies in its folder."""

    result: Mapping[str, Any]
    solution: Solution

    @property
    def given(self) -> Mapping[str, float]:
        """The parameters of the problem with their values."""
        return self.solution.problem.values


def solved(problem: str, words: Sequence[str], seconds: float | None) -> tuple[Found, dict[str, Any]] | None:
    """A run with seed 0 on one thread and its figures for the store; None where it is refused, which is printed.

    Args:
        problem: the file.
        words: further words of the command.
        seconds: at most so many for every phase; None for those of the config.
    """
    told = [problem, *words, "--seed", "0", "--threads", "1", "--quiet"]
    if seconds is not None:
        told += [word for limit in limits(problem, seconds) for word in ("--set", limit)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "pinnkit", "solve", *told, "--out", str(out)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if not (out / "result.json").is_file():
            print(f"{' '.join(told)}: {done.stdout[-400:]}{done.stderr[-400:]}", flush=True)
            return None
        found = Found(json.loads((out / "result.json").read_text(encoding="utf-8")), Solution.load(out))
    figures = {
        key: found.result[key] for key in ("seconds", "steps", "network_parameters", "verdict", "stopped_because")
    }
    own = {
        "planned": sum(phase.steps for phase in found.solution.config.phases),
        "limit": seconds,
        "tolerance": found.solution.problem.tolerance,
        "config": found.solution.problem.config,
        "command": "pinnkit solve " + " ".join(told),
        "origin": origin(),
    }
    return found, {**figures, **own}


def limits(problem: str, seconds: float) -> list[str]:
    """What bounds the phases of a problem's config, in all of its stages, to so many seconds."""
    config = load_config(config_path(load_problem(problem).config, Path(problem)))
    places = [(f"phases.{number}", phase) for number, phase in enumerate(config.phases)]
    for number, stage in enumerate(config.stages):
        places += [(f"stages.{number}.phases.{inner}", phase) for inner, phase in enumerate(stage.phases or ())]
    return [f"{place}.seconds={min(seconds, phase.seconds or seconds):g}" for place, phase in places]
