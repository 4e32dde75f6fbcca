"""The linear start: rows at their least in the weights of the output layer, which alone are changed."""

import numpy as np
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.networks import MLP
from pinnkit.objective.linear_start import linear_start
from pinnkit.objective.output_layers import output_layers
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Chebyshev
from pinnkit.problem.define import define
from pinnkit.results.solution import Solution


def _run(equation: str = "u_xx + 9*u = 0", linear: bool = True, **changes: object) -> Run:
    problem = define(
        name="wave", coordinates={"x": [0, 1]}, fields=["u"], equations=[equation],
        conditions={"left": {"on": "x = 0", "equation": "u = 1"}, "slope": {"on": "x = 0", "equation": "u_x = 0"}},
    )  # fmt: skip
    config = Config(
        network=MLP(width=30, depth=1, activation="sin", frequency=6.0), points=Chebyshev(count=60),
        phases=(LevenbergMarquardt(steps=1),), linear_start=linear, **changes,  # type: ignore[arg-type]
    )  # fmt: skip
    return build_run(problem, config)


def test_a_linear_problem_is_solved_before_the_first_step() -> None:
    run = _run()
    solution = Solution.of(run, run.trial.layout.start(run.trial.network))
    x = np.linspace(0, 1, 101)[:, None]
    np.testing.assert_allclose(solution(x)[:, 0], np.cos(3 * x[:, 0]), atol=1e-8)


def test_soft_conditions_are_rows_like_others() -> None:
    run = _run(hard="none")
    solution = Solution.of(run, run.trial.layout.start(run.trial.network))
    assert abs(solution(np.array([[0.0]]))[0, 0] - 1.0) < 1e-6


def test_the_rows_are_at_their_least_in_the_output_layer() -> None:
    run = _run("u_xx + exp(3*x)*u = sin(40*x)", linear=False)
    theta = linear_start(run.trial, run.assembly, np.random.default_rng(0))
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    slopes = objective.evaluate(theta).gradient
    places = torch.cat([output.places for output in output_layers(run.trial)])
    before = run.trial.layout.start(run.trial.network)
    steep = objective.evaluate(before).gradient[places].norm()
    assert slopes[places].norm() < 1e-5 * steep


def test_the_other_layers_stay_as_they_are_drawn() -> None:
    run = _run(linear=False)
    before = run.trial.layout.start(run.trial.network)
    theta = linear_start(run.trial, run.assembly, np.random.default_rng(0))
    places = torch.cat([output.places for output in output_layers(run.trial)])
    kept = torch.ones(len(before), dtype=torch.bool)
    kept[places] = False
    assert torch.equal(before[kept], theta[kept])
    assert len(places) == 31
