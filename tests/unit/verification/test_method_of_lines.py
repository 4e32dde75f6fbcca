"""The reference between walls.

Satisfied: exact solutions with given values, slopes and mixtures of both at the ends, of one and of several fields,
of orders zero to two, whole and halved by symmetry, are met within the stated accuracy by both integrators; so is the
Cole-Hopf solution; differentiation and interpolation are exact for polynomials; what cannot be treated is refused by
its first feature; an integrator that gives up is quoted.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pinnkit.equations.parse import parse
from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.verification import reference_for, relative_l2
from pinnkit.verification.chebyshev import Chebyshev
from pinnkit.verification.extrapolation import Path
from pinnkit.verification.lagrange import in_time
from pinnkit.verification.method import evaluated
from pinnkit.verification.method_of_lines import MethodOfLines


def rod(equation: str = "u_t = u_xx", start: str = "sin(pi*x)", **changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "rod",
        "coordinates": {"x": [0, 1], "t": [0, 0.5]},
        "time": "t",
        "fields": ["u"],
        "equations": {"rate": equation},
        "conditions": {
            "start": {"on": "t = 0", "equation": f"u = {start}"},
            "ends": {"on": "boundary", "equation": "u = 0"},
        },
        "reference": {"method": "method_of_lines"},
    }
    return define(**{**keys, **changes})


def ends(start: str, left: str, right: str, **more: str) -> dict[str, Any]:
    found = {
        "start": {"on": "t = 0", "equation": start},
        "left": {"on": "x = 0", "equation": left},
        "right": {"on": "x = 1", "equation": right},
    }
    return {"conditions": {**found, **{name: {"on": "t = 0", "equation": text} for name, text in more.items()}}}


def scattered(problem: Problem, count: int = 300) -> np.ndarray:
    lower, upper = (np.array([getattr(c, end) for c in problem.coordinates]) for end in ("lower", "upper"))
    return lower + (upper - lower) * np.random.default_rng(0).random((count, len(lower)))


E, WAVE = "exp(-pi**2*t)", "(1 + exp((x - 5*t/sqrt(6))/sqrt(6)))**(-2)"
RING: dict[str, Any] = {"coordinates": {"x": {"range": [-1, 1], "periodic": True}, "t": [0, 0.5]}}
CENTRED: dict[str, Any] = {"coordinates": {"t": [0, 0.5], "x": [-1, 1]}}


def started(*equations: str) -> dict[str, Any]:
    return {"conditions": {f"start_{i}": {"on": "t = 0", "equation": text} for i, text in enumerate(equations)}}


def cases() -> dict[str, tuple[Problem, dict[str, str]]]:
    """Problems with their exact fields."""
    inflow = ends("u = sin(x)", "u = -sin(2*t)", "")["conditions"]
    walls = ends("u = sin(pi*x)", "u = 0", "u = 0", v="v = sin(pi*x)")
    return {
        "values": (rod(), {"u": f"{E}*sin(pi*x)"}),
        "slopes": (rod(**ends("u = 1 + cos(pi*x)", "u_x = 0", "dn(u) = 0")), {"u": f"1 + {E}*cos(pi*x)"}),
        "mixed and moving": (
            rod(**ends("u = sin(x + 0.3)", "u - 2*dn(u) = (sin(0.3) + 2*cos(0.3))*exp(-t)", "u_x = cos(1.3)*exp(-t)")),
            {"u": "exp(-t)*sin(x + 0.3)"},
        ),
        "a front": (rod("u_t = u_xx + u*(1 - u)", **ends(*[f"u = {WAVE}"] * 3)), {"u": WAVE}),
        "transport": (
            rod("u_t + 2*u_x = 0", conditions={name: inflow[name] for name in ("start", "left")}),
            {"u": "sin(x - 2*t)"},
        ),
        "a field without spreading": (
            rod(fields=["u", "v"], equations={"a": "u_t = u_xx", "b": "v_t = u_xx - u + v"}, **walls),
            {"u": f"{E}*sin(pi*x)", "v": f"{E}*sin(pi*x)"},
        ),
        "odd between walls": (
            rod(symmetry={"u": "odd in x"}, **CENTRED),
            {"u": f"{E}*sin(pi*x)"},
        ),
        "even on a ring": (
            rod(symmetry={"u": "even in x"}, **RING, **started("u = 2 + cos(pi*x)")),
            {"u": f"2 + {E}*cos(pi*x)"},
        ),
        "odd and even on a ring": (
            rod(
                fields=["u", "v"],
                symmetry={"u": "odd in x", "v": "even in x"},
                equations={"a": "u_t = u_xx + v_x + pi*u", "b": "v_t = v_xx - u_x + pi*v"},
                **RING,
                **started("u = sin(pi*x)", "v = cos(pi*x)"),
            ),
            {"u": f"{E}*sin(pi*x)", "v": f"{E}*cos(pi*x)"},
        ),
    }


@pytest.mark.parametrize(
    ("name", "integrator"),
    # What is carried without spreading makes oscillations, at which BDF is not stable.
    [
        (name, integrator)
        for name in cases()
        for integrator in ("radau", "bdf")
        if (name, integrator) != ("transport", "bdf")
    ],
)
def test_exact_solutions_are_met(name: str, integrator: Any) -> None:
    problem, exact = cases()[name]
    reference = MethodOfLines(accuracy=1e-7, integrator=integrator).solve(problem)
    points = scattered(problem)
    truth = np.stack([evaluated(parse(text, problem.scope).tree, problem, points) for text in exact.values()], axis=1)
    assert relative_l2(reference.values(points), truth).max() <= 2 * reference.accuracy
    assert reference.accuracy <= 1e-7


def test_it_agrees_with_the_cole_hopf_formula() -> None:
    """With walls, and with the half of the interval that the symmetry leaves."""
    problem = load_problem("burgers").with_parameters(nu=0.1 / np.pi)
    truth, points = reference_for(problem), scattered(problem)
    assert truth is not None
    for given in (problem, replace(problem, symmetries=())):
        reference = MethodOfLines().solve(given)
        assert relative_l2(reference.values(points), truth.values(points))[0] <= reference.accuracy <= 1e-8


def test_differentiation_and_interpolation_are_exact_for_polynomials() -> None:
    chebyshev, places = Chebyshev(-1.0, 2.0, 12), np.linspace(-1, 2, 7)
    x = chebyshev.nodes
    polynomial = np.polynomial.Polynomial([1.0, -2.0, 0.5, 3.0, 0.0, -1.0, 0.2])
    first, second = (matrix @ polynomial(x) for matrix in chebyshev.derivatives[1:])
    np.testing.assert_allclose(first, polynomial.deriv()(x), atol=1e-11)
    np.testing.assert_allclose(second, polynomial.deriv(2)(x), atol=1e-9)
    np.testing.assert_allclose(chebyshev.interpolation(places) @ polynomial(x), polynomial(places), atol=1e-12)
    np.testing.assert_array_equal(chebyshev.interpolation(x), np.eye(13))
    assert chebyshev.tail(np.stack([polynomial(x), np.exp(x)])) < 1e-7
    assert chebyshev.tail(np.abs(x)[None]) > 1e-3


def test_interpolation_in_time_is_exact_for_the_seventh_degree() -> None:
    times = np.cumsum(np.random.default_rng(0).random(20))
    path, asked = Path(times, np.stack([times**7, np.ones(20)], axis=1)), np.linspace(times[0], times[-1], 50)
    np.testing.assert_allclose(in_time(path, asked), np.stack([asked**7, np.ones(50)], axis=1), rtol=1e-9)
    np.testing.assert_allclose(in_time(Path(times[:2], path.states[:2]), times[:1]), path.states[:1])


PERIODIC = {"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"coordinates": {"x": [0, 1], "y": [0, 1], "t": [0, 1]}}, "it has 2 coordinates of space, not one"),
        ({**started("u = cos(pi*x)"), "coordinates": PERIODIC}, "`x` is periodic, and not every field is declared"),
        ({"equations": {"rate": "u_tt = u_xx"}}, "`rate` contains `u_tt`"),
        ({"equations": {"rate": "u_t = -u_xxxx"}}, "`u` is differentiated 4 times in `x`; it treats up to two"),
        (
            {"equations": {"rate": "u_t = -u_x"}},
            "`u` is of order 1 in `x` and has 2 conditions .*; it needs one in all",
        ),
        ({"equations": {"rate": "u_t = -u"}}, "`u` is of order 0 in `x` and has 2 conditions .*; it needs none"),
        (ends("u = x", "u**2 = 0", "u = 0"), "`left` on x = 0 is not linear in the field with numbers as factors"),
        (ends("u = x", "t*u = 0", "u = 0"), "`left` on x = 0 is not linear in the field with numbers as factors"),
        (ends("u = x", "u_xx = 0", "u = 0"), "`left` on x = 0 holds other derivatives than the first one in space"),
        (ends("u = x", "u_t = 0", "u = 0"), "`left` on x = 0 holds other derivatives"),
        (started("u = sin(pi*x)"), "has 0 conditions at its ends; it needs one at each end"),
        (
            {"fields": ["u", "v"], "equations": {"a": "u_t = u_xx", "b": "v = u_x"}},
            "`b` has no time derivative",
        ),
        (
            {
                "fields": ["u", "v"],
                "equations": {"a": "u_t = u_xx", "b": "v_t = v_xx"},
                **ends("u = 0", "u + v = 0", "u = 0", v="v = 0"),
            },
            "`left` on x = 0 is not one on a single field",
        ),
    ],
)
def test_what_it_cannot_treat_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=f"`method_of_lines` cannot treat `rod`: .*{reason}"):
        reference_for(rod(**changes))


@pytest.mark.parametrize("integrator", ["radau", "bdf"])
def test_an_integrator_that_gives_up_is_quoted(integrator: Any) -> None:
    growing = rod("u_t = u_xx + 60*u**2")
    said = rf"`method_of_lines` failed on `rod`: `{integrator}` gave up: .* \(near t = 0.0"
    with pytest.raises(UserError, match=said):
        MethodOfLines(integrator=integrator).solve(growing)


def test_a_run_that_does_not_settle_is_told() -> None:
    with pytest.raises(UserError, match="failed on `rod`: no two of its resolutions agree"):
        MethodOfLines(levels=1).solve(rod("u_t = 0.001*u_xx", "sin(9*pi*x)"))


@pytest.mark.parametrize("options", [{"accuracy": 0}, {"nodes": 4}, {"nodes": 5000}, {"levels": 0}])
def test_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"`{next(iter(options))}` of `method_of_lines`"):
        MethodOfLines(**options)
