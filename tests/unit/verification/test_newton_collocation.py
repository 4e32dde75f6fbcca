"""Collocation of boundary value problems: exact solutions, literature, singular points, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.load import load_problem
from pinnkit.problem.problem import Problem
from pinnkit.shipped import problem_path
from pinnkit.verification import reference_for, relative_l2
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
    ],
    ids=["too few", "divided", "blows up", "two"],
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


HORIZONS = {0.2: 1.62736372, 0.5: 1.48387769, 1.0: 1.40934337, 2.0: 1.36673094}
"""Where the khronon field of speed c vanishes: an own Chebyshev-Newton computation in another form."""


@pytest.mark.parametrize("c", HORIZONS)
def test_the_khronon_field_passes_its_sonic_horizon(references: Path, c: float) -> None:
    """The shipped problem, whose ansatz is put into its equation before x^9 is divided out."""
    table = np.load(references / "khronon.npz", allow_pickle=False)
    reference = reference_for(load_problem(problem_path("khronon")).with_parameters(c=c))
    assert reference is not None
    x, horizon = table["x"], HORIZONS[c]
    assert np.abs(reference.values(x[:, None])[:, 0] - table[f"y_c{c:g}"]).max() < 2e-10
    below, above = reference.values(np.array([[horizon - 1e-8], [horizon + 1e-8]]))[:, 0]
    assert below > 0 > above


def test_accretion_passes_its_sonic_point(references: Path) -> None:
    """The shipped problem against the exact flow; the two values at the outer end hold twelve digits."""
    reference = reference_for(load_problem(problem_path("michel_accretion")))
    assert reference is not None
    table = np.load(references / "michel.npz", allow_pickle=False)
    inside = (table["r"] >= 20) & (table["r"] <= 140.5)
    found = reference.values(table["r"][inside][:, None])
    assert np.abs(found[:, 0] / table["rho"][inside] - 1).max() < 1e-10
    assert np.abs(found[:, 1] / table["v"][inside] - 1).max() < 1e-10


# Infinite ends, with functions that fall off as powers and as exponentials: the equation, the conditions, the solution.
ENDLESS = {
    "half-line": ([0, "inf"], "u_xx = u", {"x = 0": "u = 1", "x = inf": "u = 0"}, lambda x: np.exp(-x)),
    "its mirror": (["-inf", 1], "u_x = u", {"x = 1": "u = 2"}, lambda x: 2 * np.exp(x - 1)),
    "power": ([0, "inf"], "(1 + x)*u_x = -2*u", {"x = 0": "u = 1"}, lambda x: (1 + x) ** -2.0),
    "line": (
        ["-inf", "inf"],
        "u_xx - u = (4*x^2 - 3)*exp(-x^2)",
        {"x = -inf": "u = 0", "x = inf": "u = 0"},
        lambda x: np.exp(-(x**2)),
    ),
    "third order": (
        [0, "inf"],
        "u_xxx = -u",
        {"x = 0": "u = 1"},
        lambda x: np.exp(-x),
    ),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_an_end_may_be_infinite(case: str) -> None:
    ends, equation, conditions, exact = ENDLESS[case]
    problem = line(equation, conditions, coordinates={"x": ends})
    reference = NewtonCollocation().solve(problem)
    x = problem.coordinates[0].axis.from_unit(np.linspace(0.01, 0.99, 99))
    assert np.abs(reference.values(x[:, None])[:, 0] - exact(x)).max() < 1e-11


def test_regions_on_the_line_are_joined() -> None:
    """A charge on (-1, 1), screened with another length inside: the slope times k is continuous, k = 4 inside."""
    problem = line(
        "k*u_xx - u + charge = 0",
        {"x = -inf": "u = 0", "x = inf": "u = 0"},
        coordinates={"x": ["-inf", "inf"]},
        functions={"k": "where(abs(x) < 1, 4, 1)", "charge": "where(abs(x) < 1, 1, 0)"},
        regions={"left": {"x": ["-inf", -1]}, "middle": {"x": [-1, 1]}, "right": {"x": [1, "inf"]}},
        interfaces={"value": "u", "flux": "k*u_x"},
    )
    # 1 - a cosh(x/2) inside, b exp(1 - |x|) outside: 1 - a cosh(1/2) = b and 2 a sinh(1/2) = b.
    a = 1 / (np.cosh(0.5) + 2 * np.sinh(0.5))
    b = 2 * a * np.sinh(0.5)

    def exact(x: np.ndarray) -> np.ndarray:
        return np.where(np.abs(x) < 1, 1 - a * np.cosh(x / 2), b * np.exp(1 - np.abs(x)))

    x = np.array([-30.0, -2.5, -1.0, -0.3, 0.0, 0.9, 1.0, 1.1, 4.0])
    assert np.abs(NewtonCollocation().solve(problem).values(x[:, None])[:, 0] - exact(x)).max() < 1e-12


def test_a_period_is_closed() -> None:
    problem = line("u_xx - u = -(1 + 4*pi^2)*cos(2*pi*x)", {}, coordinates={"x": {"range": [0, 1], "periodic": True}})
    assert error(problem, lambda x: np.cos(2 * np.pi * x)) < 1e-12


def test_an_integral_may_take_the_place_of_a_condition() -> None:
    """u'' = 2 with mean of u 1 and u(0) = 0, in two regions: u = x^2 + (4/3) x."""
    problem = define(
        name="mean",
        coordinates={"x": [0, 1]},
        fields=["u"],
        regions={"left": {"x": [0, "1/3"]}, "right": {"x": ["1/3", 1]}},
        equations={"e": "u_xx = 2"},
        interfaces={"value": "u", "slope": "u_x"},
        conditions={"start": {"on": "x = 0", "equation": "u = 0"}, "mean": {"equation": "integral(u) = 1"}},
    )
    assert error(problem, lambda x: x**2 + 4 / 3 * x) < 1e-13


@pytest.mark.parametrize(
    "further", [{"on": "x = 0", "equation": "u_x = 2*tanh(1/2)"}, {"equation": "k*integral(exp(u)) = 4*tanh(1/2)"}]
)
def test_an_unknown_parameter_needs_one_condition_more(further: dict[str, str]) -> None:
    """Bratu's u'' + k e^u = 0: u = 2 log(cosh(q/4)/cosh(q (x - 1/2)/2)), k = q^2/(2 cosh(q/4)^2), here with q = 2."""

    def bratu(most: float) -> Problem:
        return define(
            name="bratu",
            coordinates={"x": [0, 1]},
            fields=["u"],
            parameters={"k": {"start": 1, "bounds": [0, most]}},
            equations={"e": "u_xx + k*exp(u) = 0"},
            conditions={"ends": {"on": ["x = 0", "x = 1"], "equation": "u = 0"}, "further": further},
        )

    problem, narrow = bratu(10), bratu(1.5)
    assert error(problem, lambda x: 2 * np.log(np.cosh(0.5) / np.cosh(x - 0.5))) < 1e-12
    assert NewtonCollocation().solve(problem).parameters["k"] == pytest.approx(2 / np.cosh(0.5) ** 2, rel=1e-12)
    with pytest.raises(UserError, match="`k` = 1.5729 solves it, and is to be in"):
        NewtonCollocation(most=32).solve(narrow)
