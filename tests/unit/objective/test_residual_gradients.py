"""Residual gradients.

Satisfied: the rows are the derivatives of the residuals, by central differences of the residuals themselves and by a
second engine; those of conditions are along their faces alone; they vanish on an exact solution; the loss is the sum
of the formula; on few points the error is far smaller with them; what is judged is the problem itself.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.building import Run, build_run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.errors import UserError
from pinnkit.formulation.handover import Handover, handed_over
from pinnkit.marching import window_run
from pinnkit.networks import MLP
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Grid, Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.stage import Stage
from pinnkit.windows import Windows

GRADIENTS = ResidualGradients(weight=0.5)


def heat(**changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "heat",
        "coordinates": {"x": [0, 3], "t": [1, 2]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"nu": 0.1},
        "equations": {"heat": "u_t + u*u_x = nu*u_xx + x*t"},
        "conditions": {
            "start": {"on": "t = 1", "equation": "u = x*(3 - x)"},
            "ends": {"on": ["x = 0", "x = 3"], "equation": "u*dn(u) + dn(u)**2 = t"},
        },
    }
    return define(**{**keys, **changes})


def run(problem: Problem, **options: Any) -> Run:
    given = {"points": Uniform(20), "condition_points": Uniform(6), "chunk": 4096, "network": MLP(6, 2), **options}
    return build_run(problem, Config(**{"residual_gradients": GRADIENTS, "hard": "none", "balance": False, **given}))


def begun(own: Run) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    start = own.trial.layout.start(own.trial.network)
    return start + 0.3 * torch.randn(len(start), dtype=start.dtype, generator=generator)


def rows_of(own: Run, term: str, theta: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The points of a term and its residuals there, without weights."""
    objective = own.assembly.draw(theta, np.random.default_rng(1))
    points, values = [], []
    for block in objective.chunks:
        if term in block.terms:
            points.append(block.prepared.points.numpy())  # type: ignore[attr-defined]
            factors = block.factors[block.terms.index(term)]  # type: ignore[attr-defined]
            values.append((block.by_term(block.values(theta))[term] / factors).detach().numpy())
    return np.concatenate(points), np.concatenate(values)


def test_terms_are_named_after_what_they_come_from() -> None:
    terms = run(heat()).assembly.terms
    assert terms == ("heat", "start", "ends", "heat_x", "heat_t", "start_x", "ends_t")
    taken = heat(conditions={"heat_x": {"on": "t = 1", "equation": "u = 0"}})
    assert run(taken).assembly.terms == ("heat", "heat_x", "heat_x_", "heat_t", "heat_x_x")
    alone = run(heat(), residual_gradients=ResidualGradients(conditions=False)).assembly.terms
    assert alone == ("heat", "start", "ends", "heat_x", "heat_t")
    assert run(heat(), residual_gradients=None).assembly.terms == ("heat", "start", "ends")


def test_exact_conditions_have_no_further_rows() -> None:
    assert run(heat(), hard="auto").assembly.terms == ("heat", "ends", "heat_x", "heat_t", "ends_t")


@pytest.mark.parametrize(("coordinate", "at", "half"), [("x", 0, 1.5), ("t", 1, 0.5)])
def test_rows_of_an_equation_are_its_derivatives(coordinate: str, at: int, half: float) -> None:
    own = run(heat())
    theta, h = begun(own), 1e-5
    points, found = rows_of(own, f"heat_{coordinate}", theta)
    shift = h * np.eye(2)[at]
    ahead, behind = (own.assembly.residuals(points + s, theta)["heat"] for s in (shift, -shift))
    assert np.allclose(found, half * (ahead - behind) / (2 * h), rtol=1e-7, atol=1e-8)


def test_rows_of_a_condition_are_its_derivatives_along_its_faces() -> None:
    """u dn(u) + dn(u)^2 - t: on x = 0 the normal is -x, on x = 3 it is x; along t each by the product rule."""
    own = run(heat())
    theta = begun(own)
    points, found = rows_of(own, "ends_t", theta)
    assert set(points[:, 0]) == {0.0, 3.0}
    sign = np.where(points[:, 0] == 0.0, -1.0, 1.0)
    u, ux, ut, uxt = (own.trial.derivative(points, o, theta)[:, 0] for o in ((0, 0), (1, 0), (0, 1), (1, 1)))
    assert np.allclose(found, 0.5 * (sign * (ut * ux + u * uxt) + 2 * ux * uxt - 1.0), rtol=1e-12)
    points, found = rows_of(own, "start_x", theta)
    assert np.allclose(found, 1.5 * (own.trial.derivative(points, (1, 0), theta)[:, 0] - 3 + 2 * points[:, 0]))


def test_both_engines_agree() -> None:
    values = []
    for engine in ("jet", "autograd"):
        own = run(heat(), derivatives=engine)
        theta = begun(own)
        objective = own.assembly.draw(theta, np.random.default_rng(2))
        values.append((objective.rows(theta), objective.evaluate(theta).gradient, objective.linearize(theta).jacobian))
    for one, other in zip(*values, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_the_loss_is_that_of_the_formula() -> None:
    own = run(heat(), weights={"heat": 3.0, "ends_t": 7.0})
    theta = begun(own)
    found = own.assembly.draw(theta, np.random.default_rng(2)).evaluate(theta)
    weights = {"heat": 3.0, "start": 1.0, "ends": 1.0, "heat_x": 1.5, "heat_t": 1.5, "start_x": 0.5, "ends_t": 7.0}
    assert found.loss == pytest.approx(0.5 * sum(weights[name] * loss for name, loss in found.losses.items()))


def test_balanced_weights_carry_the_further_ones_along() -> None:
    own, plain = run(heat(), balance=True), run(heat(), balance=True, residual_gradients=None)
    assert own.config.weights == plain.config.weights
    for name, origin in {"heat_x": "heat", "start_x": "start", "ends_t": "ends"}.items():
        assert own.assembly.weights[name] == pytest.approx(0.5 * plain.config.weights[origin])


def test_rows_vanish_on_an_exact_solution() -> None:
    """The lift of this start and these ends is the solution itself, and a network with zero parameters adds nothing."""
    exact = "x*(3 - x)*t"
    manufactured = heat(
        equations={"heat": f"u_t + u*u_x = nu*u_xx + x*(3 - x) + {exact}*(3 - 2*x)*t + 2*nu*t"},
        conditions={
            "ends": {"on": ["x = 0", "x = 3"], "equation": "u = 0"},
            "flux": {"on": ["x = 0", "x = 3"], "equation": "dn(u) + 3*t = 0"},
            "start": {"on": "t = 1", "equation": f"u = {exact.replace('t', '1')}"},
            "late": {"on": "t = 2", "equation": f"u = 2*{exact.replace('t', '1')}"},
        },
    )
    own = run(manufactured, hard=("start", "ends", "late"))
    theta = torch.zeros(own.trial.layout.size, dtype=torch.float64)
    objective = own.assembly.draw(theta, np.random.default_rng(2))
    assert {"heat_x", "heat_t", "flux_t"} <= set(objective.terms)
    assert max(objective.losses(objective.rows(theta)).values()) < 1e-20


POISSON: dict[str, Any] = {
    "name": "poisson",
    "coordinates": {"x": [0, 1]},
    "fields": ["u"],
    "equations": {"poisson": "u_xx = -pi**2*sin(pi*x) - 16*pi**2*sin(4*pi*x)"},
    "conditions": {"ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"}},
    "reference": {"exact": {"u": "sin(pi*x) + sin(4*pi*x)"}},
}


def fitted(problem: Problem, **options: Any) -> Solution:
    given: dict[str, Any] = {"network": MLP(10, 2), "points": Grid(12), "renew": 0, "test_points": 500, **options}
    return solve(problem, Config(**{"phases": (LevenbergMarquardt(steps=60),), **given}))


@pytest.mark.parametrize("seed", [0, 1])
def test_on_few_points_the_error_is_far_smaller(seed: int) -> None:
    plain = fitted(define(**POISSON), seed=seed)
    better = fitted(define(**POISSON), seed=seed, residual_gradients=ResidualGradients())
    assert plain.history[-1]["losses"]["poisson"] < 1e-20
    assert better.errors()["u"]["relative_l2"] < 1e-2 * plain.errors()["u"]["relative_l2"]
    assert set(better.history[-1]["losses"]) == {"poisson", "poisson_x"}
    assert set(better.result["residuals"]) == {"poisson"}
    assert set(better.result["conditions"]) == {"ends"}


def test_what_is_judged_and_where_points_crowd_is_the_problem_itself() -> None:
    own, plain = run(heat()), run(heat(), residual_gradients=None)
    theta = begun(own)
    x = np.array([[1.0, 1.5], [2.0, 1.2]])
    assert list(own.assembly.residuals(x, theta)) == ["heat"]
    found, same = (one.assembly.violations(np.random.default_rng(1), 10, theta) for one in (own, plain))
    assert found == same


def test_a_run_of_stages_is_saved_and_loaded(tmp_path: Path) -> None:
    stages = (Stage(phases=(LevenbergMarquardt(steps=3),)),)
    made = fitted(heat(), residual_gradients=GRADIENTS, phases=(Adam(steps=3),), stages=stages, hard="none")
    made.save(tmp_path)
    again = Solution.load(tmp_path)
    x = np.array([[1.0, 1.5], [2.0, 1.2]])
    assert np.array_equal(made(x), again(x))
    assert again.run.assembly.terms == made.run.assembly.terms
    assert again.config.residual_gradients == GRADIENTS


def test_windows_hand_the_slopes_of_their_start_over() -> None:
    """A start that is handed over softly has rows of its slope too, against that of the window before."""
    config = Config(
        windows=Windows(count=2), residual_gradients=GRADIENTS, hard="none", points=Uniform(5), network=MLP(6, 2)
    )
    first = window_run(heat(), config, ())
    before = Handover(first.trial, begun(first), 1.5)
    own = run(handed_over(heat(), before, 2.0))
    theta = begun(own)
    points, found = rows_of(own, "start_x", theta)
    assert set(points[:, 1]) == {1.5}
    slope, wanted = (
        of.derivative(points, (1, 0), at)[:, 0] for of, at in ((own.trial, theta), (first.trial, before.theta))
    )
    assert np.allclose(found, 1.5 * (slope - wanted), rtol=1e-10)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"equations": {"own": lambda u_t: u_t}},
            "equation `own` is a Python function, and `residual_gradients` needs",
        ),
        ({"equations": {"own": "u_t = sign(u)"}}, "`residual_gradients` of `own` along `x`: `sign` jumps"),
        ({"equations": {"own": "u_t = d(u, x, 8)"}}, "along `x`: derivatives of `u` go up to order 8"),
    ],
)
def test_what_has_no_derivative_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        run(heat(**changes))


def test_options_go_through_a_file_and_bad_ones_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    config = Config(residual_gradients=ResidualGradients(0.25, conditions=False))
    file.write_text(dump_config(config))
    assert load_config(file) == config
    file.write_text("residual_gradients: {weight: 0}")
    with pytest.raises(UserError, match="`weight` of `residual_gradients` is 0; it needs a finite number above 0"):
        load_config(file)
    file.write_text("residual_gradients: true")
    with pytest.raises(UserError, match="`residual_gradients` is a mapping of options, such as `weight: 1e-2`"):
        load_config(file)
