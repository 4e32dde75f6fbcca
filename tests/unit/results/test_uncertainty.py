"""Intervals of unknown parameters and the combinations that data do not see.

Satisfied: sensitivities are those of the solutions themselves, in closed form and by differences of an integrator;
variances are those of a linear fit, also with weights, with a start that is not known, and with a noise that is not;
parameters that only stand together are named together.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import t as student

import pinnkit
from pinnkit.config import Config
from pinnkit.marching import Window
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.results.combinations import not_seen
from pinnkit.results.intervals import with_interval
from pinnkit.results.sensitivity import Sensitivity, sensitivity
from pinnkit.results.solution import Solution
from pinnkit.results.uncertainty import uncertainty
from pinnkit.solving import solve_to_folder

QUICK = Config(
    network=MLP(width=10, depth=2),
    points=Sobol(count=64),
    condition_points=Sobol(count=8),
    phases=(LevenbergMarquardt(steps=60),),
    device="cpu",
    threads=1,
    test_points=100,
)
TIMES = np.linspace(0.1, 2.0, 20)


def decay(u: np.ndarray, equation: str = "u_t = -k*u", **more: Any) -> Problem:
    """u' = -k u from u(0) = 1, with readings of u."""
    keys: dict[str, Any] = {
        "name": "decay",
        "coordinates": {"t": [0, 2]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"k": {"start": 1.0, "positive": True}},
        "equations": {"rate": equation},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 1"}},
        "observations": {"seen": {"t": TIMES, "u": u, "noise": 0.01}},
    }
    return pinnkit.define(**{**keys, **more})


def noisy(k: float, noise: float = 0.01) -> np.ndarray:
    return np.exp(-k * TIMES) + noise * np.random.default_rng(2).standard_normal(len(TIMES))


def seen_by(solution: Solution) -> Sensitivity:
    window: Window = solution.windows[-1]
    return sensitivity(window.run, window.run.trial, window.theta)


def told(solution: Solution) -> dict[str, Any]:
    found: dict[str, Any] = solution.result["parameters_uncertainty"]
    return found


def test_a_sensitivity_is_that_of_the_solution() -> None:
    """u = exp(-k t), du/dk = -t exp(-k t); the variance is that of the linear fit."""
    solution = pinnkit.solve(decay(noisy(1.5)), QUICK)
    k = solution.parameters["k"]
    exact = -TIMES * np.exp(-k * TIMES) / 0.01
    found = seen_by(solution)
    np.testing.assert_allclose(found.in_noise[:, 0], exact, rtol=1e-4, atol=1e-3)
    assert found.free < 0.01
    assert found.rigid[0] < 1e-3
    result = told(solution)
    spread = 1 / np.linalg.norm(exact)
    assert result["parameters"]["k"]["standard_deviation"] == pytest.approx(spread, rel=1e-3)
    assert result["parameters"]["k"]["interval"] == pytest.approx([k - 1.96 * spread, k + 1.96 * spread], rel=1e-4)
    assert result["singular_values"] == pytest.approx([k / spread], rel=1e-3)
    assert (result["rests_on"], result["correlation"], result["sentences"]) == ("noise", [[pytest.approx(1.0)]], [])


def test_a_start_that_is_not_known_goes_along() -> None:
    """u = a exp(-k t) with a free a: the variance of k is that of the fit of both."""
    problem = decay(noisy(1.5), conditions={}, name="free")
    solution = pinnkit.solve(problem, QUICK)
    k = solution.parameters["k"]
    a = float(solution([[0.0]])[0, 0])
    jacobian = np.stack([-a * TIMES * np.exp(-k * TIMES), np.exp(-k * TIMES)], axis=1) / 0.01
    both = np.linalg.inv(jacobian.T @ jacobian)
    alone = 1 / np.linalg.norm(jacobian[:, 0])
    spread = told(solution)["parameters"]["k"]["standard_deviation"]
    assert spread == pytest.approx(np.sqrt(both[0, 0]), rel=1e-2)
    assert spread > 1.5 * alone
    assert seen_by(solution).free == pytest.approx(1.0, abs=0.05)


def test_a_noise_that_is_not_given_is_taken_from_the_misfit() -> None:
    """Student's t with n - 1 degrees of freedom, and the fit's own residual."""
    u = noisy(1.5)
    solution = pinnkit.solve(decay(u, observations={"seen": {"t": TIMES, "u": u}}), QUICK)
    k = solution.parameters["k"]
    slope = -TIMES * np.exp(-k * TIMES)
    misfit = solution(TIMES[:, None])[:, 0] - u
    spread = np.sqrt(np.sum(misfit**2) / (len(u) - 1)) / np.linalg.norm(slope)
    result = told(solution)
    assert result["rests_on"] == "misfit"
    assert "noise is not given" in result["sentences"][-1]
    own = result["parameters"]["k"]
    assert own["standard_deviation"] == pytest.approx(spread, rel=2e-2)
    assert own["interval"][1] - k == pytest.approx(student.ppf(0.975, 19) * own["standard_deviation"], rel=1e-2)


def test_the_variance_is_that_of_the_weights_with_which_the_estimate_is_made() -> None:
    """Two sets that weigh alike though one has four times the points: a weighted fit, not the best one."""
    few, many = TIMES[::5], TIMES
    sets = {
        "few": {"t": few, "u": np.exp(-few), "noise": 0.02},
        "many": {"t": many, "u": np.exp(-many), "noise": 0.01},
    }
    config = replace(QUICK, weights={"few": 1e-7, "many": 1e-7})
    solution = pinnkit.solve(decay(many, observations=sets), config)
    slopes = [-x * np.exp(-solution.parameters["k"] * x) / s for x, s in ((few, 0.02), (many, 0.01))]
    weights = [np.full(len(x), 1 / len(x)) for x in (few, many)]
    slope, weight = np.concatenate(slopes), np.concatenate(weights)
    gain = weight * slope / np.sum(weight * slope**2)
    spread = told(solution)["parameters"]["k"]["standard_deviation"]
    assert spread == pytest.approx(np.linalg.norm(gain), rel=5e-3)
    assert spread > 1.05 / np.linalg.norm(slope)


def test_parameters_that_stand_in_a_product_alone_are_named() -> None:
    unknowns = {"k": {"start": 1.0, "positive": True}, "c": {"start": 1.2, "positive": True}}
    solution = pinnkit.solve(decay(noisy(1.5), "u_t = -k*c*u", parameters=unknowns), QUICK)
    result = told(solution)
    assert result["parameters"] == {}
    assert "correlation" not in result
    assert result["singular_values"][1] < 1e-6 * result["singular_values"][0]
    assert "do not see `k`, `c` apart, only `k*c`" in result["sentences"][0]


def test_a_parameter_that_the_conditions_determine_has_no_interval() -> None:
    ends = {"start": {"on": "t = 0", "equation": "u = 1"}, "end": {"on": "t = 2", "equation": "u = exp(-3)"}}
    result = told(pinnkit.solve(decay(noisy(1.5), conditions=ends, accept=["final_condition"]), QUICK))
    assert result["parameters"] == {}
    assert "cannot follow a change of `k`" in result["sentences"][0]


def test_a_misfit_beyond_the_noise_is_told() -> None:
    result = told(pinnkit.solve(decay(noisy(1.5, 0.05)), QUICK))
    assert "times what the noise would make it" in result["sentences"][0]
    assert result["parameters"]["k"]["standard_deviation"] < 0.02


def test_nothing_is_said_without_unknown_parameters_or_without_observations() -> None:
    few = replace(QUICK, phases=(LevenbergMarquardt(steps=2),))
    ends = {"start": {"on": "t = 0", "equation": "u = 1"}, "end": {"on": "t = 2", "equation": "u = exp(-3)"}}
    assert told(pinnkit.solve(decay(TIMES, conditions=ends, observations={}, accept=["final_condition"]), few)) == {}
    known = decay(noisy(1.5), parameters={"k": 1.5})
    assert told(pinnkit.solve(known, few)) == {}


def test_combinations_have_names() -> None:
    def sentence(sizes: list[float], direction: list[float], value: float = 0.0) -> str:
        names, own = ["a", "b", "c"][: len(sizes)], np.array(direction) / np.linalg.norm(direction)
        whole = np.linalg.svd(own[None])[2][::-1]
        singular = np.array([*[100.0] * (len(sizes) - 1), value])
        found = not_seen(names, np.array(sizes), singular, np.array([*whole[:-1], own]), 1e-6)
        return found[0] if found else ""

    assert "only `a*b`" in sentence([1.0, 5.0], [1, -1])
    assert "only `a/b`" in sentence([1.0, 5.0], [1, 1])
    assert "only `a*b**2`" in sentence([1.0, 5.0], [2, -1])
    assert "only `a**2*b`" in sentence([1.0, 5.0], [1, -2])
    assert "only `a + b`" in sentence([1.0, 5.0], [5, -1])
    assert "only `a - b`" in sentence([1.0, 5.0], [5, 1])
    assert "by +1 %, `b` by +0.58 % of their values" in sentence([1.0, 5.0], [1, 0.58])
    assert "apart: changes of `a` by" in sentence([1.0, 1.0, 1.0], [1, 1, -1])
    assert sentence([1.0, 1.0, 1.0], [0, 1, 0.02]) == "The observations do not determine `b`."
    assert "hardly determine `a`: its interval is wider" in sentence([1.0, 1.0], [1, 0], 0.5)
    assert sentence([1.0, 1.0], [1, 0], 3.0) == ""


def lorenz(p: np.ndarray, times: np.ndarray) -> np.ndarray:
    def flow(_: float, s: np.ndarray) -> list[float]:
        return [p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]]

    return np.asarray(solve_ivp(flow, (0, times[-1]), [1.0, 1, 1], "DOP853", times, rtol=1e-11, atol=1e-11).y)


def test_three_parameters_of_the_lorenz_system_against_an_integrator() -> None:
    """Covariance and correlation from differences of an independent solution."""
    times, noise = np.linspace(0.05, 0.5, 10), np.array([0.2, 0.3, 0.3])
    x, y, z = lorenz(np.array([10, 28, 8 / 3]), times)
    problem = pinnkit.define(
        name="lorenz", coordinates={"t": [0, 0.5]}, time="t", fields=["x", "y", "z"],
        parameters={"sigma": {"start": 9.8}, "rho": {"start": 28.2}, "beta": {"start": 2.6}},
        equations=["x_t = sigma*(y - x)", "y_t = x*(rho - z) - y", "z_t = x*y - beta*z"],
        conditions={f: {"on": "t = 0", "equation": f"{f} = 1"} for f in "xyz"},
        observations={"seen": {"t": times, "x": x, "y": y, "z": z, "noise": dict(zip("xyz", noise, strict=True))}},
    )  # fmt: skip
    config = replace(
        QUICK,
        points=Sobol(count=100),
        phases=(LevenbergMarquardt(steps=150),),
        observation_weight=1e-6,
        network=MLP(width=8, depth=2),
    )
    solution = pinnkit.solve(problem, config)
    found = np.array(list(solution.parameters.values()))
    steps = 1e-4 * found
    slopes = [(lorenz(found + h, times) - lorenz(found - h, times)) / (2 * h.max()) for h in np.diag(steps)]
    jacobian = np.stack([(s / noise[:, None]).ravel() for s in slopes], axis=1)
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    spread = np.sqrt(np.diag(covariance))
    result = told(solution)
    own = [entry["standard_deviation"] for entry in result["parameters"].values()]
    np.testing.assert_allclose(own, spread, rtol=2e-2)
    np.testing.assert_allclose(result["correlation"], covariance / np.outer(spread, spread), atol=2e-2)
    singular = np.linalg.svd(jacobian * found, compute_uv=False)
    np.testing.assert_allclose(result["singular_values"], singular, rtol=2e-2)


def test_an_interval_ends_at_a_bound_and_holds_its_value() -> None:
    (k,) = decay(TIMES).unknowns
    seen = {"seen": {"u": {"rms": 1.0, "points": 4}}}

    def interval(value: float) -> list[float]:
        own = Sensitivity(np.ones((4, 1)), np.ones(4), (("seen", 0),) * 4, 0.0, np.zeros(1))
        result = uncertainty(own, [k], {"k": value}, seen, {"seen": [True]})
        found: list[float] = result["parameters"]["k"]["interval"]
        return found

    assert interval(0.3) == [0.0, pytest.approx(0.3 + 1.96 * 0.5, abs=1e-4)]
    assert interval(-0.1)[0] == -0.1  # as a further stage may leave it
    assert interval(2.0)[0] == pytest.approx(2 - 1.96 * 0.5, abs=1e-4)


def test_a_large_network_gives_no_intervals() -> None:
    config = replace(QUICK, network=MLP(width=60, depth=2), phases=(LevenbergMarquardt(steps=1),))
    result = told(pinnkit.solve(decay(noisy(1.5)), config))
    assert result == {"parameters": {}, "sentences": [result["sentences"][0]]}
    assert "more than 3000 parameters" in result["sentences"][0]


@pytest.mark.parametrize(
    ("half", "text"),
    [
        (0.00042, "0.09980 ± 0.00042 (95 %)"),
        (12.0, "0 ± 12 (95 %)"),
        (1234.0, "0.0998 ± 1.2e+03 (95 %)"),
        (0.0, "0.0998 in [0.0998, 0.0998] (95 %)"),
    ],
)
def test_a_value_is_written_with_two_digits_of_its_interval(half: float, text: str) -> None:
    assert with_interval(0.0998, {"interval": [0.0998 - half, 0.0998 + half]}) == text
    assert with_interval(0.1, {"interval": [0.0, 0.3]}) == "0.1 in [0, 0.3] (95 %)"


def test_a_run_folder_tells_the_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = decay(noisy(1.5), reference={"exact": {"u": "exp(-k*t)"}, "parameters": {"k": 1.5}}, tolerance=0.1)
    folder = solve_to_folder(
        problem, replace(QUICK, phases=(LevenbergMarquardt(steps=20),)), tmp_path / "run", quiet=True
    )
    result = json.loads((folder / "result.json").read_text("utf-8"))
    text = with_interval(result["parameters"]["k"], result["parameters_uncertainty"]["parameters"]["k"])
    assert text.endswith("(95 %)")
    assert f"Found: k = {text} (reference 1.5)." in capsys.readouterr().out
    report = (folder / "report.html").read_text("utf-8")
    assert text in report
    assert pinnkit.Solution.load(folder).result["parameters_uncertainty"] == result["parameters_uncertainty"]
