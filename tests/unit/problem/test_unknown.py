"""Unknown parameters of a problem: how they are read, written, shown and refused."""

import math
from typing import Any

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.schema import problem_schema
from pinnkit.problem.summary import summary
from pinnkit.problem.truth import settled
from pinnkit.problem.unknown import Unknown
from pinnkit.reading import parse_yaml


def spring(k: Any, **more: Any) -> Problem:
    """u'' = -k u with one condition more than its order."""
    keys = {
        "name": "spring",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "parameters": {"k": k},
        "equations": {"balance": "u_xx = -k*u"},
        "conditions": {
            "left": {"on": "x = 0", "equation": "u = 0"},
            "slope": {"on": "x = 0", "equation": "u_x = 2"},
            "right": {"on": "x = 1", "equation": "u = sin(2)"},
        },
    }
    return define(**{**keys, **more})


INFINITE = math.inf
READ = [
    ({"start": 1}, Unknown(1.0), "k unknown, from 1", 1.0),
    ({"start": 0}, Unknown(0.0), "k unknown, from 0", 1.0),
    ({"start": "-2/3"}, Unknown(-2 / 3), "k unknown, from -2/3 = -0.666666666667", 2 / 3),
    ({"start": 0.1, "positive": True}, Unknown(0.1, 0.0), "k unknown, from 0.1, positive", 0.1),
    ({"start": 3, "bounds": [1, 5]}, Unknown(3.0, 1.0, 5.0), "k unknown, from 3, in [1, 5]", 2.0),
    ({"start": 2, "bounds": [1, "2*pi"]}, Unknown(2.0, 1.0, 2 * math.pi), "in [1, 6.28318530718]", 1.0),
    ({"start": 2, "bounds": [-1, 5], "positive": True}, Unknown(2.0, 0.0, 5.0), "in [0, 5]", 2.0),
    ({"start": 2, "bounds": [1, "inf"]}, Unknown(2.0, 1.0), "above 1", 1.0),
    ({"start": -2, "bounds": [-INFINITE, 1]}, Unknown(-2.0, -INFINITE, 1.0), "below 1", 2.0),
    ({"start": 9, "scale": "1/4"}, Unknown(9.0, scale=0.25), "k unknown, from 9, scale 0.25", 0.25),
]


@pytest.mark.parametrize(("given", "unknown", "shown", "step"), READ)
def test_what_is_read_is_shown_and_written_back(
    given: dict[str, Any], unknown: Unknown, shown: str, step: float
) -> None:
    problem = spring(given)
    (found,) = problem.unknowns
    assert found.unknown == unknown
    assert found.value == unknown.start == problem.values["k"]
    assert unknown.step == pytest.approx(step, rel=1e-15)
    assert shown in summary(problem)
    assert problem_of(parse_yaml(dump_problem(problem), "written")) == problem
    assert not [f for f in check_problem(problem) if f.fatal]


def test_a_given_parameter_is_not_unknown() -> None:
    assert spring(4).unknowns == ()


WRONG = [
    ({"bounds": [0, 1]}, "parameters.k", "`parameters.k` needs the key `start`"),
    ({"start": 1, "bound": [0, 1]}, "parameters.k.bound", "unknown key `bound` in `parameters.k`"),
    ({"start": 2, "bounds": [0, 1]}, "parameters.k.start", "the start 2 of `k` is not in [0, 1]"),
    ({"start": 1, "bounds": [0, 1]}, "parameters.k.start", "It must lie strictly between the bounds."),
    ({"start": 1, "bounds": [3, 2]}, "parameters.k.bounds", "the bounds of `k` must rise, and they are 3 and 2"),
    ({"start": 1, "bounds": [2, 2]}, "parameters.k.bounds", "must rise"),
    ({"start": 1, "bounds": "wide"}, "parameters.k.bounds", "must be two numbers, such as [0.01, 1], not `wide`"),
    ({"start": -1, "positive": True}, "parameters.k", "`k` is positive, and its start is -1"),
    ({"start": -1, "bounds": [-2, 0], "positive": True}, "parameters.k", "is positive, and its start is -1"),
    ({"start": 1, "positive": 1}, "parameters.k.positive", "must be true or false, not `1`"),
    ({"start": 1, "scale": 0}, "parameters.k.scale", "the scale of `k` is 0; it must be above 0"),
    ({"start": "2*q"}, "parameters.k.start", "unknown name `q`"),
    ({"start": True}, "parameters.k.start", "must be a finite number, not `True`"),
    ({"start": "1/0"}, "parameters.k.start", "division by zero"),
    ([1, 2], "parameters.k", "must be a finite number"),
]


@pytest.mark.parametrize(("given", "place", "said"), WRONG)
def test_bad_input_is_told_with_its_place(given: Any, place: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        spring(given)
    assert said in str(caught.value)
    assert [str(m.place).startswith(place) for m in caught.value.mistakes] == [True]


def test_all_mistakes_are_told_together_with_line_and_column() -> None:
    text = """name: spring
coordinates: {x: [0, 1]}
fields: [u]
parameters:
  k: {start: 9, bounds: [0, 1], strat: 1}
  L:
    start: 1
    scale: -1
equations: ["u_xx = -k*u"]
"""
    with pytest.raises(UserError) as caught:
        problem_of(parse_yaml(text, "file.yaml"))
    places = [str(m.place) for m in caught.value.mistakes]
    assert places == ["file.yaml:5:14", "file.yaml:5:33", "file.yaml:8:12"]
    assert "Did you mean `start`?" in str(caught.value)


def test_a_coordinate_cannot_end_at_an_unknown_parameter() -> None:
    with pytest.raises(UserError, match="`x` ends at the unknown parameter `k`, and points are drawn"):
        spring({"start": 1}, coordinates={"x": [0, "2*k"]}, conditions={})


def test_another_value_is_another_start() -> None:
    problem = spring({"start": 1, "bounds": [0.5, 8]})
    moved = problem.with_parameters(k=2)
    assert moved.unknowns[0].unknown == Unknown(2.0, 0.5, 8.0)
    assert moved.values == {"k": 2.0}
    assert problem_of(parse_yaml(dump_problem(moved), "written")) == moved
    with pytest.raises(UserError, match=r"the start 9 of `k` is not in \[0.5, 8\]"):
        problem.with_parameters(k=9)


def test_the_reference_may_know_what_training_does_not() -> None:
    reference = {"exact": {"u": "sin(sqrt(k)*x)"}, "parameters": {"k": "2^2"}}
    problem = spring({"start": 1}, reference=reference)
    assert problem_of(parse_yaml(dump_problem(problem), "written")) == problem
    assert not [f for f in check_problem(problem) if f.fatal]
    assert problem.values == {"k": 1.0}
    known = settled(problem)
    assert (known.values, known.unknowns) == ({"k": 4.0}, ())
    assert "reference: u = sin(sqrt(k)*x), k = 4" in summary(problem)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"q": 1}, "`q` in `reference.parameters` is not an unknown parameter of the problem"),
        ({"k": "x"}, "unknown name `x`"),
        ({"k": -4}, "the reference value -4 of `k` is not positive"),
    ],
)
def test_what_the_reference_says_must_fit(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        spring({"start": 1, "positive": True}, reference={"exact": {"u": "x"}, "parameters": parameters})
    assert said in str(caught.value)
    assert [str(m.place) for m in caught.value.mistakes] == [f"reference.parameters.{next(iter(parameters))}"]


def test_the_schema_has_all_forms() -> None:
    either = problem_schema()["properties"]["parameters"]["additionalProperties"]["anyOf"]
    assert [entry["type"] for entry in either] == ["number", "string", "object", "object"]
    forms = {entry["required"][0]: entry for entry in either if entry["type"] == "object"}
    assert set(forms["start"]["properties"]) == {"start", "bounds", "positive", "scale"}
    assert set(forms["range"]["properties"]) == {"range"}
    assert all(len(form["required"]) == 1 and not form["additionalProperties"] for form in forms.values())
