"""The reference for systems of ordinary differential equations.

Satisfied: exact solutions of first and second order, implicit and driven ones, are met within the stated accuracy, in
double precision and with digits; the two engines agree on a chaotic system, and with mpmath's own; the order of a
column rises by two; what cannot be treated is refused by its first feature, and what fails says why.
"""

from itertools import islice
from typing import Any

import mpmath
import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.verification import reference_for, relative_l2
from pinnkit.verification.dop853 import DOP853
from pinnkit.verification.extrapolation import columns


def system(end: float = 2.0, **changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "system",
        "coordinates": {"t": [0, end]},
        "fields": ["x"],
        "equations": {"rate": "x_t = -x"},
        "conditions": {"start": {"on": "t = 0", "equation": "x = 1"}},
        "reference": {"method": "dop853"},
    }
    return define(**{**keys, **changes})


def lorenz(end: float) -> Problem:
    return system(
        end,
        fields=["x", "y", "z"],
        parameters={"sigma": 10, "rho": 28, "beta": "8/3"},
        equations={"x": "x_t = sigma*(y - x)", "y": "y_t = x*(rho - z) - y", "z": "z_t = x*y - beta*z"},
        conditions={f"{n}0": {"on": "t = 0", "equation": f"{n} = 1"} for n in "xyz"},
    )


TIMES = np.sort(np.random.default_rng(0).random((200, 1)) * 2.0, axis=0)
METHODS = [DOP853(accuracy=1e-12), DOP853(digits=20)]


@pytest.mark.parametrize("method", METHODS, ids=["double", "digits"])
def test_an_oscillator_of_second_order(method: DOP853) -> None:
    """The shipped problem, whose exact solution stands in its file; its coordinate ends at 3."""
    problem = load_problem("oscillator")
    exact, found = reference_for(problem), method.solve(problem)
    assert exact is not None
    error = relative_l2(found.values(1.5 * TIMES), exact.values(1.5 * TIMES))[0]
    assert error <= max(2 * found.accuracy, 1e-13)
    assert found.accuracy <= 1e-12


@pytest.mark.parametrize("method", METHODS, ids=["double", "digits"])
def test_highest_derivatives_are_solved_for(method: DOP853) -> None:
    """Two fields of orders two and one, mixed, with factors that depend on t: x = cos t and y = e^t."""
    problem = system(
        fields=["x", "y"],
        equations={"one": "(2 + t)*x_tt + y_t = -(2 + t)*x + y", "two": "x_tt - y_t + x + exp(t) = 0"},
        conditions={
            "x": {"on": "t = 0", "equation": "x = 1"},
            "rest": {"on": "t = 0", "equation": "3*x_t = 0"},
            "y": {"on": "t = 0", "equation": "y = 1"},
        },
    )
    found = method.solve(problem)
    truth = np.concatenate([np.cos(TIMES), np.exp(TIMES)], axis=1)
    assert relative_l2(found.values(TIMES), truth).max() <= max(2 * found.accuracy, 1e-13)


def test_both_engines_agree_with_a_third_on_a_chaotic_system() -> None:
    """The Lorenz system to t = 1, beside the Taylor series of mpmath in 25 digits."""
    context = mpmath.MPContext()
    context.dps = 25
    beta = context.mpf(8) / 3
    series = context.odefun(
        lambda t, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - beta * y[2]], 0, [1, 1, 1]
    )
    truth = np.array([[float(value) for value in series(context.mpf(t))] for t in (0.25, 0.5, 1.0)])
    points = np.array([[0.25], [0.5], [1.0]])
    for method in (DOP853(accuracy=1e-13), DOP853(digits=20)):
        assert relative_l2(method.solve(lorenz(1.0)).values(points), truth).max() < 1e-13


def test_digits_follow_chaos_for_longer() -> None:
    """A difference grows as e^(0.9 t), so that double precision loses half of its digits by t = 20."""
    precise, double = DOP853(digits=18).solve(lorenz(6.0)), DOP853().solve(lorenz(6.0))
    points = 3 * TIMES
    difference = relative_l2(double.values(points), precise.values(points)).max()
    assert precise.accuracy <= 1e-13
    assert 1e-13 < difference <= 2 * double.accuracy <= 1e-7


def test_a_column_more_is_two_orders_more() -> None:
    """y' = -2 t y with y = e^(-t^2): the errors of one step go with h^3, h^5 and h^7."""

    def errors(length: float) -> list[float]:
        found = columns(lambda t, y: -2 * t * y, 0.3, np.array([np.exp(-0.09)]), length)
        return [float(value[0]) - np.exp(-((0.3 + length) ** 2)) for value, _ in islice(found, 3)]

    rates = np.log2(np.abs(np.array(errors(0.1)) / np.array(errors(0.05))))
    np.testing.assert_allclose(rates, [3.0, 5.0, 7.0], atol=0.5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"coordinates": {"t": [0, 1], "s": [0, 1]}}, "it has 2 coordinates, not one"),
        ({"fields": ["x", "y"]}, "the number of its fields is 2, and that of its equations 1"),
        ({"equations": {"rate": "x**2 = 4"}}, "no equation holds a derivative of `x`"),
        ({"equations": {"rate": "x_t**2 = x"}}, "`rate` is not linear in the highest derivatives"),
        ({"equations": {"rate": "x_tt = -x"}}, "no condition on t = 0 gives `x_t`"),
        (
            {"conditions": {"end": {"on": "t = 2", "equation": "x = 1"}}},
            "the condition `end` on t = 2 is not at the start",
        ),
        (
            {"conditions": {"start": {"on": "t = 0", "equation": "x_t = 1"}}},
            "`start` does not give a field or a derivative",
        ),
        ({"conditions": {"start": {"on": "t = 0", "equation": "x**2 = 1"}}}, "`start` does not give a field"),
        (
            {
                "fields": ["x", "y"],
                "equations": {"a": "x_t + y_t = 1", "b": "2*x_t + 2*y_t = x"},
            },
            "do not determine the highest derivative",
        ),
    ],
)
def test_what_it_cannot_treat_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=f"`dop853` cannot treat `system`: .*{reason}"):
        reference_for(system(**changes))


def test_an_integrator_that_fails_is_told() -> None:
    """x' = x^2 from 1 is infinite at t = 1."""
    growing = system(equations={"rate": "x_t = x**2"})
    with pytest.raises(UserError, match="`dop853` failed on `system`: near t = (1|0.99).*, .*step size"):
        DOP853().solve(growing)
    with pytest.raises(UserError, match="`dop853` failed on `system`: it needs more than"):
        DOP853(digits=20, steps=200).solve(growing)
    stiff = system(equations={"rate": "x_t = 1e7*(cos(t) - x)"})
    with pytest.raises(UserError, match="it needs more than 500 steps"):
        DOP853(steps=500).solve(stiff)


def test_growth_beyond_all_digits_is_told() -> None:
    """x = e^(-40 t), beside which x = e^(40 t) grows from rounding errors."""
    unstable = system(
        1.0,
        equations={"rate": "x_tt = 1600*x"},
        conditions={"x": {"on": "t = 0", "equation": "x = 1"}, "v": {"on": "t = 0", "equation": "x_t = -40"}},
    )
    with pytest.raises(UserError, match="`dop853` failed on `system`: no two of its runs agree\n.*`digits`"):
        DOP853().solve(unstable)
    found = DOP853(digits=40).solve(unstable).values(0.5 * TIMES)[:, 0]
    assert np.max(np.abs(found - np.exp(-20 * TIMES[:, 0]))) < 1e-13


@pytest.mark.parametrize("options", [{"accuracy": 0}, {"digits": 3}, {"steps": 0}])
def test_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"`{next(iter(options))}` of `dop853`"):
        DOP853(**options)
