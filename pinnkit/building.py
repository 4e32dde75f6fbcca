"""From a problem and a config to the parts of a run: automatic choices made once, fields built, objective assembled."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import sympy
import torch
from torch import Tensor, nn

from pinnkit.capacity import Size, optimizer_name, require_room, size_of
from pinnkit.config import Config
from pinnkit.derivatives.layout import Layout
from pinnkit.equations.expression import MultiIndex
from pinnkit.errors import Mistake, UserError
from pinnkit.formulation.conditions import Formulation, formulate
from pinnkit.formulation.handover import Handover
from pinnkit.formulation.magnitudes import magnitudes
from pinnkit.formulation.rewriting import Rewriting, rewrite
from pinnkit.formulation.trial import Base, Trial
from pinnkit.formulation.unknowns import with_unknowns
from pinnkit.memory import free_memory
from pinnkit.networks import Branches, Ensemble, EnsembleFeatures, Features, Network
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.assembly import Assembly
from pinnkit.objective.directions import Directions
from pinnkit.objective.expressions import derivative, evaluate_tree
from pinnkit.objective.linear_start import linear_start
from pinnkit.objective.pseudo_time import told
from pinnkit.objective.rayleigh_ritz import ritz_start
from pinnkit.objective.residual_gradients import Further
from pinnkit.optimizers import OPTIMIZERS, Auto, Optimizer
from pinnkit.optimizers.optimizer import DTYPES
from pinnkit.points import Uniform
from pinnkit.problem.axes import Axes
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.processes import on_this_machine
from pinnkit.stage import Found

_MOST_THREADS = 4
"""More do not pay for networks of this size, and hurt where cores are shared."""

_WORTH_SHARING = 200
"""Parameters below which waking a second thread costs more than it brings."""

_KEPT_BYTES = 31 * 2**20
"""Just below the largest block that moves the C library's threshold."""

_MOST_ROWS = 65536
"""A chunk beyond which nothing gets faster, however much memory there is."""

_SUPPOSED_FREE = 4 * 2**30
"""What memory is taken to be free where nothing says so."""

_BALANCE_POINTS = 500
"""Points of every term at which the start is looked at to balance the terms."""

_LEVEL_POINTS = 20
"""The same where there is one term, whose size alone is asked for."""

_LEAST_LEVEL, _LEVEL, _MOST_LEVEL = 1e-6, 1e2, 1e10
"""Of traces: where between the least and the most one is, it stays; others become the one between them."""


@final
@dataclass(frozen=True, eq=False)
class Run:
    """The parts of a run: the config with every automatic choice made, the fields, and what makes objectives.

    `notes` are sentences about the choices that have a reason to tell; `stages` is what was found before every further
    stage up to this one.
    """

    problem: Problem
    config: Config
    trial: Trial
    assembly: Assembly
    rewriting: Rewriting
    notes: tuple[str, ...] = ()
    stages: tuple[Found, ...] = ()

    def derivative(self, points: np.ndarray, orders: MultiIndex, theta: Tensor) -> np.ndarray:
        """One derivative (N, F) of all fields of the problem at points (N, d)."""
        return derivative(self.trial, self.rewriting, points, orders, theta)

    def evaluate(self, tree: sympy.Expr, points: np.ndarray, theta: Tensor) -> np.ndarray:
        """A tree (N,) of fields, derivatives, coordinates and parameters of the problem at points (N, d)."""
        return evaluate_tree(self.trial, self.rewriting, tree, points, theta)

    @property
    def formulation(self) -> Formulation:
        """Which conditions are exact and which are soft, and why."""
        return self.trial.formulation


def build_run(
    problem: Problem,
    config: Config,
    trains: bool = True,
    base: Base | None = None,
    like: Trial | None = None,
    handover: Handover | None = None,
    start: "Callable[[Run], Tensor] | None" = None,
) -> Run:
    """The parts of a run of `problem` with `config`.

    Args:
        problem: the equations and conditions.
        config: how to solve them.
        trains: whether the phases shall be run, so that there must be memory for them.
        base: earlier fields that these are added to.
        like: fields whose features and network, from its start, are taken instead of those of the config.
        handover: the window of time before, where `problem` goes on from it.
        start: the parameters that the network begins with, given the run with those of its own start.

    Raises:
        UserError: a device that is not there, an optimizer that needs another precision or more memory than is free,
            names that do not fit.
    """
    device = _device(config)
    if device.type == "cpu":
        _keep_freed_memory()
    dtype = DTYPES[config.precision]
    _require_sound(config, dtype)
    rewriting = rewrite(problem) if config.lagrangian is None else config.lagrangian.rewritten(problem)
    trained = rewriting.trained
    formulation = formulate(trained, config.hard)
    gradients = config.residual_gradients
    further = gradients.of(trained, formulation.equations, formulation.soft) if gradients is not None else Further()
    generator = torch.Generator(device="cpu").manual_seed(config.seed)
    features = like.features if like is not None else _features(trained, config, generator, dtype, device)

    def network() -> nn.Module:
        if like is not None:
            return like.network
        own = _network(features, trained, formulation, config, generator, dtype, device)
        return with_unknowns(own, unknowns, dtype, device)

    unknowns = [p.unknown for p in problem.parameters if p.unknown is not None]
    expected = _expected(features, trained, formulation, config) if like is None else None
    built = None if expected is not None else network()
    parameters = Layout.of(built).size if built is not None else (expected or 0) + len(unknowns)
    free = _free(device)
    chunk = _chunk(config, parameters, free)
    samplers = config.points, config.condition_points
    engine, rule = config.derivatives, config.quadrature
    size = size_of(formulation, parameters, chunk, samplers, features.count, engine, further, rule)
    phases, notes = _chosen(config, size, dtype, device)
    notes = (*notes, *(f"field {name}: of the size {s:g}" for name, s in magnitudes(trained).items()))
    if config.pseudo_time is not None:
        steps = sum(phase.steps for phase in config.phases)
        notes = (*notes, told(config.pseudo_time, trained, steps))
    if trains:
        require_room([(phase, phase.dtype or dtype) for phase in phases], size, free)
    made = built if built is not None else network()
    trial = Trial(formulation, made, features, config.derivatives, dtype, device, base, handover)
    resolved = replace(config, phases=phases, device=str(device), threads=_threads(config, parameters), chunk=chunk)
    weights = further.weights({**_observation_weights(problem, config), **config.weights})
    faces = config.condition_points
    assembly = Assembly(trial, config.points, faces, weights, chunk, further=further, quadrature=config.quadrature)
    assembly = replace(assembly, compiled=config.compile, groups=config.groups)
    if config.directions:
        assembly = replace(assembly, directed=Directions.of(trial, config.directions))
    _require_groups(assembly, resolved)
    if start is None and base is None and like is None:
        start = _ritz if problem.levels is not None else _solved if config.linear_start else None
    if start is not None and trains:
        trial = trial.begun(start(Run(problem, resolved, trial, assembly, rewriting)))
        assembly = replace(assembly, trial=trial)
    if trains and config.balance and (weights := _balanced(assembly, config)):
        assembly = replace(assembly, weights=further.weights(weights))
        resolved = replace(resolved, weights=weights, balance=False)
    return Run(problem, resolved, trial, assembly, rewriting, notes)


def _solved(run: Run) -> Tensor:
    """The start whose output layer is solved for."""
    return linear_start(run.trial, run.assembly, np.random.default_rng([run.config.seed, 7]))


def _ritz(run: Run) -> Tensor:
    """The start of an eigenproblem: its lowest states in the span of the network's last layer."""
    return ritz_start(run.trial, run.rewriting)


def _require_sound(config: Config, dtype: torch.dtype) -> None:
    """Refuse phases in a precision in which their method is not sound."""
    for phase in config.phases:
        own = phase.dtype or dtype
        if own not in phase.precisions:
            precision = phase.precision or config.precision
            whose = " of the phase" if phase.precision else ""
            sentence = f"optimizer `{optimizer_name(phase)}` loses its digits in {precision}; set `precision: float64`"
            raise UserError(sentence + whose)


def _require_groups(assembly: Assembly, config: Config) -> None:
    """Refuse groups that name no term, and an aggregator or a weighting that cannot be used with the rest."""
    groups = assembly.terms_of
    if config.aggregator is not None:
        word = AGGREGATORS.entry(config.aggregator).get("name", type(config.aggregator).__name__)
        if len(groups) < 2:
            left = ", ".join(f"`{group}`" for group in groups)
            why = f"aggregator `{word}` needs two losses, and `{assembly.trial.problem.name}` leaves one: {left}"
            hint = (
                "Conditions that are built into the field are no losses: set `hard: none`, or leave `aggregator` out."
            )
            raise UserError(Mistake(why, hint=hint))
        for phase in config.phases:
            if not phase.follows:
                able = ", ".join(f"`{name}`" for name in OPTIMIZERS.names() if OPTIMIZERS.get(name).follows)
                why = (
                    f"optimizer `{optimizer_name(phase)}` cannot follow aggregator `{word}`: it needs a loss that falls"
                )
                hint = f"Those that follow any direction are {able}. A `weighting` goes with every optimizer."
                raise UserError(Mistake(f"{why}, and no loss has this direction as its gradient", hint=hint))
    if config.weighting is not None and config.weighting.needs_fixed_points and config.renew:
        why = f"the weights of `{config.weighting.name}` belong to points, and `renew: {config.renew}` draws others"
        raise UserError(Mistake(why, hint="Set `renew: 0`."))


def _balanced(assembly: Assembly, config: Config) -> dict[str, float]:
    """Weights that make all terms equally fast to learn at the start; those that the config gives stand.

    None where there is one term, of a size that optimizers are made for. Every other term gets the mean trace of the
    equations over its own, to two digits: the traces are estimates. Further terms follow those that they come from.
    Observations get their share of such a weight.
    """
    trial, alone = assembly.trial, len(assembly.plain_terms) == 1
    sample = Uniform(_LEVEL_POINTS if alone else _BALANCE_POINTS)
    few = replace(assembly, interior=sample, faces=sample, weights={}, further=Further(), compiled=False)
    traces = few.traces(trial.layout.start(trial.network), np.random.default_rng([config.seed, 2]))
    equations = [traces[equation.name] for equation in trial.formulation.equations]
    level = sum(equations) / len(equations)
    if trial.base is None and level > 0 and not _LEAST_LEVEL <= level <= _MOST_LEVEL:
        level = _LEVEL  # the rows of a further stage are divided by what is left, whatever their level
    elif alone:
        return {}
    found = {name: float(f"{level / trace:.2g}") for name, trace in traces.items() if trace > 0 and level > 0}
    for name, share in _observation_weights(trial.problem, config).items():
        found[name] = share * found.get(name, 1.0)
    return {**{name: found.get(name, 1.0) for name in assembly.plain_terms}, **config.weights}


def _observation_weights(problem: Problem, config: Config) -> dict[str, float]:
    """The share that noisy observations have of the weight that a condition would have.

    Fields that follow the noise violate the equations. What is asked for is the best fit among their solutions, and the
    smaller the share, the closer the fields come to it. Observations without noise agree with the equations.
    """
    return {o.name: config.observation_weight for o in problem.observations if o.noisy}


def _features(
    problem: Problem, config: Config, generator: torch.Generator, dtype: torch.dtype, device: torch.device
) -> Features:
    """The features of the whole domain, or those of every part that has fields of its own."""

    def of(coordinates: Sequence[Coordinate]) -> Features:
        return config.embedding.build(Axes.along(coordinates, problem.time), generator, dtype, device)

    if not problem.homes:
        return of(problem.coordinates)
    parts = [problem.coordinates_in(part) for part in dict.fromkeys(problem.homes.values())]
    boxes = [[[c.lower for c in part], [c.upper for c in part], [_middle(c) for c in part]] for part in parts]
    return EnsembleFeatures([of(part) for part in parts], torch.tensor(boxes, dtype=dtype, device=device))


def _middle(coordinate: Coordinate) -> float:
    """A point inside an interval, the middle of its map."""
    return float(coordinate.axis.from_unit(np.array(0.5)))


Member = tuple[Network, int, int]
"""A network with how many features go in and how many fields come out."""


def _members(features: Features, trained: Problem, formulation: Formulation, config: Config) -> list[Member]:
    """The network of the config: once, for every part that has fields of its own, or beside a branch for labels."""
    network = config.network
    if config.lagrangian is not None:
        moving = len(trained.space)
        state = (network, features.count, formulation.outputs - moving)
        return [state, (config.lagrangian.branch(network), features.count, moving)]
    if isinstance(features, EnsembleFeatures):
        outputs = Counter(trained.homes.values()).values()
        return [(network, i, o) for i, o in zip(features.counts, outputs, strict=True)]
    return [(network, features.count, formulation.outputs)]


def _network(
    features: Features,
    problem: Problem,
    formulation: Formulation,
    config: Config,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: torch.device,
) -> nn.Module:
    """The members as one module."""
    members = _members(features, problem, formulation, config)
    built = [network.build(i, o, generator, dtype, device) for network, i, o in members]
    if isinstance(features, EnsembleFeatures):
        return Ensemble(built, features.counts)
    return Branches(built) if len(built) > 1 else built[0]


def _expected(features: Features, problem: Problem, formulation: Formulation, config: Config) -> int | None:
    """How many parameters the network will have; None where only building it can tell."""
    found = [network.expected(i, o) for network, i, o in _members(features, problem, formulation, config)]
    known = [count for count in found if count is not None]
    return sum(known) if len(known) == len(found) else None


def _chosen(
    config: Config, size: Size, dtype: torch.dtype, device: torch.device
) -> tuple[tuple[Optimizer, ...], tuple[str, ...]]:
    """The phases, each `auto` replaced by what it chooses, and why it does."""
    phases, notes = [], []
    for phase in config.phases:
        if isinstance(phase, Auto):
            phase, why = phase.resolved(size.parameters, size.rows, size.chunk, phase.dtype or dtype, device)
            notes.append(f"auto: {optimizer_name(phase)} ({why})")
        phases.append(phase)
    return tuple(phases), tuple(notes)


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
        if "float64" in (config.precision, *(phase.precision for phase in config.phases)):
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
    cores = max(1, cores // on_this_machine())
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, _MOST_THREADS, int(asked) if asked.isdecimal() and int(asked) else cores)


def _free(device: torch.device) -> int | None:
    """The share of the free memory that is left to this process: what others of the run have, they have for good."""
    free = free_memory(device)
    return free // on_this_machine() if free is not None and device.type == "cpu" else free


def _chunk(config: Config, parameters: int, free: int | None) -> int:
    """How many rows of a Jacobian fit into a quarter of the free memory."""
    if config.chunk != "auto":
        return config.chunk
    rows = (free if free is not None else _SUPPOSED_FREE) // (4 * 8 * max(1, parameters))
    # A power of two, so that a little more or less free memory chooses the same.
    return min(_MOST_ROWS, 1 << (max(1, rows).bit_length() - 1))
