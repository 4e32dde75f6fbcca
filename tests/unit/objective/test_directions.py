"""Sums of second derivatives by random directions.

Satisfied: the mean over draws is the residual by the whole sum, the variance is the formula's; as many directions as
coordinates give the residual itself; coordinates that are not in the sum keep their derivatives; directions are scaled
columns of orthogonal matrices, others for every point; jets have as many entries as directions and two more; gradients
are those of the rows; what stands against it is said.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.trial import Trial
from pinnkit.networks import MLP
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.windows import Windows

NAMES = ("x", "y", "z", "v")


def box(equation: str, **more: Any) -> Problem:
    """A field of four coordinates, with time where the equation has it."""
    keys: dict[str, Any] = {
        "name": "box",
        "coordinates": {name: [0, 1] for name in NAMES},
        "fields": ["u"],
        "equations": {"e": equation},
        "conditions": {"walls": {"on": "boundary", "equation": "u = x*y"}},
    }
    if "u_t" in equation:
        keys |= {"time": "t", "coordinates": {"t": [0, 1], **keys["coordinates"]}}
        keys["conditions"] |= {"start": {"on": "t = 0", "equation": "u = x*y"}}
    return define(**{**keys, **more})


def built(problem: Problem, directions: int, points: int = 40, **more: Any) -> Run:
    """A run with a network that is bent enough for second derivatives to differ."""
    given: dict[str, Any] = {
        "network": MLP(width=8, depth=2, activation="sin", frequency=4.0),
        "points": Uniform(points),
        "condition_points": Uniform(1),
        "balance": False,
        "hard": "none",
        "device": "cpu",
        "threads": 1,
    }
    return build_run(problem, Config(directions=directions, **{**given, **more}))


def start(trial: Trial) -> torch.Tensor:
    return trial.layout.start(trial.network)


POISSON = box("laplace(u) + u^2 = sin(x)")
HEAT = box("u_t = 2*laplace(u) - u")


@pytest.mark.parametrize("problem", [POISSON, HEAT], ids=["poisson", "heat"])
def test_as_many_directions_as_coordinates_give_the_residual(problem: Problem) -> None:
    run, whole = built(problem, 4), built(problem, 0)
    theta = start(run.trial)
    objective, plain = (r.assembly.draw(theta, np.random.default_rng(3)) for r in (run, whole))
    torch.testing.assert_close(objective.chunks[0].values(theta), plain.chunks[0].values(theta), rtol=1e-9, atol=1e-10)
    jacobian, true = (own.chunks[0].jacobian(theta)[1] for own in (objective, plain))
    torch.testing.assert_close(jacobian, true, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_mean_and_variance_are_those_of_the_formula(count: int) -> None:
    """4,000 draws at one point: the mean to four of its own deviations, the variance to a tenth."""
    problem = box("laplace(u) = 0")
    run = built(problem, count)
    theta = start(run.trial)
    at = np.array([[0.3, 0.6, 0.2, 0.7]])
    hessian = np.empty((4, 4))
    for i, j in np.ndindex(4, 4):
        orders = tuple(int(d == i) + int(d == j) for d in range(4))
        hessian[i, j] = run.trial.derivative(at, orders, theta)[0, 0]
    trace, square = np.trace(hessian), (hessian**2).sum()
    variance = 2 * (4 - count) * (4 * square - trace**2) / (count * 3 * 6)
    directed, generator = run.assembly.directed, np.random.default_rng(0)
    assert directed is not None
    drawn = np.concatenate([directed.drawn(1, generator) for _ in range(4000)])
    found = np.einsum("nji,ik,njk->n", drawn, hessian, drawn)
    assert abs(found.mean() - trace) < 4 * np.sqrt(variance / len(found))
    assert found.var() == pytest.approx(variance, rel=0.1)
    # The jets give the same numbers.
    x, own = run.trial.tensor(np.repeat(at, 50, 0)), run.trial.tensor(drawn[:50])
    prepared = run.trial.prepare_along(x, directed.coordinates(x, own))
    fields = run.trial.evaluate(prepared, run.trial.begun(theta).network)
    np.testing.assert_allclose(directed.residuals["e"](fields, x).detach(), found[:50], rtol=1e-9, atol=1e-10)


def test_directions_are_scaled_columns_of_orthogonal_matrices() -> None:
    directed = built(POISSON, 3).assembly.directed
    assert directed is not None
    drawn = directed.drawn(20, np.random.default_rng(0))
    assert drawn.shape == (20, 3, 4)
    np.testing.assert_allclose(drawn @ drawn.transpose(0, 2, 1), np.tile(4 / 3 * np.eye(3), (20, 1, 1)), atol=1e-14)
    assert len({tuple(row) for row in drawn[:, 0].round(12)}) > 1


def test_jets_have_as_many_entries_as_directions_and_two_more() -> None:
    poisson, heat = (built(problem, 2).assembly.directed for problem in (POISSON, HEAT))
    assert poisson is not None
    assert heat is not None
    assert len(poisson.indices) == 4
    assert len(heat.indices) == 5
    assert (heat.kept, heat.summed) == ((0,), (1, 2, 3, 4))


def test_gradients_are_those_of_the_rows() -> None:
    run = built(POISSON, 2)
    theta = start(run.trial)
    objective = run.assembly.draw(theta, np.random.default_rng(0))
    rows, jacobian = objective.chunks[0].jacobian(theta)
    torch.testing.assert_close(rows @ jacobian, objective.gradients(theta)["e"], rtol=1e-9, atol=1e-12)


REFUSED: dict[str, tuple[Problem, dict[str, Any], str]] = {
    "no sum": (box("u_x + u_y = 1"), {}, "second derivatives in one sum"),
    "a first derivative": (box("laplace(u) = u_x"), {}, "the equations have `u_x`"),
    "too many": (POISSON, {"directions": 5}, "more than the 4 coordinates"),
    "conditions built in": (POISSON, {"hard": "all"}, "the network itself"),
    "nested reverse mode": (POISSON, {"derivatives": "autograd"}, "autograd"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_stands_against_it_is_said(name: str) -> None:
    problem, more, why = REFUSED[name]
    with pytest.raises(UserError, match=why):
        built(problem, more.pop("directions", 2), **more)


@pytest.mark.parametrize("key", ["windows", "compile"])
def test_parts_that_do_not_go_with_it(key: str) -> None:
    given: dict[str, Any] = {"windows": Windows(count=2)} if key == "windows" else {"compile": True}
    with pytest.raises(UserError, match=f"`directions` and `{key}`"):
        replace(Config(), directions=2, **given)
