"""Statements whose units do not fit are refused, and those of mixed units are led together.

1. A unit is its factor and its exponents, as the SI has them.
2. What adds up has one unit; what enters a function has none; a number by itself takes the unit of the others.
3. With units of one system nothing changes. With others the problem is the same as in one system: an exact solution
   satisfies it, and the fields of a trained network are those of the other problem, number by number.
4. What was read is written as it was given.
"""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy

import pinnkit
from pinnkit.config import Config
from pinnkit.equations.choice import Choice
from pinnkit.equations.functions import INTEGRAL
from pinnkit.errors import Place, UserError
from pinnkit.geometry import GaussLegendre
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.problem.unit import read_unit, units_known
from pinnkit.reading import parse_yaml
from pinnkit.results.outputs import find_outputs, told

HERE = Place("here")


def rod(units: dict[str, str], **changes: Any) -> Problem:
    """A rod that cools, 50 mm long, for two minutes."""
    keys: dict[str, Any] = {
        "name": "rod",
        "coordinates": {"x": [0, 50], "t": [0, 2]},
        "time": "t",
        "fields": ["T"],
        "parameters": {"a": 12, "L": 0.05, "T0": 80},
        "equations": {"heat": "T_t = a*T_xx"},
        "conditions": {
            "initial": {"on": "t = 0", "equation": "T = 300 + T0*sin(pi*x/L)"},
            "ends": {"on": "boundary", "equation": "T = 300"},
        },
        "reference": {"exact": {"T": "300 + T0*sin(pi*x/L)*exp(-a*(pi/L)^2*t)"}},
        "units": units,
    }
    return define(**{**keys, **changes})


MIXED = {"x": "mm", "t": "min", "T": "K", "a": "mm^2/s", "L": "m", "T0": "K"}


@pytest.mark.parametrize(
    ("text", "factor", "exponents"),
    [
        ("mm", 1e-3, {"meter": 1}),
        ("W/(m*K)", 1.0, {"kilogram": 1, "meter": 1, "second": -3, "kelvin": -1}),
        ("mm^2/s", 1e-6, {"meter": 2, "second": -1}),
        ("delta_degC", 1.0, {"kelvin": 1}),
        ("ft", 0.3048, {"meter": 1}),
        ("rad", 1.0, {}),
        ("1", 1.0, {}),
        ("%", 0.01, {}),
    ],
)
def test_a_unit_is_a_factor_and_exponents(text: str, factor: float, exponents: dict[str, float]) -> None:
    found = read_unit(text, HERE, units_known(HERE))
    assert found.factor == pytest.approx(factor, rel=1e-12)
    assert dict(found.exponents) == exponents


NO_UNITS = ("", "metre per", "m**", "m^99999", "__import__('os')", "m" * 500, "9**9**9**9", "m\0", "lambda: 0", "m.x")


@pytest.mark.parametrize("text", NO_UNITS)
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no unit that is known"):
        read_unit(text, HERE, units_known(HERE))


@pytest.mark.parametrize("text", ["degC", "degF"])
def test_a_unit_needs_its_zero_at_zero(text: str) -> None:
    with pytest.raises(UserError, match="zero of `deg. ?` is not zero|zero of `deg[CF]` is not zero"):
        read_unit(text, HERE, units_known(HERE))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"equations": {"heat": "T_t = a*T_x"}}, "units of `heat` do not fit: .* do not add up"),
        (
            {"equations": {"heat": "T_t = T_xx"}},
            "units of `heat` do not fit: .* do not add up(.|\n)*A number that",
        ),
        ({"equations": {"heat": "T_t = a*T_xx + T_t*sin(x)"}}, "is a function of `x`, which is in meter"),
        ({"equations": {"heat": "T_t = a*T_xx + x^T"}}, "has a power that is no number|is a function of"),
        ({"conditions": {"ends": {"on": "boundary", "equation": "dn(T) = T0"}}}, "units of `ends` do not fit"),
        (
            {"reference": {"exact": {"T": "x"}}},
            "units of `reference.exact.T` do not fit: `x` is in meter, and is to be in kelvin",
        ),
        ({"units": {**MIXED, "y": "m"}}, "`units` names `y`, which is no coordinate, field, parameter, derived field"),
        ({"units": {**MIXED, "x": "furlongs per"}}, "is no unit that is known"),
        ({"equations": {"heat": "T_t = a*T_xx + 5"}}, "a number stands beside terms of several units"),
        ({"equations": {"heat": "T_t = a*T_xx + atan2(T, x)*T_t"}}, "units of `heat` do not fit: .* do not add up"),
        ({"outputs": {"most": "maximum(T) + integral(T, x, t = 1)"}}, "units of `most` do not fit: .* do not add up"),
        (
            {"outputs": {"late": "value(T, x = 1, t = L)"}},
            "units of `late` do not fit: the value of `t`: `L` is in meter",
        ),
        (
            {"outputs": {"most": "maximum(T)"}, "units": {**MIXED, "most": "m"}},
            "units of `most` do not fit: .* is in kelvin, and is to be in meter",
        ),
        (
            {"outputs": {"at": "roots(T - 310, x, t = 1)"}, "units": {**MIXED, "at": "m"}},
            "`at` do not fit: a list of roots has the unit of its coordinate",
        ),
        ({"derived": {"flux": "T_x + T"}}, "units of `flux` do not fit: .* do not add up"),
        ({"tables": {"cut": {"of": ["T + x"], "on": {"x": [0, 50], "t": 1}, "points": 3}}}, "units of `cut`"),
        (
            {"tables": {"cut": {"of": ["T"], "on": {"x": [0, "1000*L"], "t": 1}, "points": 3}}},
            "`1000.L` is in another unit than `x`",
        ),
        ({"conditions": {"mean": {"equation": "integral(T, x) = T0"}}}, "units of `mean` do not fit: .* do not add up"),
        ({"coordinates": {"x": [0, "1000*L"], "t": [0, 2]}}, "`1000.L` is in another unit than `x`"),
        ({"coordinates": {"x": [0, 50], "t": [0, "40*L"]}}, "`40.L` is in meter, and is to be in second"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        rod(**{"units": MIXED, **changes})


def test_without_pint_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pint", None)
    with pytest.raises(UserError, match="need the package `pint`"):
        rod(MIXED)


def test_units_of_one_system_change_nothing() -> None:
    given = {"x": "m", "t": "s", "T": "K", "a": "m^2/s", "L": "m", "T0": "K"}
    assert replace(rod(given), units={}) == rod({})
    assert rod(given, outputs={"most": "maximum(T)"}).outputs == rod({}, outputs={"most": "maximum(T)"}).outputs


def test_mixed_units_are_led_together() -> None:
    problem = rod(MIXED)
    assert [str(f.mistake) for f in check_problem(problem)] == []
    assert problem.reference is not None
    exact, symbols = problem.reference.exact["T"].tree, problem.scope.symbols
    at = {symbols["x"]: 10.0, symbols["t"]: 0.1, symbols["a"]: 12.0, symbols["L"]: 0.05, symbols["T0"]: 80.0}
    truth = 300 + 80 * np.sin(np.pi * 0.010 / 0.05) * np.exp(-12e-6 * (np.pi / 0.05) ** 2 * 6.0)
    assert float(exact.subs(at)) == pytest.approx(truth, rel=1e-12)


def test_the_fields_are_those_of_one_system() -> None:
    """In mm and min, and in m and s: the same network on the same scaled coordinates."""
    config = Config(
        network=MLP(8, 2),
        points=Sobol(150),
        phases=(LevenbergMarquardt(steps=25),),
        device="cpu",
        threads=1,
        test_points=50,
    )
    one = pinnkit.solve(rod(MIXED), config)
    plain = rod({}, coordinates={"x": [0, 0.05], "t": [0, 120]}, parameters={"a": 12e-6, "L": 0.05, "T0": 80})
    other = pinnkit.solve(plain, config)
    points = np.array([[10.0, 0.1], [25.0, 0.5], [40.0, 1.5]])
    np.testing.assert_allclose(one(points), other(points * [1e-3, 60.0]), rtol=2e-4)


def test_outputs_derived_fields_and_integrals_are_led() -> None:
    """In mm, K and min, asked for in other units: numbers are those of the same rod in m and s."""
    problem = rod(
        {**MIXED, "q": "K/m", "held": "K*m", "middle": "m", "share": "%"},
        derived={"q": "-T_x"},
        outputs={
            "held": "integral(T, x, t = 1)",
            "middle": "argmax(T, x, t = 1)",
            "share": "value(T, x = L/5, t = 0)/maximum(T, t = 0)",
            "twice": "held + 2*integral(T, x, t = 1)",
        },
        conditions={
            "initial": {"on": "t = 0", "equation": "T = 300 + T0*sin(pi*x/L)"},
            "mean": {"equation": "integral(T, x) = L*T0"},
        },
    )
    scope = problem.scope
    field = 300 + 80 * sympy.sin(sympy.pi * scope.symbols["x"] / 50)
    values = {scope.symbols[name]: value for name, value in (("a", 12.0), ("L", 0.05), ("T0", 80.0))}

    def evaluate(tree: sympy.Expr, points: np.ndarray) -> np.ndarray:
        made = tree.xreplace({scope.functions["T"]: field}).xreplace(values).doit()
        return np.array([float(made.subs(scope.symbols["x"], x)) for x, _ in points])

    found = find_outputs(problem, evaluate, GaussLegendre(40)).values
    integral = 0.05 * (300 + 80 * 2 / np.pi)
    assert found["held"] == pytest.approx(integral, rel=1e-12)
    assert found["middle"] == pytest.approx(0.025, rel=1e-7)
    assert found["share"] == pytest.approx(100 * (300 + 80 * np.sin(np.pi / 5)) / 380, rel=1e-9)
    assert found["twice"] == pytest.approx(3 * integral, rel=1e-12)
    (slope,) = problem.derived
    assert evaluate(slope.expression.tree, np.array([[0.0, 0.0]]))[0] == pytest.approx(-80 * np.pi / 0.05, rel=1e-12)
    (mean,) = problem.integrals
    (constant,) = (t for t in mean.residual.tree.xreplace(values).expand().args if t.is_number)
    scale = next(t.as_coeff_Mul()[0] for t in mean.residual.tree.expand().args if t.has(INTEGRAL))
    assert float(abs(constant / scale)) == pytest.approx(50 * 80, rel=1e-12)  # K*mm


def test_what_multiplies_a_network_takes_any_unit() -> None:
    """An ansatz has the unit of its field where it holds no network, and a stream function that of both its slopes."""
    problem = rod(MIXED, ansatz={"T": "300 + T0*x/L + x*t*N"}, conditions={}, accept=["W-conditions"])
    (given,) = problem.ansatz
    symbols = problem.scope.symbols
    at = {symbols["x"]: 50.0, symbols["t"]: 0.0, symbols["L"]: 0.05, symbols["T0"]: 80.0}
    assert float(given.expression.tree.subs(at)) == pytest.approx(380.0, rel=1e-12)
    with pytest.raises(UserError, match="units of `ansatz.T` do not fit: .* in meter"):
        rod(MIXED, ansatz={"T": "x + x*t*N"}, conditions={})


def test_signs_and_steps_take_any_unit() -> None:
    plain = rod(MIXED, equations={"heat": "T_t = a*T_xx*(2 + sign(T - 300))*heaviside(x - L/2)"})
    symbols = plain.scope.symbols
    step = next(iter(plain.equations[0].residual.tree.atoms(sympy.Heaviside)))
    assert [float(step.subs({symbols["L"]: 0.05, symbols["x"]: x})) for x in (24.0, 26.0)] == [0.0, 1.0]


def test_a_derivative_along_the_normal_has_the_unit_of_space() -> None:
    keys = {"conditions": {"ends": {"on": "boundary", "equation": "k*dn(T) = h*(T - 300)"}}, "reference": None}
    parameters = {"a": 12, "k": 50, "h": 10}
    units = {"x": "mm", "t": "min", "T": "K", "a": "mm^2/s", "k": "W/(m*K)", "h": "W/(m^2*K)"}
    problem = rod(units, parameters=parameters, **keys)
    (ends,) = problem.conditions
    values = {problem.scope.symbols[n]: v for n, v in parameters.items()}
    tree = ends.residual.tree.subs(values).expand()
    slope, rest = (
        tree.coeff(pinnkit.equations.NORMAL(problem.scope.functions["T"])),
        tree.coeff(problem.scope.functions["T"]),
    )
    assert float(-rest / slope) == pytest.approx(10 / 50 * 1e-3, rel=1e-12)  # per mm


def test_branches_and_comparisons_are_led_too() -> None:
    """Two materials that meet in the middle, whose place is in m."""
    problem = rod(MIXED, equations={"heat": "T_t = where(x < L/2, a, 2*a)*T_xx"}, reference=None)
    tree = problem.equations[0].residual.tree
    inside = next(iter(tree.atoms(Choice)))
    condition = inside.args[0][1]
    symbols = problem.scope.symbols
    assert [bool(condition.subs({symbols["L"]: 0.05, symbols["x"]: x})) for x in (24.0, 26.0)] == [True, False]
    with pytest.raises(UserError, match="do not add up"):
        rod(MIXED, equations={"heat": "T_t = where(x < T, a, 2*a)*T_xx"})


def test_they_are_written_and_shown() -> None:
    problem = rod(MIXED)
    again = problem_of(parse_yaml(dump_problem(problem), "again.yaml"))
    assert again == problem
    assert again.units == MIXED
    assert told({"a": 12.0, "b": None}, problem.units) == ["a = 12 mm^2/s", "b = no value"]
    text = summary(problem, ())
    assert "x in [0, 50] mm" in text
    assert "T(x, t) in K" in text
    assert "a = 12 mm^2/s" in text
