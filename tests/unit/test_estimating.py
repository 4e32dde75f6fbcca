"""The error by the linearised equation: what it tells, and when it tells nothing.

Theorems: of a linear problem the error e = u - u* satisfies F'(u) e = F(u) exactly, so that the estimate is the error
to the share of the residual that is left; of any other to first order in e. What moves with the fields, such as an
output or an unknown parameter, moves by its own error. A residual that rounding makes tells nothing.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pinnkit
from pinnkit import cli
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.estimating import LEFT, estimate, require_estimable
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.problem import Problem
from pinnkit.stage import Stage
from pinnkit.windows import Windows

QUICK = Config(
    network=MLP(width=12, depth=2),
    points=Sobol(count=400),
    condition_points=Sobol(count=16),
    phases=(LevenbergMarquardt(steps=8),),
    device="cpu",
    threads=1,
    test_points=100,
)
LONG = replace(QUICK, phases=(LevenbergMarquardt(steps=80),))


def decay(**changes: object) -> Problem:
    """u' = -k u^2 from u(0) = 1: u = 1/(1 + k t)."""
    keys: dict[str, object] = {
        "name": "decay",
        "coordinates": {"t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"k": 2.0},
        "equations": {"rate": "u_t + k*u*u = 0"},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 1"}},
        "outputs": {"end": "value(u, t = 1)"},
        "reference": {"exact": {"u": "1/(1 + k*t)"}},
    }
    return pinnkit.define(**{**keys, **changes})


def membrane() -> Problem:
    """u_xx + u_yy = f with u = 0 around, soft."""
    return pinnkit.define(
        name="membrane",
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        equations={"load": "laplace(u) = -2*pi^2*sin(pi*x)*sin(pi*y)"},
        conditions={"rim": {"on": "boundary", "equation": "u = 0"}},
        outputs={"middle": "value(u, x = 0.5, y = 0.5)"},
        reference={"exact": {"u": "sin(pi*x)*sin(pi*y)"}},
    )


@pytest.mark.parametrize("hard", ["auto", ()])
def test_of_a_linear_problem_it_is_the_error(hard: object) -> None:
    config = replace(QUICK, hard=hard)
    solution = pinnkit.solve(membrane(), config)
    told = estimate(solution, replace(LONG, hard=hard))
    true = solution.errors()["u"]["relative_l2"]
    assert told.silence is None
    assert told.left < 0.1
    assert told.relative_l2["u"] == pytest.approx(true, rel=0.1)
    assert told.moved is not None
    assert told.moved.errors()["u"]["relative_l2"] < 0.1 * true
    middle = solution.outputs()["middle"]
    assert isinstance(middle, float)
    assert told.outputs["middle"] == pytest.approx(abs(middle - 1.0), rel=0.1)


def test_of_another_problem_it_is_the_error_to_first_order() -> None:
    solution = pinnkit.solve(decay(), QUICK)
    told = estimate(solution, LONG)
    assert told.relative_l2["u"] == pytest.approx(solution.errors()["u"]["relative_l2"], rel=0.05)
    assert "an estimate of the error, and no proof" in str(told)


def test_an_unknown_parameter_moves_by_its_error() -> None:
    """Two values at the ends fix the rate."""
    ends = {"start": {"on": "t = 0", "equation": "u = 1"}, "end": {"on": "t = 1", "equation": "u = 1/3"}}
    problem = decay(
        parameters={"k": {"start": 1.0}}, conditions=ends, reference=None, outputs={}, accept=["final_condition"]
    )
    solution = pinnkit.solve(problem, replace(QUICK, phases=(LevenbergMarquardt(steps=5),)))
    told = estimate(solution, LONG)
    assert told.silence is None
    assert told.parameters["k"] == pytest.approx(abs(solution.parameters["k"] - 2.0), rel=0.1)


def test_it_stands_on_all_stages() -> None:
    stage = Stage(network=MLP(width=10), phases=(LevenbergMarquardt(steps=2),))
    staged = replace(QUICK, phases=(LevenbergMarquardt(steps=4),), stages=(stage,))
    solution = pinnkit.solve(decay(), staged)
    told = estimate(solution, replace(LONG, stages=staged.stages))
    assert told.silence is None
    assert told.relative_l2["u"] == pytest.approx(solution.errors()["u"]["relative_l2"], rel=0.1)


def test_a_residual_of_rounding_tells_nothing() -> None:
    problem = pinnkit.load_problem("legendre")
    told = estimate(pinnkit.solve(problem, pinnkit.load_config(problem.config, ["threads=1"])))
    assert "the residual is rounding" in str(told)
    assert dict(told.relative_l2) == {}
    assert told.moved is None


def test_a_network_that_explains_little_tells_nothing() -> None:
    told = estimate(pinnkit.solve(membrane(), QUICK), replace(QUICK, phases=(Adam(steps=1),)))
    assert told.left > LEFT
    assert "its second network left 1" in str(told)


@pytest.mark.parametrize(
    ("problem", "config", "message"),
    [
        (decay(), replace(QUICK, windows=Windows(count=2)), "one window of time, not several"),
        (pinnkit.load_problem("infinite_well"), QUICK, "mixture of states of nearly one energy"),
        (
            decay(observations={"seen": {"points": [[0.2], [0.4]], "u": [0.7, 0.55]}}),
            QUICK,
            "what is wrong with observations",
        ),
    ],
)
def test_what_it_cannot_tell_is_refused(problem: Problem, config: Config, message: str) -> None:
    with pytest.raises(UserError, match=message):
        require_estimable(problem, config)


def test_the_command_writes_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    cli_run("solve", "oscillator", "--set", "phases.0.steps=30", "--estimate", "--out", str(out))
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    found, true = result["estimate"]["relative_l2"]["u"], result["errors"]["u"]["relative_l2"]
    assert result["estimate"]["silence"] is None
    assert abs(np.log10(found / true)) < 1
    assert f"{found:.2g} in `u`" in result["reasons"][-1]
    assert (out / "figures" / "estimated_error" / "curves.png").is_file()
    assert "linearised equation" in (out / "report.html").read_text(encoding="utf-8")
    assert "estimating: the linearised equation, by" in capsys.readouterr().err


def cli_run(*arguments: str) -> None:
    """A command that ends well."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(arguments))
    assert stopped.value.code in (0, None)
