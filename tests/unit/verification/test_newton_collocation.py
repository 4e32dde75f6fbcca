"""Collocation of boundary value problems: exact solutions, literature, singular points, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from scipy import special

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.shipped import problem_path
from pinnkit.verification import relative_l2
from pinnkit.verification.newton_collocation import NewtonCollocation


def line(equation: str, conditions: dict[str, str], **keys: Any) -> Problem:
    """A problem for u on [0, 1], its conditions by face."""
    written = {f"c{i}": {"on": on, "equation": text} for i, (on, text) in enumerate(conditions.items())}
    return define(
        **{
            "name": "line",
            "coordinates": {"x": [0, 1]},
            "fields": ["u"],
            "equations": {"e": equation},
            "conditions": written,
            **keys,
        }
    )


def error(problem: Problem, exact: Any, method: NewtonCollocation | None = None) -> float:
    """The relative L2 error of its reference against functions of the coordinate."""
    reference = (method or NewtonCollocation()).solve(problem)
    (along,) = problem.coordinates
    x = np.linspace(along.lower, along.upper, 777)[:, None]
    found = float(relative_l2(reference.values(x), exact(x)).max())
    assert reference.accuracy <= 1e-11
    return found


@pytest.mark.parametrize("degree", [3, 10])
def test_the_regular_solution_of_legendre_s_equation(degree: int) -> None:
    problem = load_problem(problem_path("legendre")).with_parameters(l=degree)
    assert error(problem, lambda x: special.eval_legendre(degree, x)) < 1e-13


def test_a_degree_without_a_regular_solution_is_told() -> None:
    problem = load_problem(problem_path("legendre")).with_parameters(l=2.5)
    with pytest.raises(UserError, match="no smooth solution is near"):
        NewtonCollocation(most=64).solve(problem)


def test_an_interior_singular_point_joins_smoothly() -> None:
    problem = load_problem(problem_path("hypergeometric"))
    assert error(problem, lambda x: (1 - x) ** 2) < 1e-13


def test_bessel_functions_of_two_orders_that_a_recurrence_couples() -> None:
    problem = load_problem(problem_path("bessel"))
    assert error(problem, lambda x: np.hstack([special.jv(0, x), special.jv(2, x)])) < 1e-13


EXACT = {0: lambda x: 1 - x**2 / 6, 1: lambda x: np.sinc(x / np.pi), 5: lambda x: (1 + x**2 / 3) ** -0.5}


@pytest.mark.parametrize("index", EXACT)
def test_lane_emden_where_it_is_solved_exactly(index: int) -> None:
    problem = load_problem(problem_path("lane_emden")).with_parameters(n=index)
    assert error(problem, EXACT[index]) < 1e-13


def test_lane_emden_has_its_first_zero_where_tables_say() -> None:
    """n = 3: 6.89685 in S. Chandrasekhar, An Introduction to the Study of Stellar Structure (1939).

    More digits of it are known; the slope there is -2.01824/6.89685^2.
    """
    zero = 6.89684861937
    problem = load_problem(problem_path("lane_emden")).with_parameters(n=3, length=zero)
    values = NewtonCollocation().solve(problem).values(np.array([[zero], [zero - 1e-3]]))[:, 0]
    assert abs(values[0]) < 1e-11
    assert values[1] / 1e-3 == pytest.approx(2.01824 / 6.89685**2, rel=1e-3)


def test_a_boundary_layer_is_resolved_by_doubling() -> None:
    problem = line("0.01*u_xx - u = 0", {"x = 0": "u = 1", "x = 1": "u = 0"})
    assert error(problem, lambda x: np.sinh(10 * (1 - x)) / np.sinh(10)) < 1e-12


def test_a_start_chooses_among_several_solutions() -> None:
    """Bratu's u'' + e^u = 0: u = 2 log(cosh(q/4)/cosh(q (x - 1/2)/2)) for both solutions of q = sqrt(2) cosh(q/4)."""
    problem = line("u_xx + exp(u) = 0", {"x = 0": "u = 0", "x = 1": "u = 0"})
    for start, near in (({}, 1.5), ({"u": "16*x*(1 - x)"}, 10.9)):
        q = near
        for _ in range(50):
            q -= (q - np.sqrt(2) * np.cosh(q / 4)) / (1 - np.sqrt(2) / 4 * np.sinh(q / 4))
        found = error(
            problem,
            lambda x, q=q: 2 * np.log(np.cosh(q / 4) / np.cosh(q * (x - 0.5) / 2)),
            NewtonCollocation(start=start),
        )
        assert found < 1e-10


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (line("u_xx = 1", {"x = 0": "u = 0"}), "leave 1 of its coefficients open; a condition is missing"),
        (line("u_x/x = 2", {"x = 1": "u = 1"}), "`e` is not finite at 0"),
        (line("u_x = u^2", {"x = 0": "u = 2"}), "line`: "),
        (
            line("u_xx = 1", {}, coordinates={"x": [0, 1], "y": [0, 1]}),
            "it has 2 coordinates, not one",
        ),
        (line("u_xx + u = 1", {}, coordinates={"x": {"range": [0, 1], "periodic": True}}), "`x` is periodic"),
    ],
    ids=["too few", "divided", "blows up", "two", "periodic"],
)
def test_what_it_cannot_do_is_told(problem: Problem, said: str) -> None:
    with pytest.raises(UserError, match="reference method `collocation`") as told:
        NewtonCollocation(most=64).solve(problem)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("start", "said"),
    [({"v": "1"}, "unknown field `v`"), ({"u": "u"}, "holds a field"), ({"u": "1/x"}, "is not finite at 0")],
)
def test_a_start_that_is_none_is_told(start: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        NewtonCollocation(start=start).solve(line("u_x = u", {"x = 0": "u = 1"}))


@pytest.mark.parametrize("options", [{"accuracy": 0.0}, {"degree": 2}, {"degree": 64, "most": 32}, {"most": 5000}])
def test_options_without_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="`collocation`"):
        NewtonCollocation(**options)


def khronon(c: float) -> Problem:
    """The khronon field y = 1 - x/2 - x^2/8 - x^3/16 + x^4 w around a black hole, as an equation for w over x^9.

    With P2 = y^2 - 1 + x, P1 = P2 - c^2 y^2:
    P1 P2 x^2 y'' + c^2 y (-P2 x^2 y'^2 + x^2 (y y' + 1/2)^2 + 2 P2^2) = 0, P. Cayuso, M. Herrero-Valea, E. Barausse,
    arXiv 2409.20150. P2 = 0 would be a solution too: its y = sqrt(1 - x) has the same first terms, and w(0) = -5/128.
    """
    x, speed = sympy.symbols("x c")
    w, w1, w2 = sympy.symbols("w w_x w_xx")
    head = 1 - x / 2 - x**2 / 8 - x**3 / 16
    y = head + x**4 * w
    y1 = sympy.diff(head, x) + 4 * x**3 * w + x**4 * w1
    y2 = sympy.diff(head, x, 2) + 12 * x**2 * w + 8 * x**3 * w1 + x**4 * w2
    p2 = y**2 - 1 + x
    p1 = p2 - speed**2 * y**2
    inner = -p2 * x**2 * y1**2 + x**2 * (y * y1 + sympy.Rational(1, 2)) ** 2 + 2 * p2**2
    whole = sympy.Poly(sympy.expand(p1 * p2 * x**2 * y2 + speed**2 * y * inner), x)
    assert min(powers[0] for powers in whole.monoms()) == 9
    text = str(sympy.quo(whole, sympy.Poly(x**9, x)).as_expr())
    return define(
        name="khronon", coordinates={"x": [0, 1.75]}, fields=["w"], parameters={"c": c}, equations=[f"{text} = 0"]
    )


@pytest.mark.parametrize(("c", "start"), [(0.2, 0.08), (1.0, 0.02)])
def test_the_khronon_field_passes_its_sonic_horizon(references: Path, c: float, start: float) -> None:
    table = np.load(references / "khronon.npz", allow_pickle=False)
    reference = NewtonCollocation(start={"w": str(start)}, accuracy=1e-9).solve(khronon(c))
    x = table["x"]
    y = 1 - x / 2 - x**2 / 8 - x**3 / 16 + x**4 * reference.values(x[:, None])[:, 0]
    assert np.abs(y - table[f"y_c{c:g}"]).max() < 2e-10


def test_accretion_passes_its_sonic_point(references: Path) -> None:
    """Michel's flow in s = log r for L = log rho, V = log v; the table of the exact flow is accurate to 1e-12.

    The two values at the outer end hold twelve digits, and one of them would be enough.
    """
    sound = "exp(L/3)*0.4/9/(1/3 + 0.4/3*exp(L/3))"
    slow = f"({sound} - exp(2*V))"
    problem = define(
        name="accretion",
        coordinates={"s": ["log(20)", "log(140.5)"]},
        fields=["L", "V"],
        equations=[
            f"2*exp(2*V) - (1 - exp(2*V))/(exp(s) - 2) - L_s*{slow} = 0",
            f"(exp(s) - 2)*{slow}*V_s - (1 - exp(2*V))*(1 + 3*{sound} - 2*{sound}*exp(s)) = 0",
        ],
        conditions={
            "density": {"on": "s = log(140.5)", "equation": "L = log(3.24197281023e-4)"},
            "speed": {"on": "s = log(140.5)", "equation": "V = log(2.86708272348e-2)"},
        },
    )
    start = {"L": "log(3.24e-4) - (s - log(140.5))", "V": "log(0.0287) - (s - log(140.5))"}
    reference = NewtonCollocation(start=start).solve(problem)
    table = np.load(references / "michel.npz", allow_pickle=False)
    inside = (table["r"] >= 20) & (table["r"] <= 140.5)
    found = np.exp(reference.values(np.log(table["r"][inside])[:, None]))
    assert np.abs(found[:, 0] / table["rho"][inside] - 1).max() < 1e-10
    assert np.abs(found[:, 1] / table["v"][inside] - 1).max() < 1e-10
