"""The hand-over between windows of time: where fields go on, and what is asked where they do not by themselves."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.formulation.handover import require_marchable
from pinnkit.marching import Window, jump, window_run
from pinnkit.networks import MLP
from pinnkit.optimizers import Adam, LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve
from pinnkit.stage import Stage
from pinnkit.windows import Windows

EDGE = 0.35

QUICK = Config(
    network=MLP(6, 2, "sin"),
    points=Sobol(32),
    condition_points=Sobol(8),
    phases=(LevenbergMarquardt(steps=2),),
    windows=Windows(edges=(0.0, EDGE, 0.6, 1.0)),
    device="cpu",
    threads=1,
    test_points=50,
)


def heat(**more: Any) -> Problem:
    """First order in time, with walls whose values change in time."""
    keys = {
        "name": "heat",
        "coordinates": {"x": [0, 1], "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "equations": {"heat": "u_t = 0.1*u_xx + u*u_x"},
        "conditions": {
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "left": {"on": "x = 0", "equation": "u = sin(3*t)"},
            "right": {"on": "x = 1", "equation": "u = t**2"},
        },
    }
    return define(**{**keys, **more})


def wave() -> Problem:
    """Second order in time, with a wall that moves."""
    return define(
        name="wave",
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"wave": "u_tt = u_xx"},
        conditions={
            "shape": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "rest": {"on": "t = 0", "equation": "u_t = 2*x"},
            "left": {"on": "x = 0", "equation": "u = 0"},
            "right": {"on": "x = 1", "equation": "u = 2*t + t**3"},
        },
    )


def mirrored() -> Problem:
    """Odd in x and periodic."""
    return heat(
        name="mirrored",
        coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
        symmetry={"u": "odd in x"},
        conditions={"start": {"on": "t = 0", "equation": "u = sin(pi*x)"}},
    )


def mixed() -> Problem:
    """Of two fields one has no derivative by time."""
    return heat(
        name="mixed",
        fields=["p", "u"],
        equations={"heat": "u_t = u_xx + p", "pressure": "p_xx = u"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = 0", "x = 1"], "equation": "u = 0"},
            "push": {"on": ["x = 0", "x = 1"], "equation": "p = cos(t)"},
        },
    )


def oscillator() -> Problem:
    return define(
        name="oscillator",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"swing": "u_tt + 9*u = 0"},
        conditions={"place": {"on": "t = 0", "equation": "u = 1"}, "speed": {"on": "t = 0", "equation": "u_t = 2"}},
    )


def sides(solution: Solution, name: str, when: float, number: int) -> tuple[np.ndarray, np.ndarray]:
    """A derivative at the end of a window and at the start of the next."""
    problem = solution.problem
    points = np.random.default_rng(1).random((40, len(problem.coordinates)))
    for column, c in enumerate(problem.coordinates):
        points[:, column] = c.lower + points[:, column] * c.length
    points[:, problem.index("t")] = when
    partial = problem.scope.partial(name)
    assert partial is not None
    column = problem.fields.index(partial.field)
    before, after = (
        w.run.trial.derivative(points, partial.orders, w.theta)[:, column]
        for w in solution.windows[number : number + 2]
    )
    return before, after


@pytest.mark.parametrize("engine", ["jet", "autograd"])
@pytest.mark.parametrize(
    ("problem", "hard", "exact", "free"),
    [
        (heat(), "auto", ["u", "u_x", "u_xx", "u_xxx"], "u_t"),
        (wave(), "all", ["u", "u_x", "u_xx", "u_t", "u_xt", "u_xxt"], "u_tt"),
        (mirrored(), "auto", ["u", "u_x", "u_xx"], "u_t"),
        (mixed(), "auto", ["u", "u_x", "u_xx"], "p"),
        (oscillator(), "auto", ["u", "u_t"], "u_tt"),
    ],
    ids=lambda value: value.name if isinstance(value, Problem) else "",
)
def test_what_is_handed_over_goes_on_exactly(
    problem: Problem, hard: Any, exact: list[str], free: str, engine: Any
) -> None:
    """Also from the second window, which goes on from a first one itself; what is not handed over does jump."""
    solution = solve(problem, replace(QUICK, hard=hard, derivatives=engine))
    for number, when in enumerate((EDGE, 0.6)):
        for name in exact:
            before, after = sides(solution, name, when, number)
            np.testing.assert_allclose(after, before, rtol=1e-11, atol=1e-10 * max(1.0, np.max(np.abs(before))))
        before, after = sides(solution, free, when, number)
        assert np.max(np.abs(after - before)) > 1e-6
    for found in solution.result["windows"][1:]:
        assert found["jump"]
        assert max(found["jump"].values()) < 1e-11
    # Walls stay exact after the hand-over.
    named = {name: value for name, value in solution.result["conditions"].items() if name in solution.result["exact"]}
    assert named
    assert max(named.values()) < 1e-11


def test_the_engines_agree_after_a_hand_over() -> None:
    solution = solve(wave(), replace(QUICK, hard="all"))
    first, second, _ = solution.windows
    config = replace(QUICK, hard="all", derivatives="autograd")
    other = window_run(wave(), config, [first], trains=False)
    points = np.random.default_rng(3).random((30, 2)) * [1.0, 0.25] + [0.0, EDGE]
    for orders in ((0, 0), (2, 0), (0, 2), (1, 1), (2, 1)):
        np.testing.assert_allclose(
            other.trial.derivative(points, orders, second.theta),
            second.run.trial.derivative(points, orders, second.theta),
            rtol=1e-9,
            atol=1e-9,
        )


@pytest.mark.parametrize("problem", [heat(), wave()], ids=lambda p: p.name)
def test_derivatives_in_a_later_window_are_quotients_of_differences(problem: Problem) -> None:
    solution = solve(problem, replace(QUICK, hard="all"))
    points = np.array([[0.3, 0.45], [0.7, 0.5], [0.2, 0.9]])
    step = np.array([0.0, 1e-5])
    quotient = (solution(points + step) - solution(points - step))[:, 0] / 2e-5
    np.testing.assert_allclose(solution.derivative("u_t", points), quotient, rtol=1e-7, atol=1e-7)


def test_a_trained_stage_in_every_window_keeps_the_hand_over() -> None:
    stages = (Stage(network=MLP(5, 1, "sin"), phases=(LevenbergMarquardt(steps=2),)), Stage(start="trained"))
    solution = solve(heat(), replace(QUICK, stages=stages))
    assert [len(window.run.stages) for window in solution.windows] == [2, 2, 2]
    for number, when in enumerate((EDGE, 0.6)):
        for name in ("u", "u_x", "u_xx"):
            before, after = sides(solution, name, when, number)
            np.testing.assert_allclose(after, before, rtol=1e-10, atol=1e-10)


def test_a_phase_in_float32_goes_on_as_far_as_it_can_tell() -> None:
    solution = solve(heat(), replace(QUICK, phases=(Adam(steps=3, precision="float32"), LevenbergMarquardt(steps=1))))
    last = solution.windows[-1]
    single = last.run.trial.in_precision(torch.float32)
    points = np.random.default_rng(1).random((20, 2)) * [1.0, 0.4] + [0.0, 0.6]
    found = single.derivative(points, (1, 1), last.theta.float())
    np.testing.assert_allclose(found, last.run.trial.derivative(points, (1, 1), last.theta), rtol=1e-4, atol=1e-4)
    assert max(v for w in solution.result["windows"][1:] for v in w["jump"].values()) < 1e-12


@pytest.mark.parametrize("problem", [heat(), wave(), mixed()], ids=lambda p: p.name)
def test_soft_hand_over_rows_are_what_is_missing(problem: Problem) -> None:
    """Rows of the conditions of the start, by their own names: the root of their weight times u - u_before, and u_t."""
    weights = {"start": 4.0} if problem.name != "wave" else {"shape": 4.0, "rest": 9.0}
    config = replace(QUICK, hard="none", weights=weights, balance=False)
    solution = solve(problem, config)
    first, second, _ = solution.windows
    run = second.run
    objective = run.assembly.draw(second.theta, np.random.default_rng(5))
    assert {c.name for c in problem.conditions} <= set(objective.terms)
    names = {"start": "u", "shape": "u", "rest": "u_t"}
    seen = set()
    for block in objective.chunks:
        (term, *_) = block.terms
        if term not in names:
            continue
        seen.add(term)
        points = block.prepared.points.numpy()  # type: ignore[attr-defined]
        assert (points[:, 1] == EDGE).all()
        partial = problem.scope.partial(names[term])
        assert partial is not None
        column = problem.fields.index(partial.field)
        after = run.trial.derivative(points, partial.orders, second.theta)[:, column]
        before = first.run.trial.derivative(points, partial.orders, first.theta)[:, column]
        wanted = np.sqrt(weights[term] / len(points)) * (after - before)
        np.testing.assert_allclose(block.values(second.theta).numpy(), wanted, rtol=1e-9, atol=1e-13)
        assert np.max(np.abs(wanted)) > 1e-6
    assert seen == set(weights)


def test_the_largest_jump_is_measured_in_every_handed_over_derivative() -> None:
    problem = wave()
    first, second, *_ = solve(problem, replace(QUICK, hard="none")).windows
    found = jump(first, second, np.random.default_rng(0), 4000)
    assert set(found) == {"u", "u_t"}
    x = np.column_stack([np.linspace(0, 1, 2001), np.full(2001, EDGE)])
    for name, orders in (("u", (0, 0)), ("u_t", (0, 1))):
        apart = first.run.trial.derivative(x, orders, first.theta) - second.run.trial.derivative(
            x, orders, second.theta
        )
        assert found[name] == pytest.approx(np.max(np.abs(apart)), rel=1e-2)


def test_many_windows_hand_over_without_running_out_of_stack() -> None:
    problem = heat(conditions={"start": {"on": "t = 0", "equation": "u = sin(pi*x)"}})
    config = replace(QUICK, network=MLP(2, 1), windows=Windows(count=220))
    windows: list[Window] = []
    for _ in range(220):
        run = window_run(problem, config, windows, trains=False)
        windows.append(Window(run, run.trial.layout.start(run.trial.network)))
    last = windows[-1]
    points = np.array([[0.3, 1.0], [0.6, 1.0]])
    assert np.isfinite(last.run.trial.derivative(points, (2, 0), last.theta)).all()
    assert np.isfinite(last.run.trial.in_precision(torch.float32).derivative(points, (2, 0), last.theta.float())).all()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time": None}, "has no `time`, and `windows` divide it"),
        (
            {
                "conditions": {
                    "start": {"on": "t = 0", "equation": "u = 0"},
                    "goal": {"on": "t = 1", "equation": "u = 0"},
                }
            },
            "condition `goal` holds at the end of time, and `windows` go on from the start alone",
        ),
        ({"conditions": {"left": {"on": "x = 0", "equation": "u = 0"}}}, "has no condition at the start of time"),
    ],
)
def test_what_windows_cannot_march_through_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        require_marchable(heat(**changes))
