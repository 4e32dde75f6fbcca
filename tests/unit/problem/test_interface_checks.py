"""Exact fields across the contacts of regions: a jump is the upper side less the lower one.

u = |x| has the slopes -1 and 1: its value does not jump, its slope by 2, and its flux k u_x with k = 1 and 3 by 4.
"""

import pytest

import pinnkit
from pinnkit.problem.checks import check_problem
from pinnkit.problem.problem import Problem


def kink(**interfaces: object) -> Problem:
    return pinnkit.define(
        name="kink",
        coordinates={"x": [-1, 1], "y": [0, 1]},
        fields=["u"],
        functions={"k": "where(x < 0, 1, 3)"},
        regions={"left": {"x": [-1, 0]}, "right": {"x": [0, 1]}},
        equations={"e": "laplace(u) = 0"},
        interfaces=interfaces,
        conditions={"walls": {"on": "boundary", "equation": "u = abs(x)"}},
        reference={"exact": {"u": "abs(x)"}},
    )


def told(problem: Problem) -> list[str]:
    return [f.message for f in check_problem(problem) if f.name == "exact_reference"]


@pytest.mark.parametrize(
    "interface",
    ["u", "jump(dn(u)) = 2", "jump(u_x) = 2", "jump(k*dn(u)) = 4", "jump(k*u_x) - 2*jump(u_x) = 0", "jump(u) = y*u"],
)
def test_what_holds_is_not_reported(interface: str) -> None:
    assert told(kink(value="u", other=interface)) == []


@pytest.mark.parametrize("interface", ["dn(u)", "jump(dn(u)) = -2", "jump(k*dn(u)) = 2", "jump(u) = y"])
def test_what_does_not_hold_is_reported_with_its_contact(interface: str) -> None:
    (message,) = told(kink(value="u", other=interface))
    assert message.startswith("the exact reference does not satisfy `other` on x = 0, between left and right")


def test_an_interface_between_other_regions_is_not_asked() -> None:
    problem = kink(value="u", other={"equation": "jump(dn(u)) = 2", "between": ["left", "right"]})
    assert told(problem) == []
