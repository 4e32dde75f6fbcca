"""Groups of terms.

1. `kind`, `term` and named groups hold every term once, and only terms that have rows.
2. A problem's own groups are taken unless the config says otherwise; what it calls one equation is one, over regions
   and of complex fields too.
3. A group that names no term, an empty one and a term in two groups are refused with a near miss.
"""

from typing import Any

import pytest

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.errors import UserError
from pinnkit.networks import MLP
from pinnkit.objective.groups import Groups
from pinnkit.objective.residual_gradients import ResidualGradients
from pinnkit.points import Uniform
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem


def problem(**more: Any) -> Problem:
    return define(
        **more,
        name="flow",
        coordinates={"x": [-1, 1], "t": [0, 2]},
        time="t",
        fields=["u", "p"],
        equations={"momentum": "u_t + u*u_x + p_x = u_xx", "pressure": "p_xx = 1"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = sin(pi*x)"},
            "walls": {"on": ["x = -1", "x = 1"], "equation": "p + p_x = 0"},
            "level": {"on": "x = -1", "equation": "u = 0"},
        },
    )


def groups(
    asked: Groups, hard: str = "none", gradients: bool = False, of: Problem | None = None
) -> dict[str, tuple[str, ...]]:
    config = Config(
        network=MLP(4, 1),
        points=Uniform(8),
        condition_points=Uniform(4),
        hard=hard,  # type: ignore[arg-type]  # a word of the literal
        groups=asked,
        residual_gradients=ResidualGradients() if gradients else None,
    )
    return build_run(of if of is not None else problem(), config).assembly.terms_of


def test_by_kind_and_by_term() -> None:
    assert groups("kind") == {"pde": ("momentum", "pressure"), "ic": ("start",), "bc": ("walls", "level")}
    assert groups("term") == {name: (name,) for name in ("momentum", "pressure", "start", "walls", "level")}


def test_named_groups_leave_the_rest_to_their_kinds() -> None:
    found = groups({"flow": ("momentum", "start"), "rest": ("level",)})
    assert found == {"flow": ("momentum", "start"), "pde": ("pressure",), "bc": ("walls",), "rest": ("level",)}


def test_the_groups_of_a_problem_are_taken_unless_the_config_says_otherwise() -> None:
    own = problem(groups={"flow": ["momentum", "start"], "rest": ["level"]})
    assert own.groups == {"flow": ("momentum", "start"), "rest": ("level",)}
    assert groups("auto", of=own) == groups({"flow": ("momentum", "start"), "rest": ("level",)})
    assert groups("kind", of=own) == groups("kind") == groups("auto")
    assert groups("term", of=own) == groups("term")


def test_what_a_problem_calls_one_equation_is_one_over_regions_and_of_complex_fields() -> None:
    halves = define(
        name="halves",
        coordinates={"x": [0, 1]},
        fields=["u"],
        regions={"left": {"x": [0, 0.5]}, "right": {"x": [0.5, 1]}},
        equations={"heat": "u_xx = 1"},
        interfaces={"value": "u", "slope": "dn(u)"},
        conditions={"walls": {"on": "boundary", "equation": "u = 0"}},
        groups={"inside": ["heat"], "ends": ["walls"]},
    )
    found = groups("auto", of=halves)
    assert found["inside"] == ("heat_left", "heat_right")
    assert found["ends"] == ("walls_left", "walls_right")
    wave = define(
        name="wave",
        coordinates={"x": [0, 1], "t": [0, 1]},
        time="t",
        fields=["h"],
        complex=["h"],
        equations={"schroedinger": "i*h_t + h_xx = 0"},
        conditions={"start": {"on": "t = 0", "equation": "h = x"}, "walls": {"on": "boundary", "equation": "h = 0"}},
        groups={"all": ["schroedinger", "start"]},
        accept=["corner_jump"],
    )
    assert groups("auto", of=wave)["all"] == ("schroedinger_re", "schroedinger_im", "start_re", "start_im")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"walls": ["wals"]}, "groups.walls.0: unknown term `wals` in the group `walls`"),
        ({"none": []}, "`groups.none` must be a list of names"),
        ({"one": ["walls"], "two": ["walls"]}, "the term `walls` is in the groups `one` and `two`; it can be in one"),
        ("walls", "groups"),
    ],
)
def test_mistakes_of_a_problem(asked: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        problem(groups=asked)


def test_what_has_no_rows_is_in_no_group() -> None:
    found = groups({"still": ("level",)}, hard="all")
    assert "still" not in found
    assert {term for own in found.values() for term in own} >= {"momentum", "pressure"}


def test_further_terms_follow_those_that_they_come_from() -> None:
    found = groups("kind", gradients=True)
    assert len(found["pde"]) > 2
    assert set(found) == {"pde", "ic", "bc"}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"walls": ("wals",)}, "unknown term `wals` in group `walls`"),
        ({"none": ()}, "group `none` names no term"),
        ({"one": ("walls",), "two": ("walls",)}, "term `walls` is in the groups `one` and `two`"),
    ],
)
def test_mistakes(asked: Groups, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        groups(asked)
