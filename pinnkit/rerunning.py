"""A run made again from its own folder, and how far both are apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from pinnkit.config import Config, load_config
from pinnkit.problem.load import load_problem
from pinnkit.results.folder import RunFolder, open_run_folder
from pinnkit.results.solution import Solution
from pinnkit.solving import solve_to_folder
from pinnkit.verification import relative_l2, test_grid

_OVER = "its "
"""How the reason of a phase begins that its time ended."""

_BESIDE = ("load",)
"""What `environment.json` says and no number depends on."""


@final
@dataclass(frozen=True)
class Rerun:
    """How a run that was made again compares with the first one.

    Args:
        folder: of the second run.
        equal: whether the parameters are the same to the last bit.
        apart: of every field the relative L2 norm of the difference.
        changed: what is different in the environment, as sentences.
        timed: whether limits of time ended phases whose steps are not told one by one, so that they need not repeat.
    """

    folder: Path
    equal: bool
    apart: Mapping[str, float]
    changed: tuple[str, ...]
    timed: bool

    def __str__(self) -> str:
        fields = ", ".join(f"{value:.2g} in `{name}`" for name, value in self.apart.items())
        found = "the same to the last bit" if self.equal else f"apart by a relative L2 norm of {fields}"
        why = ["Limits of time ended its phases, which makes no run like another."] if self.timed else []
        lines = [f"The run again, in {self.folder}, is {found}.", *why, *self.changed]
        if not self.equal and not self.changed and not self.timed:
            lines.append("Nothing that is known to matter is different.")
        return "\n".join(lines)


def rerun(folder: Path, out: Path | None = None, quiet: bool = False, plugins: Sequence[Path] = ()) -> Rerun:
    """Make a run again with the problem, config and steps that its folder tells, and compare.

    Phases that were ended by their time make as many steps as they did then.

    Args:
        folder: of the run.
        out: the folder of the new one; a new one below `runs` where not given.
        quiet: whether nothing but the verdict is printed.
        plugins: the files of parts that the config names.

    Raises:
        UserError: the folder holds no run, or one whose parts were made in Python.
        SolveError: the loss stopped being finite.
    """
    files, first = open_run_folder(folder), Solution.load(folder)
    config, timed = repeated(load_config(files.config), first.result.get("stops") or ())
    made = solve_to_folder(load_problem(files.problem), config, out, quiet=quiet, plugins=plugins)
    second = Solution.load(made)
    equal = len(first.windows) == len(second.windows) and all(
        np.array_equal(a.theta.cpu().numpy(), b.theta.cpu().numpy())
        for a, b in zip(first.windows, second.windows, strict=True)
    )
    _, points = test_grid(first.problem)
    apart = relative_l2(second(points), first(points))
    told = dict(zip(first.problem.fields, map(float, apart), strict=True))
    return Rerun(made, equal, told, _changes(files, RunFolder(made)), timed)


def repeated(config: Config, stops: Sequence[Mapping[str, Any]]) -> tuple[Config, bool]:
    """The config with as many steps as were made, in place of limits of time; and whether such limits remain.

    Args:
        config: of the run, resolved.
        stops: how its phases ended, in order.
    """
    limited = any(str(stop.get("reason")).startswith(_OVER) for stop in stops)
    own = [stage.phases or config.phases for stage in config.stages]
    if not limited or len(stops) != len(config.phases) + sum(map(len, own)):
        return config, limited
    made = [
        replace(phase, seconds=None, steps=int(stop["steps"])) if str(stop["reason"]).startswith(_OVER) else phase
        for phase, stop in zip([*config.phases, *(phase for phases in own for phase in phases)], stops, strict=True)
    ]
    phases, left = tuple(made[: len(config.phases)]), made[len(config.phases) :]
    stages = []
    for stage, before in zip(config.stages, own, strict=True):
        stages.append(replace(stage, phases=tuple(left[: len(before)])))
        left = left[len(before) :]
    return replace(config, phases=phases, stages=tuple(stages)), False


def _changes(first: RunFolder, second: RunFolder) -> tuple[str, ...]:
    """What is different between two environments."""
    if not first.environment.is_file():
        return ()
    before, after = (json.loads(files.environment.read_text("utf-8")) for files in (first, second))
    left, right = _flat(before), _flat(after)
    keys = [key for key in sorted({*left, *right}) if left.get(key) != right.get(key) and key not in _BESIDE]
    return tuple(f"{key} was {left.get(key)} and is {right.get(key)}." for key in keys)


def _flat(entries: Mapping[str, Any]) -> dict[str, Any]:
    """An environment with the versions of packages beside everything else."""
    versions = {f"version of {name}": value for name, value in (entries.get("versions") or {}).items()}
    return {key: value for key, value in entries.items() if key != "versions"} | versions
