"""The Cole-Hopf reference: against known solutions and its own equation, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pinnkit.equations.parse import parse_equation
from pinnkit.errors import UserError
from pinnkit.problem.problem import Equation, Parameter, Problem, TorchResidual
from pinnkit.problem.reference import Reference
from pinnkit.verification import ReferenceSolution, reference_for, relative_l2
from pinnkit.verification.viscous_burgers import read_viscous_burgers

Make = Callable[..., Problem]


def solved(problem: Problem) -> ReferenceSolution:
    """The reference of a problem that has one."""
    reference = reference_for(problem)
    assert reference is not None
    return reference


def points(problem: Problem, count: int = 400) -> np.ndarray:
    """Points inside the problem's box."""
    unit = np.random.default_rng(0).random((count, 2))
    lower, upper = (np.array([getattr(c, end) for c in problem.coordinates]) for end in ("lower", "upper"))
    return lower + (upper - lower) * unit


RING = "u = 2*pi*nu*sin(pi*x)/(2 + cos(pi*x))"
"""Of phi = 2 + exp(-nu pi^2 t) cos(pi x), a solution of the heat equation, by u = -2 nu phi_x / phi."""


def ring(at: np.ndarray, nu: float) -> np.ndarray:
    """The solution that begins with `RING`."""
    x, t = at.T
    decay = np.exp(-nu * np.pi**2 * t)
    return 2 * np.pi * nu * decay * np.sin(np.pi * x) / (2 + decay * np.cos(np.pi * x))


@pytest.mark.parametrize("nu", [1.0, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("walls", ["u = 0", None], ids=["walls", "ring"])
def test_known_solution_is_found(burgers: Make, nu: float, walls: str | None) -> None:
    problem = burgers(initial=RING, walls=walls, viscosity=nu, t=(0.0, 1.0))
    reference = solved(problem)
    at = points(problem)
    error = relative_l2(reference.values(at), ring(at, nu)[:, None])[0]
    assert error <= max(10 * reference.accuracy, 1e-14)
    assert reference.accuracy < 1e-11


def test_half_a_wave_between_walls_is_half_of_the_whole(burgers: Make) -> None:
    """Walls off the origin, and data that are odd about neither end of the interval as given."""
    problem = burgers(initial=RING, viscosity=0.1, x=(0.0, 1.0))
    at = points(problem)
    assert np.allclose(solved(problem).values(at)[:, 0], ring(at, 0.1), atol=1e-13)


def test_mean_flow_carries_the_solution_along(burgers: Make) -> None:
    still = burgers(initial=RING, walls=None)
    moving = burgers(initial=RING.replace("u = ", "u = 3 + "), walls=None)
    at = points(still)
    ahead = at + np.stack([3 * at[:, 1], np.zeros(len(at))], axis=1)
    assert np.allclose(solved(moving).values(ahead), 3 + solved(still).values(at), atol=1e-12)


def test_solution_satisfies_the_equation(burgers: Make) -> None:
    """With differences of sixth order, for data whose primitive is not elementary."""
    problem = burgers(initial="u = sin(pi*x)*exp(cos(pi*x)**3)", viscosity=0.05)
    values = solved(problem).values
    at = points(problem, 100) * np.array([0.9, 0.8]) + np.array([0.0, 0.1])
    weights, h = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60, 2e-3
    second = np.array([2, -27, 270, -490, 270, -27, 2]) / 180
    along_x, along_t = (
        np.stack([values(at + k * h * np.array(step))[:, 0] for k in range(-3, 4)]) for step in ([1, 0], [0, 1])
    )
    u, u_x, u_xx, u_t = along_x[3], weights @ along_x / h, second @ along_x / h**2, weights @ along_t / h
    assert np.max(np.abs(u_t + u * u_x - 0.05 * u_xx)) < 1e-6 * np.max(np.abs(u_t))


def test_initial_value_is_returned_at_the_start_and_reached_continuously(burgers: Make) -> None:
    values = solved(burgers(t=(2.0, 3.0))).values
    x = np.linspace(-1, 1, 101)
    first = -np.sin(np.pi * x)
    assert np.allclose(values(np.stack([x, np.full_like(x, 2.0)], axis=1))[:, 0], first, atol=1e-15)
    for later in (1e-12, 1e-8, 1e-5):
        found = values(np.stack([x, np.full_like(x, 2.0 + later)], axis=1))[:, 0]
        assert np.max(np.abs(found - first)) < 10 * later + 1e-14


def test_walls_hold(burgers: Make) -> None:
    values = solved(burgers(viscosity=0.01 / np.pi)).values
    t = np.linspace(0, 1, 33)
    for wall in (-1.0, 1.0):
        assert np.max(np.abs(values(np.stack([np.full_like(t, wall), t], axis=1)))) < 1e-13


def test_time_before_the_start_is_refused(burgers: Make) -> None:
    with pytest.raises(ValueError, match="begins at 0"):
        solved(burgers()).values(np.array([[0.0, -0.1]]))


def test_rough_data_state_a_lower_accuracy_and_keep_it(burgers: Make) -> None:
    """A kink that no cell boundary meets; against a resolution that the method does not reach by itself."""
    text = "u = max(0, 0.3 - abs(x - 0.123))"
    problem = burgers(initial=text, viscosity=0.01, options={"accuracy": 1e-5})
    finer = solved(burgers(initial=text, viscosity=0.01))
    coarser = solved(problem)
    at = points(problem)
    assert finer.accuracy < coarser.accuracy <= 2e-5
    assert relative_l2(coarser.values(at), finer.values(at))[0] <= coarser.accuracy + finer.accuracy


@pytest.mark.parametrize(
    "equation",
    [
        "u_t + u*u_x = nu*u_xx",
        "nu*u_xx - u*u_x - u_t",
        "-3*u_t - 3*u*u_x = -3*nu*u_xx",
        "u_t + d(u**2/2, x) = d(nu*u_x, x)",
        "u_t/nu + u*u_x/nu = u_xx",
    ],
)
@pytest.mark.parametrize("names", [("x", "t"), ("t", "x")], ids=["x first", "t first"])
def test_equation_is_read_however_it_is_written(burgers: Make, equation: str, names: tuple[str, str]) -> None:
    problem = burgers(equation=equation, names=names, viscosity=0.25)
    read = read_viscous_burgers(problem)
    assert read.viscosity == pytest.approx(0.25, rel=1e-14)
    assert (read.space.name, read.time.name) == ("x", "t")


def test_order_of_coordinates_does_not_change_the_solution(burgers: Make) -> None:
    at = points(burgers())
    one, two = solved(burgers()), solved(burgers(names=("t", "x")))
    assert np.array_equal(one.values(at), two.values(at[:, ::-1]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"equation": "u_t + u*u_x + u_xxx = nu*u_xx"}, "contains `u_xxx`"),
        ({"equation": "u_t + u*u_x = nu*u_xx + u**3"}, r"term in `u\*\*3`"),
        ({"equation": "u_t + u*u_x = nu*u_xx + 1"}, "term in `1`"),
        ({"equation": "u_t + u*u_x = nu*u_xx + sin(u)"}, "not a polynomial"),
        ({"equation": "u_t + u*u_x = nu*x*u_xx"}, "a coefficient of the equation depends on `x`"),
        ({"equation": "u_t + 2*u*u_x = nu*u_xx"}, "with the same factor"),
        ({"equation": "u*u_x = nu*u_xx"}, "with the same factor"),
        ({"equation": "u_t + u*u_x = 0"}, "viscosity of `momentum` is 0"),
        ({"equation": "u_t + u*u_x = -nu*u_xx"}, "viscosity of `momentum` is -0.1"),
        ({"walls": "u = 1"}, "condition `walls` on x = -1 is none of those"),
        ({"walls": "u_x = 0"}, "`walls` does not give the field's value on x = -1"),
        ({"walls": "u**2 = 0"}, "`walls` does not give the field's value on x = -1"),
        ({"initial": "u_t = 0"}, "`initial` does not give the field's value on t = 0"),
    ],
)
def test_other_problems_are_refused_with_the_feature(burgers: Make, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match="`cole_hopf` cannot treat `burgers`: .*" + words):
        reference_for(burgers(**changes))


def test_two_dimensions_in_space_and_two_fields_are_refused(burgers: Make) -> None:
    problem = burgers()
    y = replace(problem.coordinates[0], name="y")
    with pytest.raises(UserError, match="needs two coordinates"):
        reference_for(replace(problem, coordinates=(*problem.coordinates, y)))
    with pytest.raises(UserError, match="2 fields and 1 equations were given"):
        reference_for(replace(problem, fields=("u", "v")))


def test_missing_conditions_are_named(burgers: Make) -> None:
    problem = burgers()
    with pytest.raises(UserError, match="one initial value on t = 0; 0 were given"):
        reference_for(replace(problem, conditions=problem.conditions[1:]))
    with pytest.raises(UserError, match="`x` must be periodic, or the field zero at both of its ends"):
        reference_for(replace(problem, conditions=problem.conditions[:1]))


def test_python_residual_is_refused(burgers: Make) -> None:
    residual = TorchResidual(lambda u_t: u_t, ("u_t",), "a function")
    with pytest.raises(UserError, match="`momentum` is a Python function"):
        reference_for(replace(burgers(), equations=(Equation("momentum", residual),)))


def test_options_are_checked(burgers: Make) -> None:
    with pytest.raises(UserError, match="unknown option `acuracy`"):
        reference_for(burgers(options={"acuracy": 1e-3}))
    with pytest.raises(UserError, match="`accuracy` of `cole_hopf` is 2"):
        reference_for(burgers(options={"accuracy": 2.0}))


def test_unknown_method_has_a_near_miss(burgers: Make) -> None:
    with pytest.raises(UserError, match="Did you mean `cole_hopf`"):
        reference_for(replace(burgers(), reference=Reference(method="cole_hoph")))


def test_no_reference_is_none(burgers: Make) -> None:
    assert reference_for(replace(burgers(), reference=None)) is None
    assert reference_for(replace(burgers(), reference=Reference())) is None


def test_exact_expressions_take_coordinates_and_parameters(burgers: Make) -> None:
    problem = burgers(viscosity=0.1)
    text = "2*pi*nu*exp(-nu*pi**2*t)*sin(pi*x)/(2 + exp(-nu*pi**2*t)*cos(pi*x))"
    exact = Reference(exact={"u": parse_equation(text, problem.scope)})
    at = points(problem)
    for nu in (0.1, 0.02):
        given = replace(problem, reference=exact, parameters=(Parameter("nu", nu),))
        reference = solved(given)
        assert reference.values(at).shape == (len(at), 1)
        assert np.allclose(reference.values(at)[:, 0], ring(at, nu), rtol=1e-12)
        assert reference.accuracy < 1e-14


def test_constant_exact_field_has_a_value_at_every_point(burgers: Make) -> None:
    problem = burgers()
    exact = Reference(exact={"u": parse_equation("2*nu", problem.scope)})
    assert np.array_equal(solved(replace(problem, reference=exact)).values(points(problem, 5)), np.full((5, 1), 0.2))


def test_exact_solution_must_give_every_field(burgers: Make) -> None:
    problem = burgers()
    exact = Reference(exact={"u": parse_equation("x", problem.scope)})
    with pytest.raises(UserError, match="gives no expression for `v`, `w`"):
        reference_for(replace(problem, fields=("u", "v", "w"), reference=exact))
