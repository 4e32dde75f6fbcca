"""Tables in a problem file: what is asked for, the points of a line, and what is refused with its place.

- Points are even from the first to the last, and all coordinates that move do so together.
- Ends follow the parameters.
- A dumped table is read back as it was.
- A parameter with a range that gets one value is no coordinate of the table any more.
"""

from typing import Any

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml

HEAT: dict[str, Any] = {
    "name": "heat",
    "coordinates": {"x": [0, "L"], "t": [0, 1]},
    "time": "t",
    "fields": ["u"],
    "parameters": {"L": 2},
    "equations": ["u_t = u_xx"],
}


def with_table(**table: Any) -> Problem:
    return define(**HEAT, tables={"probe": table})


def test_points_are_even_on_a_line() -> None:
    problem = with_table(of=["u", "u_x**2"], on={"x": [0, "L"], "t": [1, 0.5]}, points=5)
    (table,) = problem.tables
    points = table.at(problem.scope.coordinates, problem.values)
    np.testing.assert_allclose(points, [[0, 1], [0.5, 0.875], [1, 0.75], [1.5, 0.625], [2, 0.5]])
    assert [column.text for column in table.columns] == ["u", "u_x**2"]


def test_ends_follow_the_parameters() -> None:
    problem = with_table(of="u", on={"x": "L/2", "t": [0, 1]}).with_parameters(L=3)
    (table,) = problem.tables
    assert set(table.at(problem.scope.coordinates, problem.values)[:, 0]) == {1.5}
    assert table.points == 201


def test_a_table_is_read_back_as_it_was() -> None:
    problem = with_table(of=["u", "x*u_t"], on={"x": [0, "L"], "t": 0.25}, points=7)
    again = problem_of(parse_yaml(dump_problem(problem)))
    assert [(t.name, t.line, t.points, [c.text for c in t.columns]) for t in again.tables] == [
        ("probe", {"x": (0, "L"), "t": (0.25, 0.25)}, 7, ["u", "x*u_t"])
    ]
    assert "table probe: u, x*u_t; x from 0 to L, t = 0.25, 7 points" in summary(problem)


def test_a_fixed_parameter_leaves_the_table() -> None:
    family = define(
        **{**HEAT, "parameters": {"L": 2, "k": {"range": [1, 2]}}, "equations": ["u_t = k*u_xx"]},
        tables={"probe": {"of": "u", "on": {"x": 1, "t": [0, 1], "k": 1.5}}},
    )
    member = family.with_parameters(k=1.25)
    assert set(member.tables[0].line) == {"x", "t"}
    assert problem_of(parse_yaml(dump_problem(member))).tables[0].line == member.tables[0].line


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"of": "u", "on": {"x": 1}}, "the table `probe` does not say where `t` is"),
        ({"of": "u", "on": {"x": 3, "t": 0}}, "the table `probe` asks `x = 3`"),
        ({"of": "u", "on": {"x": [0, 1, 2], "t": 0}}, "`x` of the table `probe` must be a value, or two"),
        ({"of": "v", "on": {"x": 1, "t": 0}}, "unknown name `v`"),
        ({"of": [], "on": {"x": 1, "t": 0}}, "has nothing in `of`"),
        ({"of": ["u", "u"], "on": {"x": 1, "t": 0}}, "has `u` twice"),
        ({"of": "u", "on": {"x": 1, "t": 0, "y": 0}}, "unknown coordinate `y` in the table `probe`"),
        ({"of": "u", "on": {"x": 1, "t": 0}, "points": 9}, "has one point, for no coordinate moves"),
        ({"of": "u", "on": {"x": [0, 1], "t": 0}, "points": 1}, "must be a whole number from 2"),
        ({"of": "u", "on": {"x": [0, 1], "t": 0}, "points": 1e9}, "must be a whole number from 2"),
        ({"of": "u", "on": [1, 0]}, "`on` of the table `probe` must be a mapping"),
        ({"of": "u"}, "must be a table, such as"),
        ({"of": "u", "on": {"x": 1, "t": "1/0"}}, "division by zero"),
    ],
)
def test_what_is_refused(table: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told.replace("(", r"\(")) as caught:
        with_table(**table)
    assert all(mistake.place is not None for mistake in caught.value.mistakes)


def test_a_name_is_one_of_a_file() -> None:
    with pytest.raises(UserError, match="cannot be the name of a table"):
        define(**HEAT, tables={"../x": {"of": "u", "on": {"x": 1, "t": 0}}})


def test_several_states_have_no_tables() -> None:
    well: dict[str, Any] = {
        "name": "well",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"E": "eigenvalue"},
        "equations": ["-u_xx = E*u"],
        "conditions": {"walls": {"on": "boundary", "equation": "u = 0"}, "norm": {"equation": "integral(u**2) = 1"}},
        "tables": {"probe": {"of": "u", "on": {"x": [0, 1]}}},
    }
    assert define(**well).tables
    with pytest.raises(UserError, match="is of several states"):
        define(**well, states=2)
