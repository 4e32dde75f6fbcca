"""What conditions prescribe on faces."""

import math

import pytest
import sympy

from pinnkit.problem.define import define
from pinnkit.problem.faces import ends
from pinnkit.problem.prescribed import dirichlet_value, initial_rate_value, number, prescribed
from pinnkit.problem.problem import Face, Problem

x, t, a = sympy.symbols("x t a", real=True)


def _problem(on: str, equation: str) -> tuple[Problem, Face]:
    problem = define(
        name="one",
        coordinates={"x": [0, 1], "t": [0, 2]},
        time="t",
        fields=["u", "v"],
        parameters={"a": 2, "z": 0},
        equations=["u_tt = u_xx", "v_t = v_xx"],
        conditions={"c": {"on": on, "equation": equation}},
    )
    return problem, problem.conditions[0].faces[0]


@pytest.mark.parametrize(
    ("on", "equation", "field", "order", "value"),
    [
        ("t = 0", "u = sin(pi*x)", "u", 0, sympy.sin(sympy.pi * x)),
        ("t = 0", "u", "u", 0, 0),
        ("t = 0", "sin(x) - 2*u = 1", "u", 0, (sympy.sin(x) - 1) / 2),
        ("t = 0", "u_t = x", "u", 1, x),
        ("x = 1", "u = x*t", "u", 0, t),
        ("x = 1", "x*u = t", "u", 0, t),
        ("x = 1", "(1 + a)*v = t", "v", 0, t / 3),
        ("x = 1", "(u - 1)*(u + 1) = u^2 - u", "u", 0, 1),
        ("x = 1", "dn(u) = t", "u", 1, t),
        ("x = 0", "dn(u) = t", "u", 1, -t),
        ("x = 0", "dn(dn(u)) = t", "u", 2, t),
        ("x = 0", "a*u_x = a**2*t", "u", 1, a * t),
        ("x = 0", "d(u, x) = where(t < 1, 0, 1)", "u", 1, sympy.Piecewise((0, t < 1), (1, True))),
    ],
)
def test_prescribed(on: str, equation: str, field: str, order: int, value: sympy.Expr) -> None:
    problem, face = _problem(on, equation)
    found = prescribed(problem.conditions[0], face, problem)
    assert found is not None
    assert (found.field, found.normal_order) == (field, order)
    symbols = problem.scope.symbols
    expected = sympy.sympify(value).subs({old: symbols[str(old)] for old in (x, t, a)})
    values = {symbols["x"]: 0.3, symbols["t"]: 0.7, symbols["a"]: 2.0}
    assert math.isclose(float(found.value.subs(values)), float(expected.subs(values)), abs_tol=1e-15)
    assert not found.value.atoms(sympy.core.function.AppliedUndef)
    assert symbols[face.coordinate] not in found.value.free_symbols


@pytest.mark.parametrize(
    ("on", "equation"),
    [
        ("x = 0", "u + u_x = 0"),
        ("x = 0", "u = v"),
        ("x = 0", "u**2 = 1"),
        ("x = 0", "sin(u) = 0"),
        ("x = 0", "t*u = 1"),
        ("x = 0", "x*u = 1"),
        ("x = 0", "z*u = 1"),
        ("x = 0", "u_t = 0"),
        ("t = 0", "u_xt = 0"),
        ("x = 0", "abs(u) = 1"),
        ("x = 0", "where(u < 1, u, 2*u) = 1"),
        ("x = 0", "x = 1"),
    ],
)
def test_nothing_is_prescribed(on: str, equation: str) -> None:
    problem, face = _problem(on, equation)
    assert prescribed(problem.conditions[0], face, problem) is None


def test_values_and_rates_are_told_apart() -> None:
    problem, face = _problem("t = 0", "u = 1")
    assert dirichlet_value(problem.conditions[0], face, problem) == {"u": 1}
    assert initial_rate_value(problem.conditions[0], face, problem) is None
    problem, face = _problem("t = 0", "u_t = 1")
    assert dirichlet_value(problem.conditions[0], face, problem) is None
    assert initial_rate_value(problem.conditions[0], face, problem) == {"u": 1}


def test_the_same_condition_on_two_faces_has_two_values() -> None:
    problem = define(
        name="two",
        coordinates={"x": [-1, 1]},
        fields=["u"],
        equations=["u_xx = 0"],
        conditions={"ends": {"on": "boundary", "equation": "u = x"}},
    )
    condition = problem.conditions[0]
    values = [dirichlet_value(condition, face, problem) for face in ends(problem.coordinates[0])]
    assert values == [{"u": -1}, {"u": 1}]


@pytest.mark.parametrize("value", [0.0, -3.0, 0.1, 1 / 3, 1e300, 2 * math.pi])
def test_numbers_keep_all_their_digits(value: float) -> None:
    assert float(number(value)) == value
