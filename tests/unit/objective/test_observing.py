"""Observations as rows, and the fields that they select.

Satisfied: rows are those computed by hand, and the loss of a set is the mean square misfit in units of the noise; a
window has the points of its own time; without conditions, exact data select the one solution that they belong to; with
noise, the fields are the least-squares fit among the solutions of the equations, which numpy finds independently.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pinnkit
from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.derivatives.layout import Layout
from pinnkit.errors import UserError
from pinnkit.formulation.handover import window_of
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.problem import Problem
from pinnkit.solving import solve_to_folder
from pinnkit.windows import Windows

QUICK = Config(
    network=MLP(width=10, depth=2),
    points=Sobol(count=64),
    condition_points=Sobol(count=8),
    phases=(LevenbergMarquardt(steps=60),),
    device="cpu",
    threads=1,
    test_points=200,
)


def heat(**observations: Any) -> Problem:
    return pinnkit.define(
        name="heat",
        coordinates={"x": [0, 2], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"heat": "u_t = u_xx"},
        conditions={"start": {"on": "t = 0", "equation": "u = x"}},
        observations=observations,
        accept=["outside_points"],
    )


def spring(x: np.ndarray, u: np.ndarray, **more: Any) -> Problem:
    """u'' = -4 u, of which nothing is known but some values."""
    return pinnkit.define(
        name="spring",
        coordinates={"x": [0, 3]},
        fields=["u"],
        equations={"force": "u_xx = -4*u"},
        observations={"seen": {"x": x, "u": u, **more}},
    )


def run(problem: Problem, **options: Any) -> Run:
    given = {"points": Uniform(9), "condition_points": Uniform(3), "network": MLP(5, 2), "hard": "none", **options}
    return build_run(problem, Config(device="cpu", threads=1, **given))


def test_rows_are_those_computed_by_hand() -> None:
    """Two expressions at three points: sqrt(w/6) (e - b)/s, expression by expression."""
    x, t = np.array([0.5, 1.0, 1.5]), np.array([0.0, 0.5, 1.0])
    noise = {"u": [0.1, 0.2, 0.4], "x*u_x + t": 0.5}
    own = run(
        heat(seen={"x": x, "t": t, "u": [1, 2, 3], "x*u_x + t": [4, 5, 6], "noise": noise}), weights={"seen": 3.0}
    )
    theta = Layout.start(own.trial.network)
    objective = own.assembly.draw(theta, np.random.default_rng(0))
    points = np.stack([x, t], axis=1)
    u, u_x = (own.trial.derivative(points, orders, theta)[:, 0] for orders in ((0, 0), (1, 0)))
    misfits = np.concatenate([(u - [1, 2, 3]) / [0.1, 0.2, 0.4], (x * u_x + t - [4, 5, 6]) / 0.5])
    assert objective.terms == ("heat", "start", "seen")
    np.testing.assert_allclose(objective.rows(theta)[-6:], np.sqrt(3 / 6) * misfits, rtol=1e-12)
    assert objective.evaluate(theta).losses["seen"] == pytest.approx(np.mean(misfits**2), rel=1e-12)
    gradients = objective.gradients(theta)
    torch.testing.assert_close(sum(gradients.values()), objective.evaluate(theta).gradient)
    rows, jacobian = (torch.cat(parts) for parts in list(zip(*objective.linearize(theta).blocks(), strict=True))[1:])
    torch.testing.assert_close(rows @ jacobian, objective.evaluate(theta).gradient)


def test_points_outside_the_domain_have_no_rows() -> None:
    def losses(**given: Any) -> float:
        own = run(heat(seen={**given, "noise": 0.1}), balance=False)
        theta = Layout.start(own.trial.network)
        return own.assembly.draw(theta, np.random.default_rng(0)).evaluate(theta).losses["seen"]

    assert losses(x=[1, 5], t=[0.5, 0.5], u=[1, 9]) == losses(x=[1], t=[0.5], u=[1])
    assert losses(x=[5], t=[0.5], u=[9]) == 0.0


def test_a_window_has_the_observations_of_its_own_time() -> None:
    whole = heat(seen={"x": [1] * 5, "t": [0, 0.25, 0.5, 0.75, 1], "u": [0, 1, 2, 3, 7]})
    first, second = window_of(whole, 0.0, 0.5), window_of(whole, 0.5, 1.0)
    values = [[o.measured[0].values.tolist() for o in part.observations] for part in (first, second)]
    assert values == [[[0, 1, 2]], [[3, 7]]]
    assert second.observations[0].measured[0].noise.tolist() == [7, 7]  # the range of all, not of the window's own


def test_the_share_of_noisy_observations_is_taken_off_their_weight() -> None:
    given = {"x": [1, 2], "t": [0.5, 0.5], "u": [1, 2]}
    noisy = heat(seen={**given, "noise": 1.0})
    full, less = (run(noisy, observation_weight=share).config.weights["seen"] for share in (1.0, 1e-3))
    assert less == pytest.approx(1e-3 * full)
    exact = heat(seen=given)
    assert run(exact).config.weights == run(exact, observation_weight=1.0).config.weights
    assert run(noisy, balance=False, observation_weight=0.5).assembly.weights["seen"] == 0.5
    assert run(noisy, weights={"seen": 7.0}).assembly.weights["seen"] == 7.0
    with pytest.raises(UserError, match="`observation_weight` is 0"):
        Config(observation_weight=0.0)


def test_exact_data_select_a_solution_without_conditions() -> None:
    """Values at some points inside, nothing at the ends; the fields are right between and beyond them."""
    x = np.linspace(0.4, 2.1, 7)
    solution = pinnkit.solve(spring(x, np.cos(2 * x)), QUICK)
    line = np.linspace(0, 3, 50)
    np.testing.assert_allclose(solution(line[:, None])[:, 0], np.cos(2 * line), atol=1e-5)
    assert solution.result["observations"]["seen"]["u"]["unit"] == "range"
    assert solution.result["observations"]["seen"]["u"]["rms"] < 1e-5


def test_noisy_data_are_fitted_by_solutions_of_the_equations() -> None:
    """The bias that the share leaves is far below the uncertainty of the fit itself."""
    generator, noise = np.random.default_rng(3), 0.05
    x = np.sort(generator.uniform(0, 3, 25))
    basis = np.stack([np.cos(2 * x), np.sin(2 * x)], axis=1)
    u = basis @ [1.0, 0.5] + noise * generator.standard_normal(25)
    best = np.linalg.lstsq(basis, u)[0]
    solution = pinnkit.solve(spring(x, u, noise=noise), replace(QUICK, phases=(LevenbergMarquardt(steps=100),)))
    fitted = solution(x[:, None])[:, 0]
    deviation = noise * np.sqrt(np.diag(basis @ np.linalg.inv(basis.T @ basis) @ basis.T))
    assert np.max(np.abs(fitted - basis @ best) / deviation) < 0.01
    told = solution.result["observations"]["seen"]["u"]
    assert told["rms"] == pytest.approx(np.sqrt(np.mean((basis @ best - u) ** 2)) / noise, rel=1e-3)
    assert (told["unit"], told["points"]) == ("noise", 25)


def test_a_run_folder_stands_alone_with_its_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "seen.csv").write_text("x,u\n0.5,0.54\n1.5,-0.99\n2.5,0.28\n", encoding="utf-8")
    text = 'name: spring\ncoordinates: {x: [0, 3]}\nfields: [u]\nequations: ["u_xx = -4*u"]\n'
    text += "observations: {seen: {file: seen.csv, noise: 0.01}}\n"
    (tmp_path / "spring.yaml").write_text(text, encoding="utf-8")
    problem = pinnkit.load_problem(tmp_path / "spring.yaml")
    few = replace(QUICK, phases=(LevenbergMarquardt(steps=2),))
    folder = solve_to_folder(problem, few, tmp_path / "run", quiet=True)
    (tmp_path / "seen.csv").unlink()
    again = pinnkit.Solution.load(folder)
    assert again.problem.observations == problem.observations
    assert "misfit of `seen`:" in capsys.readouterr().out
    assert (folder / "figures/observations_seen.png").stat().st_size > 1000
    report = (folder / "report.html").read_text("utf-8")
    assert "seen: u" in report
    assert "What was measured in" in report


def test_windows_meet_observations_in_each(tmp_path: Path) -> None:
    """u' = -u from 1, in two windows with a number each."""
    problem = pinnkit.define(
        name="decay",
        coordinates={"t": [0, 2]},
        time="t",
        fields=["u"],
        equations=["u_t = -u"],
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
        observations={"seen": {"t": [0.5, 1.5], "u": np.exp([-0.5, -1.5])}},
    )
    config = replace(QUICK, windows=Windows(count=2), phases=(LevenbergMarquardt(steps=20),))
    solution = pinnkit.solve(problem, config)
    assert solution.result["observations"]["seen"]["u"]["points"] == 2
    assert solution.result["observations"]["seen"]["u"]["rms"] < 1e-5
