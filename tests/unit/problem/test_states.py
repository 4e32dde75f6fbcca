"""Eigenproblems: every state is a copy of the problem, held orthogonal to the others; what makes none is refused."""

from typing import Any

import pytest
import sympy

from pinnkit.equations.functions import INTEGRAL
from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.states import by_name, operator_parts
from pinnkit.reading import parse_yaml
from pinnkit.shipped import shipped_problems


def _well(**changes: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "well",
        "coordinates": {"x": [0, 1]},
        "fields": ["psi"],
        "parameters": {"E": "eigenvalue", "V": 3},
        "states": 3,
        "equations": {"schroedinger": "-psi_xx + V*psi = E*psi"},
        "conditions": {
            "walls": {"on": "boundary", "equation": "psi = 0"},
            "norm": {"equation": "integral(psi**2) = 1"},
        },
    }
    return define(**{**keys, **changes})


def test_every_state_has_a_field_a_level_and_an_equation() -> None:
    problem = _well()
    assert problem.fields == ("psi_1", "psi_2", "psi_3")
    assert [p.name for p in problem.unknowns] == ["E_1", "E_2", "E_3"]
    assert [e.name for e in problem.equations] == ["schroedinger_1", "schroedinger_2", "schroedinger_3"]
    assert [c.name for c in problem.conditions] == ["walls_1", "walls_2", "walls_3"]
    names = [i.name for i in problem.integrals]
    assert names == ["norm_1", "norm_2", "norm_3", "orthogonal_1_2", "orthogonal_1_3", "orthogonal_2_3"]


def test_an_equation_of_a_state_has_its_own_names_alone() -> None:
    problem = _well()
    tree = problem.equations[1].residual.tree  # type: ignore[union-attr]
    psi, level = problem.scope.functions["psi_2"], problem.scope.symbols["E_2"]
    x, v = problem.scope.symbols["x"], problem.scope.symbols["V"]
    assert sympy.expand(tree - (-psi.diff(x, 2) + v * psi - level * psi)) == 0


def test_the_inner_product_is_that_of_the_normalisation() -> None:
    weighted = {
        "norm": {"equation": "integral((1 + x)*psi**2) = 2"},
        "walls": {"on": "boundary", "equation": "psi = 0"},
    }
    problem = _well(conditions=weighted, states=2)
    (node,) = problem.integrals[-1].residual.tree.atoms(INTEGRAL)
    one, two = (problem.scope.functions[name] for name in ("psi_1", "psi_2"))
    assert sympy.expand(node.args[0] - (1 + problem.scope.symbols["x"]) * one * two) == 0


def test_one_state_keeps_the_names() -> None:
    problem = _well(states=1)
    assert problem.fields == ("psi",)
    assert [p.name for p in problem.unknowns] == ["E"]
    assert by_name(problem, {"E": 2.0}) == {"E": 2.0}


def test_levels_are_listed_by_the_name_of_the_file() -> None:
    values = {"E_1": 1.0, "E_2": 2.0, "E_3": 3.0}
    assert by_name(_well(), values) == {"E": [1.0, 2.0, 3.0]}


def test_a_file_that_is_written_is_the_file_that_was_read() -> None:
    problem = _well()
    again = problem_of(parse_yaml(dump_problem(problem)))
    assert again == problem
    assert "states: 3" in dump_problem(problem)


def test_other_parameters_reach_every_state() -> None:
    assert _well().with_parameters(V=7).values["V"] == 7
    assert _well().with_parameters(V=7).fields == ("psi_1", "psi_2", "psi_3")


def test_the_two_sides_of_a_linear_equation_are_told_apart() -> None:
    x, level = sympy.Symbol("x", real=True), sympy.Symbol("E", real=True)
    psi = sympy.Function("psi", real=True)(x)
    parts = operator_parts(-psi.diff(x, 2) + x**2 * psi - level * (1 + x) * psi, level, [psi])
    assert parts is not None
    assert sympy.expand(parts[0] - (-psi.diff(x, 2) + x**2 * psi)) == 0
    assert sympy.expand(parts[1] - (1 + x) * psi) == 0
    assert operator_parts(-psi.diff(x, 2) + psi**3 - level * psi, level, [psi]) is None
    assert operator_parts(-psi.diff(x, 2) - level**2 * psi, level, [psi]) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conditions": {"walls": {"on": "boundary", "equation": "psi = 0"}}}, "`psi = 0` satisfies everything"),
        ({"equations": {"e": "-psi_xx + psi**3 = E*psi"}}, "not linear"),
        ({"equations": {"e": "-psi_xx + V*psi = 0"}}, "in no equation"),
    ],
)
def test_what_is_no_eigenproblem_is_found_by_the_checks(changes: dict[str, Any], words: str) -> None:
    findings = [f for f in check_problem(_well(**changes)) if f.name == "eigenproblem"]
    assert len(findings) == 1
    assert words in findings[0].message
    assert findings[0].fatal


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": {"E": 3, "V": 3}}, "no parameter is one"),
        ({"parameters": {"E": "eigenvalue", "V": "eigenvalue"}}, "a problem has one"),
        ({"states": 0}, "between 1 and"),
        ({"states": 2.5}, "a whole number"),
        ({"fields": ["psi"], "parameters": {"E": "eigenvalue", "V": 3, "E_2": 1}}, "`E_2` is declared"),
    ],
)
def test_states_that_cannot_be_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        _well(**changes)


def test_shipped_wells_ask_for_states() -> None:
    wells = [name for name in shipped_problems() if name.endswith(("well", "barrier"))]
    assert set(wells) == {"infinite_well", "finite_well", "barrier", "harmonic_well", "double_well"}
