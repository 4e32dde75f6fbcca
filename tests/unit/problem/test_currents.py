"""Currents that turn: which coordinates may have a condition on both ends though equations are of first order.

Satisfied: solid-body rotation on a square; one way alone, a speed that depends on the field, and equations of second
order do not turn.
"""

from typing import Any

import pytest

from pinnkit.problem.checks import check_problem
from pinnkit.problem.currents import turns
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem


def square(equation: str, **more: Any) -> Problem:
    """A field on a square with values all around."""
    return define(
        **{
            "name": "square",
            "coordinates": {"x": [-1, 1], "y": [-1, 1], "t": [0, 1]},
            "time": "t",
            "fields": ["u"],
            "equations": {"e": equation},
            "conditions": {
                "start": {"on": "t = 0", "equation": "u = 0"},
                "walls": {"on": "boundary", "equation": "u = 0"},
            },
            **more,
        }
    )


@pytest.mark.parametrize(
    ("equation", "along_x", "along_y"),
    [
        ("u_t - y*u_x + x*u_y = 0", True, True),
        ("u_t + u_x + x*u_y = 0", False, True),
        ("u_t + u*u_x + 2*u_y = 0", False, False),
        ("u_t + y*u_x = u_xx + u_yy", False, False),
    ],
)
def test_a_known_speed_of_both_signs_turns(equation: str, along_x: bool, along_y: bool) -> None:
    problem = square(equation)
    assert [turns(problem, "u", problem.coordinate(name)) for name in "xy"] == [along_x, along_y]
    doubled = {f.message.split("`")[1] for f in check_problem(problem) if f.name == "double_condition"}
    first = {name for name in "xy" if problem.order("u", name) == 1}
    assert doubled == {name for name, turning in (("x", along_x), ("y", along_y)) if name in first and not turning}
