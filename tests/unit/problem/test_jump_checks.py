"""What jumps inside the domain is found where it does, and nothing else is; and what is missing between regions."""

from typing import Any

import pytest

from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem


def _plate(equation: str, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "plate",
        "coordinates": {"x": [0, 1], "y": [-1, 1]},
        "fields": ["u"],
        "parameters": {"a": 0.3},
        "equations": {"heat": equation},
        "conditions": {"edge": {"on": "boundary", "equation": "u = a"}},
    }
    return define(**{**keys, **more})


def _found(problem: Problem, name: str = "silent_jump") -> list[str]:
    return [finding.message for finding in check_problem(problem) if finding.name == name]


HALVES = {"left": {"x": [0, 0.5]}, "right": {"x": [0.5, 1]}}
BOTH = {"value": "u", "flux": "dn(u)"}


@pytest.mark.parametrize(
    ("equation", "at"),
    [
        ("d(where(x < 1/2, 1, 5)*u_x, x) + u_yy = 0", "at `x = 0.5`"),
        ("laplace(u) = heaviside(x - a)", "at `x = 0.3`"),
        ("laplace(u) = sign(y + 1/4)*exp(x)", "at `y = -0.25`"),
        ("laplace(u) = u*where(x**2 <= 1/4, y, 2)", "at `x = 0.5`"),
        ("where(x < 0.2, 1, where(x < 0.7, 2, 3))*laplace(u) = 1", "at `x = 0.2` and `x = 0.7`"),
        ("laplace(u) = sign((x - 0.25)*(x - 0.75))", "at `x = 0.25` and `x = 0.75`"),
        ("laplace(u) = where(y < 0, sin(1/(1 + x)), 0)", "at `y = 0`"),
        ("laplace(u) = sign(x - 0.25)*sign(y)", "at `x = 0.25` and `y = 0`"),
        ("d(abs(x - 0.4)*u_x, x) + u_yy = 0", "at `x = 0.4`"),
    ],
)
def test_a_jump_is_told_with_its_place(equation: str, at: str) -> None:
    (message,) = _found(_plate(equation))
    assert message == f"`heat` jumps {at}, inside the domain: a smooth network would round it off"


@pytest.mark.parametrize(
    "equation",
    [
        "laplace(u) = where(x < 1/2, x, 1 - x)",  # a kink
        "laplace(u) = where(x < 1/2, 0, sqrt(abs(x - 1/2)))",  # steep, and no jump
        "laplace(u) = where(x < 1/2, x, x)",
        "laplace(u) = where(u < 1/2, 0, 1)",  # no place: the field's own
        "laplace(u) = where(x < 2, 0, 1)",  # outside
        "laplace(u) = where(x < 0, 1, 0)",  # on the edge
        "laplace(u) = abs(x - 0.5) + max(x, y)",
        "laplace(u) = (x - 1/2)*sign(x - 1/2)",
        "laplace(u) = tanh((x - 1/2)/1e-5)",  # a smooth front; a switch is needed for a jump
        "laplace(u) = where(x < 1/2, 1, 2) - where(x < 1/2, 1, 2)",
    ],
)
def test_what_has_one_value_on_both_sides_is_no_jump(equation: str) -> None:
    assert _found(_plate(equation)) == []


def test_a_jump_along_a_line_that_no_box_has_is_told_by_what_switches() -> None:
    (finding,) = [
        f for f in check_problem(_plate("where(x + y < 1/2, 1, 2)*laplace(u) = 1")) if f.name == "silent_jump"
    ]
    assert finding.message.startswith("`heat` jumps where `x + y - 0.5` changes its sign, inside the domain")
    assert finding.severity == "warning"
    assert "no box ends there" in (finding.hint or "")


def test_a_jump_at_the_edge_of_a_region_is_meant() -> None:
    equation = "d(where(x < 1/2, 1, 5)*u_x, x) + u_yy = 0"
    assert _found(_plate(equation, regions=HALVES, interfaces=BOTH)) == []
    elsewhere = _plate(equation.replace("1/2", "0.6"), regions=HALVES, interfaces=BOTH)
    (message,) = _found(elsewhere)
    assert message.startswith("`heat` jumps at `x = 0.6`, inside the region `right`")
    across = _plate("laplace(u) = where(y < 0.5, 0, 1)", regions=HALVES, interfaces=BOTH)
    assert "inside the region `left` and the region `right`" in _found(across)[0]


def test_a_jump_on_a_half_line_and_with_an_unknown_parameter() -> None:
    conditions = {"edge": {"on": "x = 0", "equation": "u = a"}, "far": {"on": "x = inf", "equation": "u = 0"}}
    problem = define(
        name="well",
        coordinates={"x": [0, "inf"]},
        fields=["u"],
        parameters={"a": {"start": 1}},
        equations={"e": "u_xx = where(x < 3, 0, a)*u"},
        conditions=conditions,
    )
    assert _found(problem) == ["`e` jumps at `x = 3`, inside the domain: a smooth network would round it off"]


def test_it_can_be_meant() -> None:
    problem = _plate("laplace(u) = heaviside(x - a)", accept=["silent_jump"])
    assert [f.accepted for f in check_problem(problem) if f.name == "silent_jump"] == [True]


@pytest.mark.parametrize(
    ("interfaces", "tail"),
    [
        ({}, "has no interface conditions at x = 0.5, between left and right: its value and its flux are missing"),
        ({"value": "u"}, "has 1 interface condition at x = 0.5, between left and right: its flux is missing"),
        ({"flux": "dn(u)"}, "has 1 interface condition at x = 0.5, between left and right: its value is missing"),
        ({"contact": "dn(u) = 3*jump(u)"}, "has 1 interface condition at x = 0.5, between left and right"),
    ],
)
def test_what_an_interface_lacks_is_named(interfaces: dict[str, str], tail: str) -> None:
    problem = _plate("laplace(u) = 1", regions=HALVES, interfaces=interfaces)
    assert _found(problem, "few_interfaces") == [f"`u` is of order 2 in `x` and {tail}"]


def test_interfaces_that_are_enough_for_the_order() -> None:
    assert _found(_plate("laplace(u) = 1", regions=HALVES, interfaces=BOTH), "few_interfaces") == []
    resistance = {"flux": "jump(dn(u)) = 0", "contact": "dn(u) = 3*jump(u)"}
    assert _found(_plate("laplace(u) = 1", regions=HALVES, interfaces=resistance), "few_interfaces") == []
    assert _found(_plate("u_x + u_yy = 1", regions=HALVES, interfaces={"value": "u"}), "few_interfaces") == []
    first = {"fields": ["u", "q"], "equations": {"heat": "q_x + u_yy = 1", "law": "q = u_x"}}
    both = {"value": "u", "flow": "q"}
    assert _found(_plate("", **first, regions=HALVES, interfaces=both), "few_interfaces") == []
    beam = _plate("d(u, x, 4) + u_yy = 1", regions=HALVES, interfaces=BOTH)
    assert "`u` is of order 4 in `x` and has 2 interface conditions" in _found(beam, "few_interfaces")[0]


def test_an_interface_counts_between_the_regions_that_it_names_only() -> None:
    regions = {"a_": {"x": [0, 0.2]}, "b_": {"x": [0.2, 0.5]}, "c_": {"x": [0.5, 1]}}
    interfaces = {"value": "u", "flux": {"equation": "dn(u)", "between": ["a_", "b_"]}}
    (message,) = _found(_plate("laplace(u) = 1", regions=regions, interfaces=interfaces), "few_interfaces")
    assert message.endswith("at x = 0.5, between b_ and c_: its flux is missing")
