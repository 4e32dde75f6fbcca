"""The Fourier and ETDRK4 reference.

Satisfied: modes of linear equations are exact at any step; solitons and two coupled fields in closed form are met
within the stated accuracy; the order in time is four, and six with extrapolation; one and two coordinates agree;
fields without a time derivative follow from the others; what it cannot treat is refused by its first feature.
"""

from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.verification import ReferenceSolution, reference_for, relative_l2
from pinnkit.verification.etdrk4 import ETDRK4, _extrapolated
from pinnkit.verification.evolution import read_evolution
from pinnkit.verification.exponential_steps import CoxMatthewsStep
from pinnkit.verification.wave_operator import WaveOperator


def ring(equation: str, start: str, end: float = 1.0, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "ring",
        "coordinates": {"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, end]},
        "time": "t",
        "fields": ["u"],
        "equations": {"rate": equation},
        "conditions": {"start": {"on": "t = 0", "equation": start}},
        "reference": {"method": "etdrk4"},
    }
    return define(**{**keys, **more})


def solved(problem: Problem) -> ReferenceSolution:
    reference = reference_for(problem)
    assert reference is not None
    return reference


def scattered(problem: Problem, count: int = 60) -> np.ndarray:
    lower, upper = (np.array([getattr(c, end) for c in problem.coordinates]) for end in ("lower", "upper"))
    return lower + (upper - lower) * np.random.default_rng(0).random((count, len(lower)))


@pytest.mark.parametrize("steps", [1, 7])
def test_modes_of_linear_equations_are_exact_at_any_step(steps: int) -> None:
    problem = ring("u_t + 3*u_x = 0.1*u_xx - 0.02*u_xxxx + 0.5*u", "u = sin(2*x)")
    x, t = scattered(problem).T
    found = ETDRK4(waves=16, steps=steps).solve(problem).values(scattered(problem))[:, 0]
    np.testing.assert_allclose(found, np.exp((0.5 - 0.4 - 0.32) * t) * np.sin(2 * (x - 3 * t)), atol=1e-13)


def test_a_soliton_stays_one() -> None:
    """u = 12 k^2 sech^2(k (x - pi - 4 k^2 t)) of u_t + u u_x + u_xxx = 0, whose tails do not see the ring's ends."""
    k = 5.0
    problem = ring("u_t + u*u_x + u_xxx = 0", "u = 12*k**2/cosh(k*(x - 3))**2", 0.004, parameters={"k": k})
    reference = ETDRK4(accuracy=1e-5, waves=128).solve(problem)
    x, t = scattered(problem).T
    truth = 12 * k**2 / np.cosh(k * (x - 3 - 4 * k**2 * t)) ** 2
    error = relative_l2(reference.values(scattered(problem)), truth[:, None])[0]
    assert error <= reference.accuracy
    assert reference.accuracy <= 1e-5


def test_two_fields_that_feed_each_other() -> None:
    """u + v decays and u - v oscillates in x; the right side depends on t and x as well."""
    problem = ring(
        "u_t = 0.1*u_xx + v*cos(t)",
        "u = sin(x)",
        fields=["u", "v"],
        equations={
            "first": "u_t + v_t = 0.1*u_xx + 0.1*v_xx + (u + v)*cos(t)",
            "second": "u_t - v_t = 0.1*(u_xx - v_xx)",
        },
        conditions={
            "u": {"on": "t = 0", "equation": "u = sin(x)"},
            "v": {"on": "t = 0", "equation": "v = cos(x)"},
        },
    )
    reference = solved(problem)
    x, t = scattered(problem).T
    total, other = np.sin(x) + np.cos(x), np.sin(x) - np.cos(x)
    decay = np.exp(-0.1 * t)
    truth = 0.5 * decay[:, None] * np.stack([total * np.exp(np.sin(t)) + other, total * np.exp(np.sin(t)) - other], 1)
    assert relative_l2(reference.values(scattered(problem)), truth).max() <= 10 * reference.accuracy
    assert reference.accuracy <= 1e-9


def test_a_step_has_order_four_and_its_extrapolation_order_six() -> None:
    """v' = L v + v^2 with L = -30 has the solution v = L / (C e^(-L t) - 1) with C = 1 + L / v(0)."""
    rate, end = -30.0, 0.5
    truth = rate / ((1 + rate / 20) * np.exp(-rate * end) - 1)

    def error(steps: int) -> float:
        step, v = CoxMatthewsStep(WaveOperator(np.array([rate + 0j])), end / steps), np.array([20.0])
        for number in range(steps):
            v = step(v, number * end / steps, lambda v, t: v**2)
        return float(v[0]) / truth - 1

    errors = np.array([error(steps) for steps in (20, 40, 80, 160, 320)])
    assert np.all(np.abs(np.log2(np.abs(errors[1:-1] / errors[2:])) - 4.0) < 0.25)
    better = np.array([abs(_extrapolated([np.array([e]) for e in errors[i : i + 3]])[0]) for i in range(3)])
    assert np.all(np.abs(np.log2(better[:-1] / better[1:]) - 6.0) < 0.6)
    assert better[-1] < 1e-9


BOX: dict[str, Any] = {"range": [0, "2*pi"], "periodic": True}
PLANE: dict[str, Any] = {
    "coordinates": {"x": BOX, "y": BOX, "t": [0, 1]},
    "parameters": {"nu": 0.05},
    "reference": {"method": "etdrk4", "waves": 16, "steps": 8},
}
VORTICITY: dict[str, Any] = {
    **PLANE,
    "fields": ["u", "v", "w"],
    "equations": {
        "vorticity": "w_t + u*w_x + v*w_y = nu*(w_xx + w_yy)",
        "curl": "w = v_x - u_y",
        "mass": "u_x + v_y = 0",
    },
}
STREAM: dict[str, Any] = {
    **PLANE,
    "fields": ["p", "w"],
    "equations": {"vorticity": "w_t + p_y*w_x - p_x*w_y = nu*(w_xx + w_yy)", "stream": "p_xx + p_yy = -w"},
}


def test_taylor_green_by_velocities_and_by_a_stream_function() -> None:
    """Vortices that decay: w = 2 cos x cos y e^(-2 nu t), with u, v and the stream function that belong to it."""
    start = {"start": {"on": "t = 0", "equation": "w = 2*cos(x)*cos(y)"}}
    by_velocities = ring("", "", **{**VORTICITY, "conditions": start})
    by_stream = ring("", "", **{**STREAM, "conditions": start})
    points = scattered(by_velocities)
    x, y, t = points.T
    decay = np.exp(-0.1 * t)
    u, v = -np.cos(x) * np.sin(y) * decay, np.sin(x) * np.cos(y) * decay
    w = 2 * np.cos(x) * np.cos(y) * decay
    found = solved(by_velocities).values(points)
    assert relative_l2(found, np.stack([u, v, w], axis=1)).max() < 1e-13
    assert relative_l2(solved(by_stream).values(points), np.stack([w / 2, w], axis=1)).max() < 1e-13


def test_both_ways_to_write_a_flow_agree_where_vortices_meet() -> None:
    start = "w = cos(x + y) + sin(2*x) - cos(3*y)"
    by_velocities = ring("", "", **{**VORTICITY, "conditions": {"start": {"on": "t = 0", "equation": start}}})
    by_stream = ring("", "", **{**STREAM, "conditions": {"start": {"on": "t = 0", "equation": start}}})
    method = ETDRK4(waves=32, steps=8, accuracy=1e-5)
    points = scattered(by_velocities)
    one, other = method.solve(by_velocities), method.solve(by_stream)
    difference = relative_l2(one.values(points)[:, 2:], other.values(points)[:, 1:])[0]
    assert difference <= one.accuracy + other.accuracy
    assert one.accuracy <= 1e-5


def test_a_source_in_an_equation_without_a_time_derivative() -> None:
    """A wave of number k has (1 + k^2) p = 2 u + 2 sin(x), so that each wave of u obeys an equation of its own."""
    problem = ring(
        "",
        "",
        fields=["u", "p"],
        equations={"rate": "u_t = p*cos(t)", "slaved": "p_xx - p = -2*sin(x) - 2*u"},
        conditions={"start": {"on": "t = 0", "equation": "u = sin(2*x)"}},
    )
    reference = solved(problem)
    x, t = scattered(problem).T
    s = np.sin(t)
    # Wave by wave p = u for k = 1, and p = 2 u / 5 for k = 2; the source adds sin(x) to p.
    u = np.sin(2 * x) * np.exp(0.4 * s) + np.sin(x) * (np.exp(s) - 1)
    p = 0.4 * np.sin(2 * x) * np.exp(0.4 * s) + np.sin(x) * np.exp(s)
    error = relative_l2(reference.values(scattered(problem)), np.stack([u, p], axis=1))
    assert error.max() <= reference.accuracy <= 1e-9


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"equations": {**STREAM["equations"], "stream": "p_xx + p_yy = -w**2"}},
            "cannot treat `ring`: `stream` has no time derivative and is not linear",
        ),
        (
            {"equations": {**STREAM["equations"], "stream": "w_xx + w_yy = 0"}},
            "cannot treat `ring`: the equations without a time derivative do not determine `p`",
        ),
        (
            {"conditions": {"start": {"on": "t = 0", "equation": "w = 1"}}},
            "failed on `ring`: .* cannot hold at the start",
        ),
    ],
)
def test_equations_without_a_time_derivative_that_cannot_be_solved(changes: dict[str, Any], reason: str) -> None:
    start = {"start": {"on": "t = 0", "equation": "w = cos(x)"}}
    with pytest.raises(UserError, match=reason):
        solved(ring("", "", **{**STREAM, "conditions": start, **changes}))


def test_a_condition_on_a_slaved_field_is_not_needed() -> None:
    start = {
        "start": {"on": "t = 0", "equation": "w = cos(x)"},
        "also": {"on": "t = 0", "equation": "p = cos(x)"},
    }
    assert solved(ring("", "", **{**STREAM, "conditions": start})).accuracy <= 1e-9


def test_one_and_two_coordinates_agree() -> None:
    """A field of x + y obeys the equation of one coordinate with twice the derivatives."""
    flat = solved(ring("u_t + 2*u*u_x = 0.2*u_xx", "u = sin(x)", 0.5))
    around: dict[str, Any] = {"range": [0, "2*pi"], "periodic": True}
    plane = solved(
        ring(
            "u_t + u*u_x + u*u_y = 0.1*(u_xx + u_yy)",
            "u = sin(x + y)",
            coordinates={"x": around, "y": around, "t": [0, 0.5]},
            reference={"method": "etdrk4", "waves": 32, "steps": 10, "accuracy": 1e-4},
        )
    )
    x, y, t = np.random.default_rng(1).random((40, 3)).T * np.array([[6.0], [6.0], [0.5]])
    line = flat.values(np.stack([(x + y) % (2 * np.pi), t], axis=1))
    assert relative_l2(plane.values(np.stack([x, y, t], axis=1)), line)[0] < plane.accuracy


def test_factors_and_signs_of_an_equation_do_not_matter() -> None:
    one = read_evolution(ring("u_t + u*u_x = 0.1*u_xx", "u = sin(x)"), "etdrk4")
    other = read_evolution(ring("0.3*u_xx = 3*(u_t + u*u_x)", "2*u = 2*sin(x)"), "etdrk4")
    assert sympy.simplify(one.rates[0] - other.rates[0]) == 0
    assert one.initial == other.initial


WALL = {"x": [0, 1], "t": [0, 1]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": None, "conditions": {}}, "no coordinate is named as `time`"),
        ({"coordinates": WALL}, "`x` is not periodic"),
        ({"equations": {"rate": "u_tt = u_xx"}}, "`rate` contains `u_tt`"),
        ({"equations": {"rate": "u*u_t = u_xx"}}, "`rate` is not linear in the time derivatives"),
        ({"conditions": {"start": {"on": "t = 1", "equation": "u = sin(x)"}}}, "does not give the value of a field"),
        ({"conditions": {"start": {"on": "t = 0", "equation": "u_t = sin(x)"}}}, "does not give the value of a field"),
        ({"conditions": {}}, "no condition on t = 0 gives `u`"),
        ({"fields": ["u", "v"]}, "the number of its fields is 2, and that of its equations 1"),
        ({"equations": {"rate": "u_xx = u"}}, "no equation contains a time derivative"),
    ],
)
def test_what_it_cannot_treat_is_refused(changes: dict[str, Any], reason: str) -> None:
    problem = ring("u_t = u_xx", "u = sin(x)", **changes)
    with pytest.raises(UserError, match=f"`etdrk4` cannot treat `ring`: .*{reason}"):
        solved(problem)


def test_a_run_that_does_not_settle_is_told() -> None:
    """The heat equation run backwards."""
    with pytest.raises(UserError, match="failed on `ring`: no two of its resolutions agree"):
        ETDRK4(waves=64, steps=10, levels=2).solve(ring("u_t = -u_xx + 0.001*u**2", "u = exp(sin(x))"))


@pytest.mark.parametrize("options", [{"accuracy": 0}, {"waves": 4}, {"steps": 0}, {"levels": 0}])
def test_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"`{next(iter(options))}` of `etdrk4`"):
        ETDRK4(**options)
