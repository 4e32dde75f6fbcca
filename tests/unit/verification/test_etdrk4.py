"""The Fourier and ETDRK4 reference.

Satisfied: modes of linear equations are exact at any step; solitons and two coupled fields in closed form are met
within the stated accuracy; the order in time is four; one and two coordinates agree; arbitrary times are those of a
run that ends there; what it cannot treat is refused by its first feature.
"""

from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.verification import ReferenceSolution, reference_for, relative_l2
from pinnkit.verification.etdrk4 import ETDRK4
from pinnkit.verification.evolution import read_evolution


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


def test_the_order_in_time_is_four() -> None:
    problem = ring("u_t + u*u_x = 0.1*u_xx", "u = sin(x)")
    at = np.stack([np.linspace(0, 6, 50), np.ones(50)], axis=1)
    errors = []
    truth = ETDRK4(accuracy=1e-12, steps=320, levels=1).solve(problem).values(at)
    for steps in (10, 20, 40):
        coarse = ETDRK4(accuracy=0.9, steps=steps // 2, levels=1).solve(problem)
        errors.append(float(relative_l2(coarse.values(at), truth)[0]))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 4.0) < 0.3)


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
        ({"fields": ["u", "v"]}, "no condition on t = 0 gives `v`"),
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
