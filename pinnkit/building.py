"""From a problem and a config to the parts of a run: automatic choices made once, fields built, objective assembled."""

import os
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import Formulation, formulate
from pinnkit.formulation.trial import Trial
from pinnkit.objective.assembly import Assembly
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import Uniform
from pinnkit.problem.problem import Problem

_MOST_THREADS = 4
"""More do not pay for networks of this size, and hurt where cores are shared."""

_WORTH_SHARING = 200
"""Parameters below which waking a second thread costs more than it brings."""

_KEPT_BYTES = 31 * 2**20
"""Just below the largest block that moves the C library's threshold."""

_MOST_ROWS = 65536
"""A chunk beyond which nothing gets faster, however much memory there is."""

_BALANCE_POINTS = 500
"""Points of every term at which the start is looked at to balance the terms."""


@final
@dataclass(frozen=True, eq=False)
class Run:
    """The parts of a run: the config with every automatic choice made, the fields, and what makes objectives."""

    problem: Problem
    config: Config
    trial: Trial
    assembly: Assembly

    @property
    def formulation(self) -> Formulation:
        """Which conditions are exact and which are soft, and why."""
        return self.trial.formulation


def build_run(problem: Problem, config: Config) -> Run:
    """The parts of a run of `problem` with `config`.

    Raises:
        UserError: a device that is not there, an optimizer that needs another precision, names that do not fit.
    """
    device = _device(config)
    if device.type == "cpu":
        _keep_freed_memory()
    dtype = torch.float64 if config.precision == "float64" else torch.float32
    for phase in config.phases:
        if dtype not in phase.precisions:
            name = OPTIMIZERS.entry(phase).get("name", type(phase).__name__)
            raise UserError(f"optimizer `{name}` loses its digits in {config.precision}; set `precision: float64`")
    trial = _trial(problem, config, dtype, device)
    chunk = _chunk(config, trial.layout.size, device)
    resolved = replace(config, device=str(device), threads=_threads(config, trial.layout.size), chunk=chunk)
    assembly = Assembly(trial, config.points, config.condition_points, config.weights, chunk, compiled=config.compile)
    if config.balance and len(assembly.terms) > 1:
        weights = _balanced(assembly, config)
        assembly, resolved = replace(assembly, weights=weights), replace(resolved, weights=weights, balance=False)
    return Run(problem, resolved, trial, assembly)


def _balanced(assembly: Assembly, config: Config) -> dict[str, float]:
    """Weights that make all terms equally fast to learn at the start; those that the config gives stand.

    Every other term gets the mean trace of the equations over its own, to two digits: the traces are estimates.
    """
    trial = assembly.trial
    few = replace(assembly, interior=Uniform(_BALANCE_POINTS), faces=Uniform(_BALANCE_POINTS), weights={})
    traces = few.traces(trial.layout.start(trial.network), np.random.default_rng([config.seed, 2]))
    equations = [traces[equation.name] for equation in trial.problem.equations]
    level = sum(equations) / len(equations)
    found = {name: float(f"{level / trace:.2g}") for name, trace in traces.items() if trace > 0 and level > 0}
    return {name: config.weights.get(name, found.get(name, 1.0)) for name in assembly.terms}


def _trial(problem: Problem, config: Config, dtype: torch.dtype, device: torch.device) -> Trial:
    formulation = formulate(problem, config.hard)
    generator = torch.Generator(device="cpu").manual_seed(config.seed)
    intervals = {c.name: (c.lower, c.upper) for c in problem.coordinates}
    periodic = frozenset(c.name for c in problem.coordinates if c.periodic)
    features = config.embedding.build(problem.scope, intervals, periodic, generator, dtype, device)
    network = config.network.build(features.count, len(problem.fields), generator, dtype, device)
    return Trial(formulation, network, features, config.derivatives, dtype, device)


def _device(config: Config) -> torch.device:
    """The device asked for; CUDA where there is one and nothing was asked."""
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(config.device)
    except RuntimeError:
        raise UserError(f"unknown device `{config.device}`; known: auto, cpu, cuda, cuda:1, mps") from None
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise UserError(f"device `{config.device}` is not there; torch finds {torch.cuda.device_count()} CUDA devices")
    if device.type == "mps":
        if not torch.backends.mps.is_available():
            raise UserError("device `mps` is not there")
        if config.precision == "float64":
            raise UserError("device `mps` has no float64; set `precision: float32`, or `device: cpu`")
    if device.type not in ("cpu", "cuda", "mps"):
        raise UserError(f"device `{config.device}` is not supported; known: auto, cpu, cuda, cuda:1, mps")
    return device


def _keep_freed_memory() -> None:
    """Make the C library keep what a sweep frees for the next one, instead of handing it back to the system.

    glibc hands back freed memory beyond twice the largest mapped block freed so far, up to 32 MiB. Sweeps free blocks
    of a few MiB, and fresh pages then take about a tenth of their time; one larger block, freed unused, ends that.
    """
    torch.empty(_KEPT_BYTES, dtype=torch.uint8, device="cpu")


def _threads(config: Config, parameters: int) -> int:
    """As many threads as this process may use cores, up to a few; one where there is too little to share."""
    if config.threads != "auto":
        return config.threads
    if parameters < _WORTH_SHARING:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, _MOST_THREADS, int(asked) if asked.isdecimal() and int(asked) else cores)


def _chunk(config: Config, parameters: int, device: torch.device) -> int:
    """How many rows of a Jacobian fit into a quarter of the free memory."""
    if config.chunk != "auto":
        return config.chunk
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    elif "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    else:
        free = 4 * 2**30
    rows = free // (4 * 8 * max(1, parameters))
    # A power of two, so that a little more or less free memory chooses the same.
    return max(256, min(_MOST_ROWS, 1 << (int(rows).bit_length() - 1) if rows > 0 else 256))
