"""A run on disk: the trained parameters of every window and stage, and where the loop stands that is going on."""

import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pinnkit.building import Run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.magnitudes import magnitudes
from pinnkit.marching import Window, window_run
from pinnkit.problem.problem import Problem
from pinnkit.results.folder import RunFolder
from pinnkit.results.writing import whole, write_bytes
from pinnkit.stage import Found
from pinnkit.staging import lineage, on_earlier, started
from pinnkit.training import Stop, Trained


def save_windows(files: RunFolder, windows: Sequence[Window]) -> None:
    """Write the parameters of all windows, in place of what was there.

    Raises:
        UserError: the folder cannot be written to.
    """
    with whole(files.parameters) as file:
        torch.save({"windows": [_state(window) for window in windows]}, file)


def load_windows(files: RunFolder, problem: Problem, config: Config) -> tuple[Window, ...]:
    """The trained windows of a run; none where it ended before it had any.

    Raises:
        UserError: the file does not hold parameters of this problem and config.
    """
    path = files.parameters
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return ()
    except Exception as error:
        raise UserError(f"`{path}` cannot be read as parameters: {type(error).__name__}") from None
    entries = state.get("windows") if isinstance(state, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"`{path}` does not hold the parameters of a run")
    windows: list[Window] = []
    for entry in entries:
        own = replace(problem, sizes=_sizes(entry, path))
        windows.append(_window(entry, window_run(own, config, windows, trains=False), path))
    return tuple(windows)


def save_entry(files: RunFolder, entry: Mapping[str, Any]) -> None:
    """Write where a run stands, and keep the last one before it; the hash of the content stands in front of it.

    Raises:
        UserError: the folder cannot be written to.
    """
    content = io.BytesIO()
    torch.save(dict(entry), content)
    newest, before = files.states
    if newest.is_file():
        newest.replace(before)
    write_bytes(newest, hashlib.sha256(content.getvalue()).hexdigest().encode() + b"\n" + content.getvalue())


def load_entry(files: RunFolder) -> tuple[dict[str, Any] | None, list[str]]:
    """Where a run stood when it was cut; None where nothing is known. And a sentence for every file that is broken."""
    told = []
    for path in files.states:
        if not path.is_file():
            continue
        digest, _, content = path.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            told.append(f"`{path}` is broken: its hash is another one; the state before it is taken")
            continue
        try:
            entry = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except Exception as error:
            told.append(f"`{path}` cannot be read: {type(error).__name__}; the state before it is taken")
            continue
        kinds = {"window": int, "over": list, "loop": dict, "steps": int}
        if isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items()):
            return entry, told
        told.append(f"`{path}` does not say where a run stood")
    return None, told


def _state(window: Window) -> dict[str, Any]:
    """What a window is made of again."""
    (first, theta), *further = lineage(window.run.trial, window.theta)
    stages = []
    for found, (trial, own) in zip(window.run.stages, further, strict=True):
        assert trial.base is not None
        assert trial.base.start is not None
        stages.append({"theta": own.cpu(), "start": trial.base.start.cpu(), "found": asdict(found)})
    features = first.features.state_dict()
    trained = window.trained
    ended = None
    if trained is not None:
        ended = {"stops": [asdict(s) for s in trained.stops], "steps": trained.steps, "seconds": trained.seconds}
    return {
        "theta": theta.cpu(),
        "features": features,
        "sizes": magnitudes(first.problem),
        "stages": stages,
        "finished": window.finished,
        "trained": ended,
    }


def _window(state: dict[str, Any], run: Run, path: Path) -> Window:
    """The window of a state, on the run that was built for it."""
    try:
        return _window_as_written(state, run, path)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(f"`{path}` does not hold a window of this run: {type(error).__name__}") from None


def _window_as_written(state: dict[str, Any], run: Run, path: Path) -> Window:
    """The same, of a state that may hold anything."""
    theta = _theta(state, "theta", run, path)
    try:
        run.trial.features.load_state_dict(state["features"])
    except (KeyError, TypeError, RuntimeError):
        raise UserError(f"`{path}` does not hold the fixed numbers of this run's embedding") from None
    for stage in state.get("stages", ()):
        run = on_earlier(run.config, run, theta, Found(**stage["found"]))
        theta = _theta(stage, "theta", run, path)
        run = started(run, _theta(stage, "start", run, path))
    return Window(run, theta, bool(state.get("finished", True)), _trained(state.get("trained"), theta, path))


def _sizes(state: dict[str, Any], path: Path) -> dict[str, float]:
    """The sizes of fields with which a window was trained, whatever would be found today; one where none are noted."""
    sizes = state.get("sizes", {})
    if isinstance(sizes, dict) and all(isinstance(s, float) and 0.0 < s < math.inf for s in sizes.values()):
        return sizes
    raise UserError(f"`{path}` does not hold the sizes of a run's fields")


def _trained(ended: Any, theta: Tensor, path: Path) -> Trained | None:
    """How the phases of all windows up to one ended."""
    if ended is None:
        return None
    try:
        stops = tuple(Stop(**stop) for stop in ended["stops"])
        return Trained(theta, stops, int(ended["steps"]), float(ended["seconds"]))
    except (KeyError, TypeError, ValueError):
        raise UserError(f"`{path}` does not say how the run's phases ended") from None


def _theta(state: dict[str, Any], name: str, run: Run, path: Path) -> Tensor:
    """Parameters of a run from what a file holds."""
    theta = state.get(name)
    if not isinstance(theta, Tensor) or theta.shape != (run.trial.layout.size,):
        raise UserError(f"`{path}` does not hold the {run.trial.layout.size} parameters of this run")
    return theta.to(device=run.trial.device, dtype=run.trial.dtype)
