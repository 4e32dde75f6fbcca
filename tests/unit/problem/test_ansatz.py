"""An ansatz is an expression of the network, undifferentiated; what it is not is told with its place."""

from typing import Any

import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem
from pinnkit.problem.singular import singular_points
from pinnkit.problem.summary import summary


def line(ansatz: Any, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "line",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"k": 2},
        "equations": {"e": "u_xx = k"},
        "conditions": {"ends": {"on": "boundary", "equation": "u = 0"}},
        "ansatz": ansatz,
    }
    return define(**{**keys, **more})


def mistakes(ansatz: Any, **more: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        line(ansatz, **more)
    return [f"{m.place}: {m.message}" for m in caught.value.mistakes]


@pytest.mark.parametrize(
    ("ansatz", "said"),
    [
        ({"u": "1 + x"}, "ansatz.u: the ansatz has no `N`, so nothing in it could be trained"),
        ({"u": "x*d(N, x)"}, "ansatz.u: the ansatz must hold `N` itself, and none of its derivatives"),
        ({"u": "x + N_x"}, "ansatz.u: the ansatz must hold `N` itself, and none of its derivatives"),
        ({"v": "x*N"}, "ansatz.v: unknown field `v` in `ansatz`"),
        ({"u": "x*M"}, "ansatz.u: unknown name `M`"),
        ({"u": "x*u + N"}, "ansatz.u: unknown name `u`"),
        ({"u": "x*N +"}, "ansatz.u: "),
    ],
)
def test_what_is_no_ansatz_is_told(ansatz: Any, said: str) -> None:
    (message,) = mistakes(ansatz)
    assert message.startswith(said)


@pytest.mark.parametrize(
    "more",
    [
        {"parameters": {"k": 2, "N": 3}},
        {"coordinates": {"x": [0, 1], "N": [0, 1]}},
        {"functions": {"N": "x"}},
        {"fields": ["u", "N"], "equations": {"e": "u_xx = k", "f": "N_x = 1"}},
    ],
)
def test_a_declared_n_is_not_the_network(more: dict[str, Any]) -> None:
    assert "ansatz: `N` is declared, and in `ansatz` it stands for the network" in mistakes({"u": "x*N"}, **more)


def test_what_else_is_built_into_a_field_does_not_go_with_an_ansatz() -> None:
    (message,) = mistakes({"u": "x*N"}, symmetry={"u": "odd in x"}, coordinates={"x": [-1, 1]})
    assert message == "ansatz.u: `u` has an ansatz and a symmetry: one of them"
    flow: dict[str, Any] = {
        "coordinates": {"x": [0, 1], "y": [0, 1]},
        "fields": ["u", "v"],
        "equations": {"e": "laplace(u) = k", "f": "laplace(v) = k"},
        "divergence_free": ["u", "v"],
    }
    assert "ansatz.u: `u` has an ansatz and is in `divergence_free`: one of them" in mistakes({"u": "x*N"}, **flow)


def test_an_ansatz_has_functions_parameters_and_is_printed() -> None:
    problem = line({"u": "envelope*N + k"}, functions={"envelope": "x*(1 - x)"})
    (ansatz,) = problem.ansatz
    assert {str(symbol) for symbol in ansatz.expression.tree.free_symbols} == {"x", "k"}
    assert "  u = envelope*N + k, N the network" in summary(problem).splitlines()


def test_a_member_of_a_family_has_its_ansatz() -> None:
    family = line({"u": "x*(1 - x)*N + c"}, parameters={"k": 2, "c": {"range": [0, 1]}})
    member = family.with_parameters(c=0.5)
    told = line({"u": "x*(1 - x)*N + c"}, parameters={"k": 2, "c": 0.5})
    assert member == told


def test_what_is_singular_is_asked_of_the_network() -> None:
    """(x^2 y')' = 6 y has y = x^2: with y = x^2 N, over x^2, what is left is regular but for the factor of N''."""
    equation = {"e": "(d(x**2*u_x, x) - 6*u)/x**2 = 0"}
    plain = define(name="plain", coordinates={"x": [0, 1]}, fields=["u"], equations=equation)
    assert any("is not finite at `x = 0`" in f.message for f in check_problem(plain))
    problem = line({"u": "x**2*N"}, equations=equation, parameters={})
    assert not any("is not finite" in f.message for f in check_problem(problem))
    assert [(s.point, s.field) for s in singular_points(problem)] == [(0.0, "u")]


def test_zero_is_no_solution_where_the_ansatz_excludes_it() -> None:
    zero = {"equations": {"e": "u_xx = u"}, "parameters": {}}
    conditions = {"left": {"on": "x = 0", "equation": "u_x = 0"}, "right": {"on": "x = 1", "equation": "u = 0"}}
    names = [f.name for f in check_problem(line({"u": "x*N"}, **zero, conditions=conditions))]
    assert "trivial_solution" in names
    names = [f.name for f in check_problem(line({"u": "exp(N)"}, **zero, conditions=conditions))]
    assert "trivial_solution" not in names


def test_a_parameter_of_an_ansatz_alone_is_used() -> None:
    problem = line({"u": "k*x*N"}, equations={"e": "u_xx = 1"})
    assert "unused_parameter" not in [f.name for f in check_problem(problem)]
    assert problem.ansatz[0].expression.tree.has(sympy.Symbol("k", real=True))
