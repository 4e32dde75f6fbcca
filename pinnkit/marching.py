"""From the trained fields of one window of time to the run of the next, and to fields over all of them.

u(x, t) = u_k(x, t) where t_(k-1) < t <= t_k. The start of every window is the end of the one before, exactly where
its conditions are built in (`formulation.handover`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.equations.expression import Partial
from pinnkit.errors import UserError
from pinnkit.formulation.handover import Handover, handed_over, require_marchable, window_of
from pinnkit.geometry import Box, box_of
from pinnkit.problem.problem import Coordinate, Problem
from pinnkit.staging import lineage
from pinnkit.training import Trained

Start = Callable[[Run], Tensor]
"""The parameters from which a run is trained."""


@final
@dataclass(frozen=True, eq=False)
class Window:
    """Trained fields on a part of time, or on the whole domain where there are no other windows.

    Args:
        run: the fields and their equations, on the window's own problem.
        theta: the trained parameters.
        finished: whether training came to its end.
        trained: how the phases of all windows up to this one ended.
    """

    run: Run
    theta: Tensor
    finished: bool = True
    trained: Trained | None = None

    @property
    def time(self) -> Coordinate:
        """The window's part of time."""
        return self.run.problem.coordinate(str(self.run.problem.time))


def edges_of(problem: Problem, config: Config) -> tuple[float, ...]:
    """Every t_k of a config's windows; empty where it has none.

    Raises:
        UserError: windows that do not fit the problem, or do not tile its time.
    """
    if config.windows is None:
        return ()
    require_marchable(problem)
    time = problem.coordinate(str(problem.time))
    return config.windows.over(time.lower, time.upper)


def window_run(
    problem: Problem, asked: Config, before: Sequence[Window], trains: bool = True, start: Start | None = None
) -> Run:
    """The run of the window that follows those before.

    Args:
        problem: the whole problem.
        asked: the config that the user gave.
        before: the trained windows, the first one first.
        trains: whether its phases shall be run.
        start: the parameters from which it is trained, where these are not as `windows` say.

    Raises:
        UserError: what `build_run` refuses, and windows that do not fit the problem.
    """
    edges, number = edges_of(problem, asked), len(before)
    config = asked if number == 0 else replace(asked, seed=_seed(asked.seed, number))
    if not edges:
        return build_run(problem, config, trains, start=start)
    if number == 0:
        return build_run(window_of(problem, edges[0], edges[1]), config, trains, start=start)
    last = before[-1]
    handover = Handover(last.run.trial, last.theta, edges[number])
    own = handed_over(problem, handover, edges[number + 1])
    return build_run(own, config, trains, handover=handover, start=start or _start(asked, last))


def general_config(asked: Config, own: Config) -> Config:
    """A window's config as it holds for all of them: balanced weights and seeds are each window's own."""
    if asked.windows is None:
        return own
    stages = tuple(replace(s, weights=known.weights) for s, known in zip(own.stages, asked.stages, strict=True))
    return replace(own, weights=asked.weights, balance=asked.balance, seed=asked.seed, stages=stages)


def _seed(seed: int, number: int) -> int:
    """A seed of its own for every window."""
    return int(np.random.SeedSequence([seed, 5, number]).generate_state(1)[0])


def _start(asked: Config, last: Window) -> Start | None:
    """theta = theta_last + blend theta_new with the last window's embedding, or new parameters."""
    windows = asked.windows
    if windows is None or windows.start == "new":
        return None
    (trial, known), *_ = lineage(last.run.trial, last.theta)

    def start(run: Run) -> Tensor:
        run.trial.features.load_state_dict(trial.features.state_dict())
        return known + windows.blend * run.trial.layout.start(run.trial.network)

    return start


def start_from(windows: Sequence[Window]) -> Start:
    """From the parameters of another run's window at the same time.

    Raises:
        UserError: (when it is used) its network is another one.
    """

    def start(run: Run) -> Tensor:
        chosen = windows[0]
        if run.problem.time is not None and len(windows) > 1:
            time = run.problem.coordinate(run.problem.time)
            chosen = windows[int(window_of_times(windows, np.array([0.5 * (time.lower + time.upper)]))[0])]
        (trial, theta), *_ = lineage(chosen.run.trial, chosen.theta)
        there, here = chosen.run.config, run.config
        for key, other, own in (
            ("network", there.network, here.network),
            ("embedding", there.embedding, here.embedding),
            ("parameters", trial.layout.size, run.trial.layout.size),
        ):
            if other != own:
                sentence = "its parameters mean nothing in another network"
                raise UserError(f"the run to start from has the {key} {other}, and this one has {own}; {sentence}")
        # Random numbers of the embedding are as much part of the network as its parameters.
        run.trial.features.load_state_dict(trial.features.state_dict())
        return theta.to(dtype=run.trial.dtype, device=run.trial.device)

    return start


def window_of_times(windows: Sequence[Window], times: np.ndarray) -> np.ndarray:
    """The number (n,) of the window to which each time belongs; times outside go to the first or the last."""
    return np.searchsorted([w.time.upper for w in windows[:-1]], times, side="left")


def on_windows(
    windows: Sequence[Window], points: np.ndarray, evaluate: Callable[[Window, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Numbers (n, ...) at points (n, d), each from the window that its time belongs to."""
    if len(windows) == 1 or not len(points):
        return evaluate(windows[0], points)
    problem = windows[0].run.problem
    numbers = window_of_times(windows, points[:, problem.index(str(problem.time))])
    result: np.ndarray | None = None
    for number in np.unique(numbers):
        own = numbers == number
        found = evaluate(windows[number], points[own])
        result = np.empty((len(points), *found.shape[1:])) if result is None else result
        result[own] = found
    assert result is not None
    return result


def jump(before: Window, after: Window, generator: np.random.Generator, count: int) -> dict[str, float]:
    """The largest jump from one window to the next of every field and derivative by time that is handed over.

    It is in the unit of the field, or of its derivative.
    """
    problem = after.run.problem
    time = str(problem.time)
    along, when = problem.index(time), after.time.lower
    box: Box = box_of(problem)
    points = box.from_unit(generator.random((count if box.dimension > 1 else 1, box.dimension)))
    points[:, along] = when
    found = {}
    for column, field in enumerate(problem.fields):
        for order in range(problem.order(field, time)):
            partial = Partial(field, tuple(order if c.name == time else 0 for c in problem.coordinates))
            old = Handover(before.run.trial, before.theta, when).derivative(points, partial)
            new = after.run.trial.derivative(points, partial.orders, after.theta)[:, column]
            found[problem.scope.name(partial)] = float(np.max(np.abs(new - old)))
    return found
