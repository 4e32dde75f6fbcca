"""Further stages: what is measured before one, and what it makes of the error.

Satisfied: the scale does not depend on the units of an equation and follows its derivative; the loss of a stage begins
at one half; errors fall by a factor of 100 and more; exact conditions stay exact; a run of stages is saved, loaded and
repeated to the last digit.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.building import Run, build_run
from pinnkit.config import Config, load_config
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import UserError
from pinnkit.networks import MLP, Embedding, Fourier, Scaled
from pinnkit.objective.residuals import indices_of, of_equation
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import RAD, Sobol, Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve, solve_to_folder
from pinnkit.stage import Stage
from pinnkit.staging import lineage, next_run, stage_config
from pinnkit.training import Record

QUICK = Config(
    network=MLP(10, 1, "sin"),
    points=RAD(200),
    condition_points=Sobol(20),
    phases=(LevenbergMarquardt(steps=40),),
    stages=(Stage(network=MLP(12, 2, "sin"), points=RAD(600), phases=(LevenbergMarquardt(steps=60),)),),
    device="cpu",
    threads=1,
    test_points=200,
)
SHORT = replace(
    QUICK,
    phases=(LevenbergMarquardt(steps=3),),
    stages=(Stage(phases=(LevenbergMarquardt(steps=2), Adam(steps=2))), Stage(phases=(LevenbergMarquardt(steps=2),))),
)


def line(factor: float = 1.0, **more: Any) -> Problem:
    """Poisson's equation on a line, in units of one's own."""
    keys = {
        "name": "line",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"k": factor},
        "equations": {"poisson": "k*u_xx = -k*9*pi**2*sin(3*pi*x)"},
        "conditions": {"ends": {"on": boundary(), "equation": "u = 0"}},
        "reference": {"exact": {"u": "sin(3*pi*x)"}},
    }
    return define(**{**keys, **more})


def boundary() -> list[str]:
    return ["x = 0", "x = 1"]


def growth() -> Problem:
    """A nonlinear equation of first order: u = 1/(1 + exp(-4 t))."""
    return define(
        name="growth",
        coordinates={"t": [0, 2]},
        time="t",
        fields=["u"],
        equations={"rate": "u_t = 4*u*(1 - u)"},
        conditions={"start": {"on": "t = 0", "equation": "u = 1/2"}},
        reference={"exact": {"u": "1/(1 + exp(-4*t))"}},
    )


def ring() -> Problem:
    """Heat around a ring, even in x, its start soft where the config says so."""
    return define(
        name="ring",
        coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
        time="t",
        fields=["u"],
        symmetry={"u": "even in x"},
        equations={"heat": "u_t = 0.1*u_xx"},
        conditions={"start": {"on": "t = 0", "equation": "u = cos(pi*x)"}},
        reference={"exact": {"u": "exp(-0.1*pi**2*t)*cos(pi*x)"}},
    )


def second(problem: Problem, config: Config = QUICK) -> tuple[Run, torch.Tensor]:
    """The run of the second stage upon an untrained first one, and where it starts."""
    run = build_run(problem, config)
    made = next_run(config, run, run.trial.layout.start(run.trial.network))
    return made, made.trial.layout.start(made.trial.network)


def error(solution: Solution) -> float:
    return max(e["relative_l2"] for e in solution.result["errors"].values())


@pytest.mark.parametrize("problem", [line(), growth(), ring()], ids=lambda p: p.name)
def test_the_loss_of_a_stage_begins_at_one_half(problem: Problem) -> None:
    run, theta = second(problem, replace(QUICK, hard="none"))
    many = replace(run.assembly, interior=Uniform(4000), faces=Uniform(4000))
    rows = many.draw(theta, np.random.default_rng(8)).rows(theta)
    assert 0.5 * float(rows @ rows) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("factor", [1e-6, 300.0])
def test_units_of_an_equation_change_no_field(factor: float) -> None:
    plain, scaled = second(line())[0], second(line(factor))[0]
    assert scaled.stages[0].scale == pytest.approx(plain.stages[0].scale, rel=1e-5)
    assert scaled.stages[0].stretch == plain.stages[0].stretch
    assert scaled.stages[0].residual == pytest.approx(factor * plain.stages[0].residual, rel=1e-6)


@pytest.mark.parametrize("problem", [line(), growth()], ids=lambda p: p.name)
def test_the_scale_is_that_of_the_equation_s_derivative(problem: Problem) -> None:
    """s = 1000 |r| / |R'(u_base) [D N_start]|, the derivative by reverse mode twice."""
    run, theta = second(problem)
    base = run.trial.base
    assert base is not None
    residual = of_equation(problem.equations[0], problem)
    indices = indices_of([residual], problem)
    (coordinate,) = problem.coordinates
    x = torch.linspace(coordinate.lower, coordinate.upper, 4001, dtype=torch.float64)[:, None]
    fields = base.trial.fixed(base.trial.prepare(x, indices), base.theta)
    added = run.trial.on(replace(base, scale=1.0, start=None))
    direction = added.fixed(added.prepare(x, indices), theta) - fields

    def at(coefficients: torch.Tensor) -> torch.Tensor:
        return residual(Jet(coefficients, indices), x)

    left, answer = torch.autograd.functional.jvp(at, fields, direction)
    assert run.stages[0].scale == pytest.approx(1000 * float(left.norm() / answer.norm()), rel=0.15)


def test_the_frequency_is_that_of_the_residual() -> None:
    """A network that starts flat leaves the source, whose waves are known."""
    source = "u_xx = sin(2*pi*20*x)"
    flat = replace(QUICK, network=MLP(2, 1))
    run = build_run(line(equations={"poisson": source}), flat)
    made = next_run(flat, run, torch.zeros(run.trial.layout.size, dtype=torch.float64))
    assert made.stages[0].waves["x"] == pytest.approx(20, abs=0.1)
    assert made.stages[0].stretch["x"] == pytest.approx(20 * np.pi, rel=0.01)
    assert made.stages[0].residual == pytest.approx(0.5**0.5, rel=0.1)


def test_a_ring_gets_harmonics() -> None:
    run, theta = second(ring())
    found = run.stages[0]
    assert set(found.stretch) == {"t"}
    assert found.harmonics == min(16, max(1, round(found.waves["x"])))
    field = Solution.of(run, theta + 0.1)
    t = np.linspace(0, 1, 7)
    sides = [field.derivative("u_xx", np.column_stack([np.full(7, x), t])) for x in (-1.0, 1.0)]
    np.testing.assert_allclose(*sides, rtol=1e-9, atol=1e-9)


def test_every_stage_has_a_seed_of_its_own() -> None:
    config = replace(QUICK, stages=(Stage(), Stage()))
    seeds = [stage_config(replace(config, seed=s), k).seed for s in (0, 1) for k in (0, 1)]
    assert len({0, 1, *seeds}) == 6


@pytest.mark.parametrize("problem", [line(), growth()], ids=lambda p: p.name)
def test_a_second_stage_lessens_the_error_a_hundredfold(problem: Problem) -> None:
    solution = solve(problem, QUICK)
    assert 1e-9 < solution.result["stages"][0]["relative_l2"] < 1e-3
    assert error(solution) < 0.01 * solution.result["stages"][0]["relative_l2"]
    assert max(solution.result["conditions"].values()) < 1e-13
    alone = solve(problem, replace(QUICK, stages=()))
    assert error(alone) == solution.result["stages"][0]["relative_l2"]


@pytest.mark.parametrize("hard", ["auto", "none"])
def test_soft_conditions_are_learnt_with_weights_of_the_stage(hard: Any) -> None:
    config = replace(QUICK, hard=hard, points=Sobol(200), stages=(replace(QUICK.stages[0], points=Sobol(400)),))
    solution = solve(ring(), config)
    assert error(solution) < 0.1 * solution.result["stages"][0]["relative_l2"]
    weights = solution.config.stages[0].weights
    assert set(weights) == ({"heat", "start"} if hard == "none" else set())
    if hard == "none":
        assert weights != solution.config.weights


@pytest.fixture(scope="module")
def three() -> Solution:
    return solve(ring(), replace(SHORT, hard="none"))


def test_all_stages_are_in_the_result(three: Solution) -> None:
    result = three.result
    assert len(result["stages"]) == 2
    assert result["steps"] == 9
    assert [stop["phase"] for stop in result["stops"]] == [
        "levenberg_marquardt",
        "stage 2: levenberg_marquardt",
        "stage 2: adam",
        "stage 3: levenberg_marquardt",
    ]
    assert [record["step"] for record in three.history] == list(range(1, 10))
    seconds = [record["seconds"] for record in three.history]
    assert seconds == sorted(seconds)
    trials = lineage(three.run.trial, three.theta)
    assert result["network_parameters"] == sum(len(theta) for _, theta in trials)
    assert len(trials) == 3


X = np.random.default_rng(0).random((50, 2)) * [2, 1] - [1, 0]


def test_stages_are_saved_and_loaded_to_the_last_digit(three: Solution, tmp_path: Path) -> None:
    again = Solution.load(three.save(tmp_path / "run"))
    np.testing.assert_array_equal(again(X), three(X))
    np.testing.assert_array_equal(again.derivative("u_xt", X), three.derivative("u_xt", X))
    assert again.run.stages == three.run.stages
    assert again.config == three.config
    once_more = Solution.load(again.save(tmp_path / "again"))
    np.testing.assert_array_equal(once_more(X), three(X))


def test_the_saved_config_repeats_the_run(three: Solution, tmp_path: Path) -> None:
    three.save(tmp_path)
    again = solve(ring(), load_config(tmp_path / "config.yaml"))
    np.testing.assert_array_equal(again(X), three(X))


def test_parameters_of_another_stage_are_refused(three: Solution, tmp_path: Path) -> None:
    three.save(tmp_path)
    file = tmp_path / "checkpoint" / "parameters.pt"
    state = torch.load(file, weights_only=True)
    state["windows"][0]["stages"][1]["theta"] = torch.ones(3)
    torch.save(state, file)
    with pytest.raises(UserError, match=f"does not hold the {len(three.theta)} parameters"):
        Solution.load(tmp_path)


def test_a_trained_start_adds_nothing_and_then_what_no_damped_step_could() -> None:
    """Five linear least-squares steps in the network's own derivatives, against forty more steps of the network."""
    steps = (LevenbergMarquardt(steps=30),)
    again = Stage(start="trained", phases=(LevenbergMarquardt(steps=6),))
    config = replace(QUICK, network=MLP(12, 2, "tanh"), points=RAD(400), phases=steps, stages=())
    alone = solve(line(), replace(config, phases=(LevenbergMarquardt(steps=70),)))
    first, both = solve(line(), config), solve(line(), replace(config, stages=(again,)))
    told = both.result["stages"][0]
    assert told["trained"]
    assert told["relative_l2"] == first.errors()["u"]["relative_l2"]
    assert both.errors()["u"]["relative_l2"] < 0.1 * min(told["relative_l2"], alone.errors()["u"]["relative_l2"])


@pytest.mark.parametrize("embedding", [Scaled(), Fourier(count=5, scale=2.0)])
def test_a_trained_start_is_saved_and_loaded(embedding: Embedding, tmp_path: Path) -> None:
    """Its fields are those of the stage before, plus the difference of one network at two parameters."""
    again = Stage(start="trained", phases=(LevenbergMarquardt(steps=2),))
    few = replace(QUICK, embedding=embedding, phases=(LevenbergMarquardt(steps=8),), stages=(again, again))
    solution = solve(line(), few)
    x = np.linspace(0, 1, 7)[:, None]
    (_, first), (second, theta), (third, last) = lineage(solution.run.trial, solution.theta)
    assert second.base is not None
    assert torch.equal(second.base.start, first)
    assert third.base is not None
    assert torch.equal(third.base.start, theta)
    assert not torch.equal(last, theta)
    solution.save(tmp_path / "run")
    assert np.array_equal(Solution.load(tmp_path / "run")(x), solution(x))


def test_stages_are_told_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solve_to_folder(line(), SHORT, tmp_path / "run")
    said = capsys.readouterr().err
    assert "\nstage 2: 481 parameters, x stretched by " in said
    assert "\nstage 3: 481 parameters, x stretched by " in said
    assert "step 9/9" in said
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert [set(found) for found in result["stages"]] == [
        {"residual", "waves", "stretch", "harmonics", "scale", "relative_l2", "trained"}
    ] * 2
    assert (tmp_path / "run" / "figures" / "losses.png").is_file()


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (Stage(weights={"poison": 2.0}), "unknown term `poison` in `weights`"),
        (Stage(phases=(LevenbergMarquardt(precision="float32"),)), "loses its digits in float32"),
    ],
)
def test_a_stage_that_cannot_be_run_is_refused_before_the_first(stage: Stage, sentence: str) -> None:
    told: list[Record] = []
    with pytest.raises(UserError, match=sentence):
        solve(line(), replace(QUICK, stages=(Stage(), stage)), told.append)
    assert told == []


def test_a_run_interrupted_before_its_last_stage_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Adam, "step", interrupted)
    solution = solve(line(), SHORT)
    assert solution.result["stopped_because"] == "interrupted"
    assert len(solution.result["stages"]) == 1
    again = Solution.load(solution.save(tmp_path))
    x = np.linspace(0, 1, 9)[:, None]
    np.testing.assert_array_equal(again(x), solution(x))
    assert len(again.config.stages) == 2
