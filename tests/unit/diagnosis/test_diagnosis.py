"""What ails a run: each symptom is found where it is, not found where it is not, and its option can be taken.

1. Losses: broken, cut short, rising, a wrong minimum.
2. Groups: conflict, imbalance, idle and losing ones; opposite gradients at a minimum are no conflict.
3. Residual map, causal weights, spectrum.
4. Every option loads as `--set` takes it, and every symptom is on the page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pinnkit.building import build_run
from pinnkit.config import Config, dump_config, load_config
from pinnkit.diagnosis import Case, Finding, diagnosis_of
from pinnkit.diagnosis.causality import causality
from pinnkit.diagnosis.conditions import conditions
from pinnkit.diagnosis.conflict import conflict
from pinnkit.diagnosis.course import course
from pinnkit.diagnosis.residual_map import residual_map
from pinnkit.diagnosis.spectrum import spectrum
from pinnkit.marching import Window
from pinnkit.networks import MLP
from pinnkit.objective.causal import Causal
from pinnkit.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.results.solution import Solution
from pinnkit.training import train

PAGE = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")


def solution(
    optimizer: Optimizer | None = None,
    source: str = "1 + 0*x",
    points: int = 200,
    width: int = 5,
    history: Sequence[Mapping[str, Any]] = (),
    result: Mapping[str, Any] | None = None,
    **more: Any,
) -> Solution:
    """A heated rod that was hardly trained."""
    problem = define(
        name="rod",
        coordinates={"x": [0, 1], "t": [0, 2]},
        time="t",
        fields=["u"],
        equations={"balance": f"u_t = u_xx + {source}"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = 0"},
            "ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
        },
    )
    phases = (optimizer if optimizer is not None else Adam(steps=40, lr=0.01),)
    config = Config(MLP(width, 1), points=Uniform(points), condition_points=Uniform(20), phases=phases, hard="none")
    run = build_run(problem, replace(config, **more))
    theta = run.trial.layout.start(run.trial.network)
    return Solution(problem, run.config, [Window(run, theta)], result, history)


def trained(own: Solution) -> Solution:
    """The same after its phases."""
    run, theta = own.run, own.theta
    phases = [("adam", phase) for phase in run.config.phases]
    made = train(run.assembly, theta, phases, 0, np.random.default_rng(0))
    return Solution(own.problem, own.config, [Window(run, made.theta)])


def steps(losses: Sequence[float], **more: Any) -> list[dict[str, Any]]:
    return [{"step": k, "phase": "adam", "loss": loss, "window": None, **more} for k, loss in enumerate(losses, 1)]


def only(found: Sequence[Finding], solved: Solution, tmp_path: Path) -> Finding:
    """The one finding, whose option can be taken."""
    (finding,) = found
    assert f"`{finding.symptom}`" in PAGE
    if finding.option is not None:
        (tmp_path / "config.yaml").write_text(dump_config(solved.config), encoding="utf-8")
        assert load_config(tmp_path / "config.yaml", [finding.option]) != solved.config
        assert f"Try `--set '{finding.option}'`." in str(finding)
    return finding


def test_a_run_that_was_cut_while_its_loss_fell(tmp_path: Path) -> None:
    falling = steps([0.9**k for k in range(40)])
    own = solution(history=falling, result={"stopped_because": "all 40 steps made"})
    assert only(list(course(Case(own))), own, tmp_path).option == "phases.0.steps=160"
    own = solution(Adam(seconds=3.0), history=falling, result={"stopped_because": "its 3 s are over"})
    assert only(list(course(Case(own))), own, tmp_path).option == "phases.0.seconds=12"
    own = solution(history=falling, result={"stopped_because": "converged"})
    assert list(course(Case(own))) == []
    own = solution(history=steps([1.0] * 40), result={"stopped_because": "all 40 steps made"})
    assert list(course(Case(own))) == []


def test_a_loss_that_rose_or_broke(tmp_path: Path) -> None:
    own = solution(history=steps([1.1**k for k in range(40)]), result={"stopped_because": "all 40 steps made"})
    found = only(list(course(Case(own))), own, tmp_path)
    assert (found.symptom, found.option) == ("rising", "phases.0.lr=0.001")
    broken = {"stopped_because": "the loss is no longer finite; not finite: balance"}
    own = solution(history=steps([1.0]), result=broken)
    assert only(list(course(Case(own))), own, tmp_path).symptom == "broken"
    own = solution(LevenbergMarquardt(), history=steps([1.0]), result={**broken, "precision": "float64"})
    assert only(list(course(Case(own))), own, tmp_path).option is None


def test_a_small_residual_beside_a_large_error(tmp_path: Path) -> None:
    result = {"errors": {"u": {"relative_l2": 0.4}}, "residuals": {"balance": 1e-5}}
    own = solution(result=result)
    assert only(list(course(Case(own))), own, tmp_path).symptom == "wrong minimum"
    for errors, residual in ((0.4, 0.1), (1e-4, 1e-5)):
        own = solution(result={"errors": {"u": {"relative_l2": errors}}, "residuals": {"balance": residual}})
        assert list(course(Case(own))) == []


def test_violated_conditions(tmp_path: Path) -> None:
    own = solution(result={"conditions": {"start": 50.0, "ends": 1e-9}}, weights={"start": 2.0})
    assert only(list(conditions(Case(own))), own, tmp_path).option == "weights.start=200"
    own = solution(result={"conditions": {"start": 50.0}}, hard="all")
    assert list(conditions(Case(own))) == []


def fought(norms: Mapping[str, float], cosine: float, shares: Mapping[str, float]) -> list[dict[str, Any]]:
    own = {"norms": dict(norms), "cosines": {"pde | bc": cosine}, "shares": dict(shares)}
    return steps([1.0] * 10, conflicts=own)


EVEN = {"pde": 0.5, "bc": 0.5}


def test_gradients_that_oppose_each_other(tmp_path: Path) -> None:
    own = solution(history=fought({"pde": 2.0, "bc": 1.0}, -0.8, EVEN))
    found = only(list(conflict(Case(own))), own, tmp_path)
    assert (found.symptom, found.option) == ("conflict", "aggregator=config")
    assert "`pde` and `bc`" in found.sentence
    for history, optimizer in (
        (fought({"pde": 2.0, "bc": 1.0}, 0.1, EVEN), Adam()),
        (fought({"pde": 1.0, "bc": 1.0}, -0.9999, EVEN), Adam()),  # at a minimum
        (fought({"pde": 2.0, "bc": 1.0}, -0.8, EVEN), LevenbergMarquardt()),
    ):
        assert list(conflict(Case(solution(optimizer, history=history)))) == []


def test_groups_that_have_no_part(tmp_path: Path) -> None:
    own = solution(history=fought({"pde": 500.0, "bc": 1.0}, 0.1, EVEN))
    found = only(list(conflict(Case(own))), own, tmp_path)
    assert (found.symptom, found.option) == ("imbalance", "weighting=grad_norm")
    own = solution(history=fought({"pde": 1.0, "bc": 1.0}, 0.1, {"pde": 0.999, "bc": 0.001}))
    assert only(list(conflict(Case(own))), own, tmp_path).symptom == "idle"
    own = solution(history=fought({"pde": 1.0, "bc": 1.0}, 0.1, {"pde": 0.8, "bc": -0.2}))
    assert only(list(conflict(Case(own))), own, tmp_path).symptom == "losing"


def test_where_the_residual_is(tmp_path: Path) -> None:
    own = solution(source="100*exp(-1000*(x - 0.73)**2)")
    found = only(list(residual_map(Case(own))), own, tmp_path)
    assert found.option == "points={name: rad, count: 400}"
    where = re.search(r"where x is from (0\.\d+) to (0\.\d+)", found.sentence)
    assert where is not None
    low, high = map(float, where.groups())
    assert low < 0.76
    assert high > 0.7
    assert list(residual_map(Case(solution(source="100 + 0*x")))) == []


def test_times_that_causal_weights_held_back(tmp_path: Path) -> None:
    shut = steps([1.0], causal={"epsilon": 10.0, "weights": [1.0, 0.9, 0.05, 1e-6]})
    own = solution(history=shut, causal=Causal(epsilons=(1.0, 10.0)))
    found = only(list(causality(Case(own))), own, tmp_path)
    assert "from t = 1 on" in found.sentence
    assert found.option == "causal.epsilons=[0.1, 1]"
    opened = steps([1.0], causal={"epsilon": 10.0, "weights": [1.0, 0.99]})
    assert list(causality(Case(solution(history=opened, causal=Causal())))) == []


def test_the_spectrum(tmp_path: Path) -> None:
    own = solution(points=10, width=30)
    assert only(list(spectrum(Case(own))), own, tmp_path).symptom == "few points"
    own = solution(source="100*sin(40*x)*cos(30*t)", width=2, optimizer=LevenbergMarquardt())
    assert only(list(spectrum(Case(own))), own, tmp_path).symptom == "too small"
    adam = Adam(steps=600, lr=0.01)
    case = Case(trained(solution(adam, source="10*x*t", points=400, width=12)))
    own = case.solution
    found = only(list(spectrum(case)), own, tmp_path)
    assert found.symptom == "ill-conditioned"
    many = replace(own.run.config.phases[0], steps=10**8)
    run = replace(own.run, config=replace(own.run.config, phases=(many,)))
    assert list(spectrum(Case(Solution(own.problem, run.config, [Window(run, own.theta)])))) == []
    seen = case.spectrum
    assert seen is not None
    assert float(seen.parts.sum()) <= 1.0 + 1e-12
    assert list(seen.values) == sorted(seen.values, reverse=True)
    own = solution(LevenbergMarquardt(), source="10*x*t", points=400, width=12)
    assert only(list(spectrum(Case(own))), own, tmp_path).symptom == "room left"


def test_a_whole_diagnosis_reads_as_text() -> None:
    result = {"verdict": "not verified", "reasons": ["It was not trained."]}
    lines = str(diagnosis_of(solution(points=10, width=30, result=result))).splitlines()
    assert lines[0] == "rod: not verified. It was not trained."
    assert len(lines) > 1
    assert all(line.startswith("- ") for line in lines[1:])
    assert str(diagnosis_of(solution(source="100 + 0*x", result=result))).endswith("\nNothing stands out.")
