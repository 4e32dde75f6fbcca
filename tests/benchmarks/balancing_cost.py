"""What balancing losses costs: a step of every optimizer, aggregator and weighting, in steps of Adam on the sum.

Burgers' equation as a soft problem, on a network 5x50 tanh, with 2,000 points inside and 50 on every face. The methods
take turns in rounds, each some steps on the same points with one thread, and a time is the least that any round took a
step: what disturbs a machine only ever adds. A weighting is timed as a step with its weights held, and as one update of
them beside it; its share is what an update costs over the steps until the next, by its own `every`.

.venv/bin/python tests/benchmarks/balancing_cost.py --write
"""

import argparse
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from report import origin, table, write
from torch import Tensor

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.adaptive import AdaptiveWeights
from pinnkit.objective.aggregators import AGGREGATORS
from pinnkit.objective.objective import Objective
from pinnkit.objective.statistics import Statistics
from pinnkit.objective.steering import Steering
from pinnkit.objective.weightings import WEIGHTINGS, Weighting
from pinnkit.optimizers import OPTIMIZERS
from pinnkit.points import LatinHypercube
from pinnkit.problem.load import load_problem

Precision = Literal["float32", "float64"]
PRECISIONS: tuple[Precision, ...] = ("float32", "float64")
OWN = ("adam", "m_config", "multi_adam")
WEIGHED = ("grad_norm", "ntk")
INTERIOR, FACE, STEPS, WARM = 2000, 50, 6, 6
MOST_M_CONFIG, MOST_UPDATE = 1.2, 0.05
"""What a step of M-ConFIG may cost in steps of Adam, and what updates of weights may add to a step."""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--write", action="store_true", help="write docs/results/balancing_cost.md")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    sections = [section(precision, given.rounds) for precision in PRECISIONS]
    lead = (__doc__ or "").split("\n\n")[1]
    text = "\n\n".join(["# What balancing costs", origin(), lead, *sections])
    print(text)
    if given.write:
        write("balancing_cost.md", text)


def section(precision: Precision, rounds: int) -> str:
    """The tables of one precision, and whether the bounds are kept."""
    objective, theta = problem_rows(precision)
    aggregated = [name for name in AGGREGATORS.names() if name != "sum"]
    works = {name: steps_of(name, objective, theta) for name in (*OWN, *aggregated)}
    rules = {name: WEIGHTINGS.build(name) for name in WEIGHED}
    works |= {f"{name}, weights held": weighed_steps(rule, objective, theta) for name, rule in rules.items()}
    works |= {f"{name}, update": update_of(rule, objective, theta) for name, rule in rules.items()}
    times = least(works, rounds)
    adam = times["adam"]
    steps = [[name, f"{1e3 * own:.2f}", f"{own / adam:.2f}"] for name, own in times.items() if "update" not in name]
    shares = {name: times[f"{name}, update"] / (rule.every * adam) for name, rule in rules.items()}
    updates = [
        [name, f"{1e3 * times[f'{name}, update']:.2f}", str(rule.every), f"{100 * shares[name]:.2f} %"]
        for name, rule in rules.items()
    ]
    ratio, worst = times["m_config"] / adam, max(shares.values())
    bounds = (
        f"M-ConFIG costs {ratio:.2f} steps of Adam, {kept(ratio <= MOST_M_CONFIG)} {MOST_M_CONFIG:g}; updates of "
        f"weights add at most {100 * worst:.2f} %, {kept(worst <= MOST_UPDATE)} {100 * MOST_UPDATE:g} %."
    )
    first = table(["a step", "ms", "steps of Adam"], steps)
    second = table(["an update", "ms", "every", "share of a step"], updates)
    return f"## {precision}\n\n{first}\n\n{second}\n\n{bounds}"


def kept(well: bool) -> str:
    """Whether a bound is kept, as a word before it."""
    return "within" if well else "BEYOND"


def problem_rows(precision: Precision) -> tuple[Objective, Tensor]:
    """The rows at one draw of points, and the parameters of the start."""
    config = Config(
        network=MLP(width=50, depth=5),
        points=LatinHypercube(INTERIOR),
        condition_points=LatinHypercube(FACE),
        hard="none",
        balance=False,
        phases=(OPTIMIZERS.build("adam"),),
        precision=precision,
        device="cpu",
    )
    run = build_run(load_problem("burgers"), config)
    theta = run.trial.layout.start(run.trial.network)
    return run.assembly.draw(theta, np.random.default_rng(0)), theta


def steps_of(name: str, objective: Objective, theta: Tensor) -> Callable[[], float]:
    """Seconds a step of an optimizer, or of Adam along an aggregator's direction."""
    optimizer = OPTIMIZERS.build(name if name in OPTIMIZERS else "adam")
    steering = Steering(AGGREGATORS.build(name)) if name in AGGREGATORS else None
    at, state = theta, optimizer.start(theta)

    def step() -> None:
        nonlocal at, state
        held = steering.steered(objective, at) if steering is not None else objective
        made = optimizer.step(held, at, state)
        at, state = made.theta, made.state

    for _ in range(WARM):
        step()
    return lambda: clocked(step, STEPS)


def weighed_steps(rule: Weighting, objective: Objective, theta: Tensor) -> Callable[[], float]:
    """Seconds a step of Adam between two updates of a weighting."""
    weights, optimizer = AdaptiveWeights(rule), OPTIMIZERS.build("adam")
    at, state = theta, optimizer.start(theta)

    def step() -> None:
        nonlocal at, state
        made = optimizer.step(weights.weighed(objective, at), at, state)
        at, state = made.theta, made.state

    for _ in range(WARM):
        step()
    return lambda: clocked(step, STEPS)


def update_of(rule: Weighting, objective: Objective, theta: Tensor) -> Callable[[], float]:
    """Seconds of one update, with the statistics that it is made of."""
    state = rule.start(Statistics(objective, theta))
    rule.update(Statistics(objective, theta), state)
    return lambda: clocked(lambda: rule.update(Statistics(objective, theta), state), 2)


def least(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The least time of every work, which take turns."""
    times = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            times[name] = min(times[name], work())
    return times


def clocked(work: Callable[[], object], count: int) -> float:
    """Seconds a piece of work, the mean of some."""
    began = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - began) / count


if __name__ == "__main__":
    main()
