"""From a trained run to the run of its next stage, a new network for what is left of the residual.

u = u_base + s D (N_theta - N_theta0): the fields of the stages before stay as they are, and the new network is added
from zero. D vanishes where conditions are exact, and mirrored copies and periodic features are those of every network,
so that all that was exact stays exact. Equations are asked of the whole field, and nothing is linearised.

Three numbers fit the new network to what is left. The residual has m waves in the interval of a coordinate, so that the
coordinate is stretched by pi m, or gets m harmonics. The scale is s = c |r| / |R'(u_base) [D N_theta0]|: without c, the
new network would change the residual by as much as is left of it. With a large c, small changes of theta suffice, for
which N is nearly linear in theta (L. Chizat, E. Oyallon, F. Bach, arXiv 1812.07956 (2019)), as the equations are in so
small a change of the fields. Last, the rows are divided by |r|, so that the loss begins at 1/2 and no tolerance of an
optimizer is asked about a square of 1e-20.

A stage may also take the network of the one before, from its trained parameters theta0. Its derivatives by theta, which
the training has bent to the field, resolve what the field does, layers and all. There c is so large that the network
is linear in theta to rounding: the stage is the linear least-squares problem that damped steps could not reach, since
their curvature forbids the long moves that its small singular values ask for.

Y. Wang, C.-Y. Lai, arXiv 2307.08934 (2023), for stages, frequencies and scales; c, the zero start, the measured
scale and the trained start are this project's own.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.trial import Base, Trial
from pinnkit.geometry import box_of, domain_of
from pinnkit.networks import Scaled
from pinnkit.objective.assembly import Assembly
from pinnkit.points import Uniform
from pinnkit.points.spectrum import waves_along
from pinnkit.problem.problem import Problem
from pinnkit.stage import Found

_PLAY = 1000.0
"""c: so large that N is nearly linear in the changes of theta that suffice, and its rounding far below |r| still."""

_LINEAR = 1e9
"""c for a trained start. N_theta - N_theta0 is rounded to 1e-16 of N, which is 1e-7 of |r| after the scale."""

_MOST_HARMONICS = 16
"""Each is two features, and the layers above make harmonics of harmonics."""

_POINTS = 1000
"""Points of every term at which the residual and the answer of the new network are measured."""


def stage_config(asked: Config, number: int, found: Found | None = None) -> Config:
    """The config of stage `number` of a config, the first of its `stages` being 0, with a seed of its own."""
    stage = asked.stages[number]
    givers = [earlier.network for earlier in asked.stages[: number + 1] if earlier.network is not None]
    seed = int(np.random.SeedSequence([asked.seed, number]).generate_state(1)[0])
    # What the residual's waves do not tell, such as products of harmonics, stays as the config has it.
    embedding = asked.embedding if isinstance(asked.embedding, Scaled) else Scaled()
    if found is not None:
        embedding = replace(embedding, harmonics=found.harmonics, stretch=found.stretch)
    return replace(
        asked,
        network=([asked.network, *givers])[-1],
        embedding=embedding,
        points=stage.points if stage.points is not None else asked.points,
        phases=stage.phases or asked.phases,
        weights={**asked.weights, **stage.weights},
        seed=seed,
        stages=(),
    )


def require_stages(problem: Problem, asked: Config) -> None:
    """Refuse stages that cannot be run before the first one is trained.

    Raises:
        UserError: what `build_run` refuses.
    """
    for number in range(len(asked.stages)):
        try:
            build_run(problem, stage_config(asked, number))
        except UserError as error:
            named = [replace(m, message=f"stage {number + 2}: {m.message}") for m in error.mistakes]
            raise UserError(*named) from None


def next_run(asked: Config, before: Run, theta: Tensor) -> Run:
    """The run of the stage that follows a run trained to theta; its config is that of the stage alone.

    Args:
        asked: the config that the user gave.
        before: the run of the last stage.
        theta: its trained parameters.
    """
    number, problem, trial = len(before.stages), before.problem, before.trial
    generator = np.random.default_rng([asked.seed, 4, number])

    periodic = frozenset(c.name for c in problem.coordinates if c.periodic)
    waves: dict[str, float] = {}
    squares = []
    for part in before.assembly.parts:
        box = box_of(trial.problem, part)

        def residuals(points: np.ndarray, part: str = part) -> np.ndarray:
            return np.stack(list(before.assembly.residuals(points, theta, part).values()), axis=1)

        for name, own in waves_along(residuals, box, periodic, generator).items():
            waves[name] = max(own, waves.get(name, 0.0))
        squares.append(
            np.mean(residuals(Uniform(_POINTS).draw(domain_of(trial.problem, part), generator).coordinates) ** 2)
        )
    trained = asked.stages[number].start == "trained"
    size = float(np.sqrt(np.mean(squares)))
    found = Found(size, waves, *_features(waves, periodic), scale=1.0, trained=trained)
    small = torch.finfo(trial.dtype).eps ** 0.375
    like = trial.begun(theta) if trained else None
    run = build_run(problem, stage_config(asked, number, found), base=Base(trial, theta, small), like=like)
    left, answer = _measured(run, small, generator)
    scale = (_LINEAR if trained else _PLAY) * left / answer if answer > 0 else 1.0
    weights = {name: run.assembly.weights.get(name, 1.0) / (left**2 or 1.0) for name in run.assembly.terms}
    final = _with_base(run, Base(trial, theta, scale, run.trial.layout.start(run.trial.network)))
    stages = (*before.stages, replace(found, scale=scale))
    return replace(final, assembly=replace(final.assembly, weights=weights), stages=stages)


def whole_config(first: Config, asked: Config, stages: list[Config]) -> Config:
    """The config of all stages with every automatic choice made, from those of the first and of the further ones."""
    resolved = [
        replace(stage, points=own.points, phases=own.phases, weights=own.weights)
        for stage, own in zip(asked.stages, stages, strict=False)
    ]
    return replace(first, stages=(*resolved, *asked.stages[len(stages) :]))


def on_earlier(asked: Config, before: Run, theta: Tensor, found: Found) -> Run:
    """The run of a stage as it was, from what was found before it; its network is to be `started`."""
    own = stage_config(asked, len(before.stages), found)
    like = before.trial.begun(theta) if found.trained else None
    run = build_run(before.problem, own, trains=False, base=Base(before.trial, theta, found.scale), like=like)
    return replace(run, config=asked, stages=(*before.stages, found))


def started(run: Run, start: Tensor) -> Run:
    """The same stage with a network that adds nothing where its parameters are `start`."""
    assert run.trial.base is not None
    return _with_base(run, replace(run.trial.base, start=start))


def _with_base(run: Run, base: Base) -> Run:
    trial = run.trial.on(base)
    return replace(run, trial=trial, assembly=replace(run.assembly, trial=trial))


def lineage(trial: Trial, theta: Tensor) -> list[tuple[Trial, Tensor]]:
    """The trial fields and parameters of every stage, the first one first."""
    base = trial.base
    return [*(lineage(base.trial, base.theta) if base is not None else []), (trial, theta)]


def _features(waves: Mapping[str, float], periodic: frozenset[str]) -> tuple[dict[str, float], int]:
    """The stretch of the coordinates and the number of harmonics, to three digits: the waves are estimates."""
    stretch = {name: float(f"{max(1.0, np.pi * m):.3g}") for name, m in waves.items() if name not in periodic}
    around = [round(m) for name, m in waves.items() if name in periodic]
    return stretch, min(_MOST_HARMONICS, max([1, *around]))


def _measured(run: Run, small: float, generator: np.random.Generator) -> tuple[float, float]:
    """|r| and |R'(u_base) [D N_theta0]|, the norms of all weighted rows, by a quotient of differences."""
    base = run.trial.base
    assert base is not None
    start, seed = run.trial.layout.start(run.trial.network), int(generator.integers(2**32))

    def rows(trial: Trial) -> Tensor:
        few: Assembly = replace(run.assembly, trial=trial, interior=Uniform(_POINTS), faces=Uniform(_POINTS))
        return few.draw(start, np.random.default_rng(seed)).rows(start)

    left = rows(run.trial.on(replace(base, scale=0.0)))
    return float(left.norm()), float((rows(run.trial) - left).norm()) / small
