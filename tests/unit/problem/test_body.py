"""Domains that are shapes, as a problem file says them.

Satisfied: shapes combine as the text says; pieces of the boundary are all of it, what is left of a primitive, an
element, or what lies on a plane; shapes and planes move with parameters, as editors are told; what is written is read
back as it was; conditions on pieces are checked like others, normal derivatives among them; every mistake says where it
is and what is possible.
"""

import json
from typing import Any

import numpy as np
import pytest

from pinnkit.equations import to_text
from pinnkit.errors import UserError
from pinnkit.problem.body import combined
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.prescribed import prescribed
from pinnkit.problem.problem import Problem
from pinnkit.problem.schema import problem_schema
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml
from pinnkit.shapes import Ball, Box

SHAPES = {
    "square": {"name": "box", "lower": [-1, -1], "upper": [1, 1]},
    "hole": {"name": "ball", "center": [0.25, 0], "radius": 0.5},
}


def problem(**keys: Any) -> Problem:
    given: dict[str, Any] = {
        "name": "p",
        "coordinates": {"x": [-1, 1], "y": [-1, 1]},
        "fields": ["u"],
        "equations": ["laplace(u) = 4"],
        "shapes": SHAPES,
        "domain": "square - hole",
        "conditions": {"walls": {"on": "boundary", "equation": "u = x^2 + y^2"}},
        "reference": {"exact": {"u": "x^2 + y^2"}},
    }
    return define(**{**given, **keys})


def found(given: Problem) -> list[str]:
    return [f"{f.name}: {f.message}" for f in check_problem(given)]


def mistakes(**keys: Any) -> str:
    with pytest.raises(UserError) as caught:
        problem(**keys)
    return str(caught.value)


def test_shapes_are_combined() -> None:
    body = problem().body
    assert body is not None
    assert body.coordinates == ("x", "y")
    assert body.shape.measure == pytest.approx(4 - np.pi / 4)


@pytest.mark.parametrize(
    ("text", "measure"),
    [("a", 1.0), ("a - b", 1 - np.pi / 16), ("a + b", 1 + 3 * np.pi / 16), ("a | b", 1 + 3 * np.pi / 16),
     ("a & b", np.pi / 16), ("a - (a & b)", 1 - np.pi / 16), ("(a)", 1.0)],
)  # fmt: skip
def test_the_language_of_domains(text: str, measure: float) -> None:
    known = {"a": Box([0, 0], [1, 1], "a"), "b": Ball([0, 0], 0.5, "b")}
    assert combined(text, known).measure == pytest.approx(measure, rel=1e-7)


def test_one_shape_needs_no_domain() -> None:
    body = problem(shapes={"disc": {"name": "ball", "center": [0, 0], "radius": 1.0}}, domain=None).body
    assert body is not None
    assert body.text == "disc"


@pytest.mark.parametrize(
    ("piece", "measure"),
    [("boundary", 8 + np.pi), ("square", 8.0), ("hole", np.pi), ("square.1", 2.0), ("x = 1", 2.0), ("y = -1", 2.0)],
)
def test_pieces(piece: str, measure: float) -> None:
    conditions = {"walls": {"on": piece, "equation": "u = x^2 + y^2"}}
    given = problem(conditions=conditions, accept=["open_face"])
    (face,) = given.conditions[0].faces
    assert given.body is not None
    assert given.body.outline(face.piece).measure == pytest.approx(measure)


def test_what_is_written_is_read_back() -> None:
    given = problem(conditions={"walls": {"on": ["x = 1", "hole"], "equation": "u = x^2 + y^2"}}, accept=["open_face"])
    again = problem_of(parse_yaml(dump_problem(given), "again.yaml"))
    assert again == given
    assert again.body is not None
    assert given.body is not None
    assert again.body.shape.measure == given.body.shape.measure


def moving(**keys: Any) -> Problem:
    """A square of side s with a hole, and a condition on a plane."""
    shapes = {
        "square": {"name": "box", "lower": ["-s/2", "-s/2"], "upper": ["s/2", "s/2"]},
        "hole": {"name": "ball", "center": ["0.1*s", 0], "radius": "s/5"},
    }
    given = {
        "coordinates": {"x": ["-s/2", "s/2"], "y": ["-s/2", "s/2"]},
        "parameters": {"s": 4},
        "shapes": shapes,
        "conditions": {
            "right": {"on": "x = s/2", "equation": "u = x^2 + y^2"},
            "others": {"on": ["square.1", "square.3", "square.4", "hole"], "equation": "u = x^2 + y^2"},
        },
    }
    return problem(**{**given, **keys})


@pytest.mark.parametrize("side", [4.0, 1.0, 7.0])
def test_shapes_and_planes_move_with_parameters(side: float) -> None:
    given = moving().with_parameters(s=side)
    assert given.body is not None
    assert given.body.shape.measure == pytest.approx(side**2 * (1 - np.pi / 25))
    (face,) = given.conditions[0].faces
    assert given.body.outline(face.piece).measure == pytest.approx(side)
    assert given.body.outline("hole").measure == pytest.approx(2 * np.pi * side / 5)
    again = problem_of(parse_yaml(dump_problem(given), "again.yaml"))
    assert again == given
    assert again.with_parameters(s=2) == given.with_parameters(s=2)
    assert found(given) == []


def test_a_shape_that_moves_out_of_its_intervals_is_refused() -> None:
    given = moving(coordinates={"x": [-2, 2], "y": [-2, 2]})
    with pytest.raises(UserError, match="beyond its interval"):
        given.with_parameters(s=6)
    with pytest.raises(UserError, match="s"):
        given.with_parameters(s=-1)


def test_editors_know_that_numbers_of_shapes_may_be_texts() -> None:
    text = json.dumps(problem_schema()["properties"]["shapes"])
    assert '{"type": "number"}, {"type": "string"' in text
    assert text.count('"type": "number"') == text.count('{"anyOf": [{"type": "number"}')


def test_a_sound_problem_has_no_findings() -> None:
    assert found(problem()) == []


def test_normal_derivatives_are_checked_against_the_exact_answer() -> None:
    """On the hole, whose normal points to its centre, d(x^2 + y^2)/dn is -2 (p.(p - c))/r."""
    inward = "dn(u) = -4*(x*(x - 1/4) + y*y)"
    conditions = {
        "outer": {"on": "square", "equation": "u = x^2 + y^2"},
        "flux": {"on": "hole", "equation": inward},
    }
    assert found(problem(conditions=conditions)) == []
    conditions["flux"] = {"on": "hole", "equation": inward.replace("-4", "4")}
    assert found(problem(conditions=conditions))[0].startswith("exact_reference: the exact reference does not satisfy")


def test_components_of_the_normal_are_printed_and_fix_no_value() -> None:
    conditions = {
        "walls": {"on": "square", "equation": "u = x^2 + y^2"},
        "push": {"on": "hole", "equation": "u_x*normal(x) + u_y*normal(y) = -4*(x*(x - 1/4) + y*y)"},
    }
    given = problem(conditions=conditions)
    assert found(given) == []
    text = summary(given)
    assert "nₓ" in text
    assert "normal along" not in text
    residual = given.conditions[1].residual
    assert "normal(x)" in to_text(residual.tree, given.scope)
    valued = problem(conditions={"walls": {"on": "boundary", "equation": "u = normal(x)"}})
    assert prescribed(valued.conditions[0], valued.conditions[0].faces[0], valued) is None


def test_a_bare_piece_is_found() -> None:
    conditions = {"walls": {"on": ["x = 1", "hole"], "equation": "u = x^2 + y^2"}}
    assert found(problem(conditions=conditions)) == [
        "open_face: `u` has no condition on `square.1`, `square.3`, `square.4` of the boundary"
    ]


def test_time_beside_a_shape() -> None:
    given = problem(
        coordinates={"x": [-1, 1], "y": [-1, 1], "t": [0, 1]},
        time="t",
        equations=["u_t = laplace(u)"],
        conditions={
            "start": {"on": "t = 0", "equation": "u = x^2 + y^2"},
            "walls": {"on": "boundary", "equation": "u = x^2 + y^2 + 4*t"},
        },
        reference={"exact": {"u": "x^2 + y^2 + 4*t"}},
    )
    assert found(given) == []
    assert [str(face) for c in given.conditions for face in c.faces] == ["t = 0", "boundary"]


def test_numbers_of_the_whole_field_are_refused() -> None:
    whole = {"mean": {"equation": "integral(u) = 1"}, "walls": {"on": "boundary", "equation": "u = x^2 + y^2"}}
    given = problem(
        conditions=whole,
        outputs={"top": "maximum(u)", "line": "maximum(u, y = 0.9)", "middle": "value(u, x = -0.9, y = 0)"},
    )
    assert [line for line in found(given) if line.startswith("over_shape")] == [
        "over_shape: `mean` needs integrals over a shape, and there are none yet",
        "over_shape: `line` needs `maximum` along a part of the coordinates of a shape, and there is none yet",
    ]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"shapes": {"square": {"name": "bok"}}}, "unknown shape `bok`\n  Did you mean `box`?"),
        (
            {"shapes": {"square": {"name": "ball", "center": [0, 0], "radius": 1.0, "label": "disc"}}},
            "unknown option `label` of shape `ball`",
        ),
        ({"shapes": {"square": {"name": "ball", "center": [0, 0]}}}, "needs the option `radius`"),
        ({"shapes": {"square": {"name": "ball", "center": [0, 0], "radius": "wide"}}}, "radius"),
        (
            {
                "shapes": {"square": {"name": "ball", "center": ["s/2", 0], "radius": 1.0}},
                "domain": None,
                "parameters": {"s": {"unknown": {"start": 0.1}}},
            },
            "unknown name `s`",
        ),
        ({"domain": "square - hol"}, "unknown shape `hol` in `domain`\n  Did you mean `hole`?"),
        ({"domain": "square - "}, "`square - ` does not say how shapes are combined"),
        ({"domain": "square - (" + "square - " * 1200 + "square)"}, "`domain` has 10817 characters; 10000 is the most"),
        ({"domain": "square" + " + square" * 128}, "`domain` combines 129 shapes; 128 is the most"),
        ({"domain": "square * hole"}, "`square * hole` is no shape"),
        ({"domain": "__import__('os')"}, "is no shape"),
        ({"domain": "hole - square"}, "the difference of `hole`, `square` is empty"),
        ({"domain": None}, "several `shapes` need a `domain`"),
        ({"shapes": {}, "domain": "square"}, "`domain` combines `shapes`, and there are none"),
        ({"shapes": {"boundary": SHAPES["square"]}, "domain": None}, "no shape can be called `boundary`"),
        ({"coordinates": {"x": [-1, 0.5], "y": [-1, 1]}}, "beyond its interval"),
        ({"coordinates": {"x": [-1, 1], "y": {"range": [-1, 1], "periodic": True}}}, "`y` is periodic"),
        ({"coordinates": {"x": [-1, 1]}, "equations": ["u_xx = 4"]}, "the shape has 2 coordinates, and the problem 1"),
        ({"symmetry": {"u": "even in x"}}, "`symmetry` needs a domain that is a box"),
        (
            {"conditions": {"walls": {"on": "hol", "equation": "u = 0"}}},
            "unknown piece of the boundary `hol`\n  Did you mean `hole`?",
        ),
        ({"conditions": {"walls": {"on": "x = 0.3", "equation": "u = 0"}}}, "unknown piece of the boundary `x = 0.3`"),
        ({"conditions": {"walls": {"on": "z = 0", "equation": "u = 0"}}}, "unknown coordinate `z`"),
        (
            {"domain": "square + hole", "conditions": {"walls": {"on": "hole", "equation": "u = 0"}}},
            "nothing is left of the boundary of `hole`",
        ),
    ],
)
def test_what_is_no_domain(keys: dict[str, Any], message: str) -> None:
    assert message in mistakes(**keys)
