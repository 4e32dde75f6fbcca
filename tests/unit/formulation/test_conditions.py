"""Which conditions are exact, and the reasons that a person is told.

Satisfied: a condition is exact where the lift holds it exactly; else it is soft, with its reason, and never silently
wrong: contradictions at corners, kinks, slopes in space and starts of second order in time stay with the objective.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest

from pinnkit.building import build_run
from pinnkit.config import Config
from pinnkit.derivatives.layout import Layout
from pinnkit.errors import UserError
from pinnkit.formulation.conditions import Formulation, Hard, formulate
from pinnkit.networks import MLP
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem

HEAT = "u_t = u_xx"
WAVE = "u_tt = u_xx"
WALLS = {"on": "boundary", "equation": "u = 0"}
START = {"on": "t = 0", "equation": "u = sin(pi*x)"}


def problem(conditions: Mapping[str, Mapping[str, Any]], equation: str = HEAT, **keys: Any) -> Problem:
    given = {"coordinates": {"x": [0, 1], "t": [0, 1]}, "time": "t", "fields": ["u"], **keys}
    return define(name="rod", equations={"equation": equation}, conditions=conditions, **given)


def words(formulation: Formulation) -> dict[str, str]:
    return {choice.condition: "exact" if choice.exact else choice.reason for choice in formulation.choices}


EXACT = "exact"
LATE = "of second order in time, where a lift leaves early times without weight"
CLASH = "it contradicts another condition where their faces meet"
KINK = "its value has a jump or a kink, which the lift would carry into the whole domain"
NOT_FIXED = "it does not fix one field, or its derivative along the normal, to a known value"
DERIVATIVE = "it fixes a derivative, and only values are built in away from the start of time"
GAP = "its order leaves a gap that a lift cannot fill"


@pytest.mark.parametrize(
    ("conditions", "equation", "expected"),
    [
        pytest.param({"start": START, "walls": WALLS}, HEAT, {"start": EXACT, "walls": EXACT}, id="heat"),
        pytest.param(
            {"place": START, "rate": {"on": "t = 0", "equation": "u_t = 0"}, "walls": WALLS},
            WAVE,
            {"place": LATE, "rate": LATE, "walls": EXACT},
            id="wave",
        ),
        pytest.param(
            {"start": {"on": "t = 0", "equation": "u = 1"}, "walls": WALLS},
            HEAT,
            {"start": CLASH, "walls": EXACT},
            id="a start that contradicts the walls",
        ),
        pytest.param(
            {"start": {"on": "t = 0", "equation": "u = abs(x - 0.5) - 0.5"}, "walls": WALLS},
            HEAT,
            {"start": KINK, "walls": EXACT},
            id="a kink",
        ),
        pytest.param(
            {"start": {"on": "t = 0", "equation": "u = where(x < 0.5, 0, 1)"}},
            HEAT,
            {"start": KINK},
            id="a jump",
        ),
        pytest.param(
            {"start": {"on": "t = 0", "equation": "u = min(x, 1 - x)"}}, HEAT, {"start": KINK}, id="the smaller of two"
        ),
        pytest.param(
            {"start": START, "walls": {"on": "boundary", "equation": "u_x = 0"}},
            HEAT,
            {"start": EXACT, "walls": DERIVATIVE},
            id="Neumann",
        ),
        pytest.param(
            {"start": START, "walls": {"on": "boundary", "equation": "dn(u) + u = 0"}},
            HEAT,
            {"start": EXACT, "walls": NOT_FIXED},
            id="Robin",
        ),
        pytest.param(
            {"start": START, "walls": {"on": "boundary", "equation": "u**2 = 0"}},
            HEAT,
            {"start": EXACT, "walls": NOT_FIXED},
            id="not linear",
        ),
        pytest.param(
            {"start": START, "again": {"on": "t = 0", "equation": "u = sin(pi*x)"}, "walls": WALLS},
            HEAT,
            {"start": GAP, "again": GAP, "walls": EXACT},
            id="twice the same face",
        ),
        pytest.param(
            {"rate": {"on": "t = 0", "equation": "u_t = 0"}, "walls": WALLS},
            HEAT,
            {"rate": GAP, "walls": EXACT},
            id="a rate without a value",
        ),
    ],
)
def test_choices_and_their_reasons(
    conditions: Mapping[str, Mapping[str, Any]], equation: str, expected: Mapping[str, str]
) -> None:
    of = problem(conditions, equation)
    formulation = formulate(of)
    assert words(formulation) == expected
    assert [condition.name for condition in formulation.soft] == [n for n, word in expected.items() if word != EXACT]
    assert str(formulation.choices[-1]).startswith(formulation.choices[-1].condition + ": ")
    run = build_run(of, Config(network=MLP(4, 1), device="cpu"))
    violations = run.assembly.violations(np.random.default_rng(0), 30, Layout.start(run.trial.network))
    assert all(violations[name] <= 1e-12 for name, word in expected.items() if word == EXACT)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param(
            {"left": {"on": "x = 0", "equation": "u = 1"}, "slope": {"on": "x = 1", "equation": "u_x = 0"}},
            {"left": EXACT, "slope": GAP},
            id="a value and a far slope",
        ),
        pytest.param(
            {
                "left": {"on": "x = 0", "equation": "u = 1"},
                "slope": {"on": "x = 0", "equation": "u_x = 0"},
                "right": {"on": "x = 1", "equation": "u = 2"},
            },
            {"left": EXACT, "slope": GAP, "right": EXACT},
            id="a slope between two values",
        ),
        pytest.param(
            {"left": {"on": "x = 0", "equation": "u = 1"}, "bend": {"on": "x = 0", "equation": "u_xx = 3"}},
            {"left": EXACT, "bend": GAP},
            id="a missing order",
        ),
    ],
)
def test_on_a_line(conditions: Mapping[str, Mapping[str, Any]], expected: Mapping[str, str]) -> None:
    of = problem(conditions, "u_xxx = 1", coordinates={"x": [0, 1]}, time=None)
    assert words(formulate(of)) == expected


def test_walls_that_contradict_each_other_leave_the_start_alone() -> None:
    """Only what meets in the wrong corner is at fault."""
    of = problem(
        {
            "start": {"on": "t = 0", "equation": "u = y"},
            "west": {"on": ["x = 0", "x = 1"], "equation": "u = y + t"},
            "south": {"on": "y = 0", "equation": "u = t**2"},
        },
        "u_t = laplace(u)",
        coordinates={"x": [0, 1], "y": [0, 1], "t": [0, 1]},
    )
    assert words(formulate(of)) == {"start": EXACT, "west": CLASH, "south": EXACT}


def test_one_field_does_not_pay_for_another() -> None:
    """The start of u contradicts its walls; that of v holds."""
    of = problem(
        {
            "start_u": {"on": "t = 0", "equation": "u = 1"},
            "start_v": {"on": "t = 0", "equation": "v = sin(pi*x)"},
            "walls_u": {"on": "boundary", "equation": "u = 0"},
            "walls_v": {"on": "boundary", "equation": "v = 0"},
        },
        "u_t = v_xx + v",
        fields=["u", "v"],
    )
    assert words(formulate(of)) == {"start_u": CLASH, "start_v": EXACT, "walls_u": EXACT, "walls_v": EXACT}


def test_each_of_several_fields_has_its_own_lift() -> None:
    of = problem(
        {
            "start_u": {"on": "t = 0", "equation": "u = x"},
            "walls_v": {"on": "x = 1", "equation": "v = t"},
            "wall_w": {"on": "x = 0", "equation": "w + u = t"},
        },
        "u_t = v_xx + w",
        fields=["u", "v", "w"],
    )
    formulation = formulate(of)
    assert words(formulation) == {"start_u": EXACT, "walls_v": EXACT, "wall_w": NOT_FIXED}
    x, t = (of.scope.symbols[name] for name in ("x", "t"))
    assert [lift.value for lift in formulation.lifts] == [x, t, 0]
    assert [lift.distance.subs({x: 0.25, t: 0.5}) for lift in formulation.lifts] == [0.5, 0.75, 1]
    assert [lift.trivial for lift in formulation.lifts] == [False, False, True]


@pytest.mark.parametrize(
    ("hard", "exact"),
    [
        ("none", ()),
        ((), ()),
        (("walls",), ("walls",)),
        (("walls", "place"), ("place", "walls")),
        ("auto", ("walls",)),
        ("all", ("place", "rate", "walls")),
    ],
)
def test_what_the_config_asks_for(hard: Hard, exact: tuple[str, ...]) -> None:
    of = problem({"place": START, "rate": {"on": "t = 0", "equation": "u_t = 0"}, "walls": WALLS}, WAVE)
    found = formulate(of, hard)
    assert tuple(choice.condition for choice in found.choices if choice.exact) == exact
    reasons = {choice.reason for choice in found.choices if not choice.exact}
    assert reasons <= {LATE if hard == "auto" else "as the config asks"}


@pytest.mark.parametrize(
    ("hard", "said"),
    [
        (("wals",), r"unknown condition `wals` in `hard`\n  Did you mean `walls`\?"),
        (("start", "slope"), "condition `slope` cannot be exact: it fixes a derivative"),
        (("start", "walls"), "condition `start` cannot be exact: it contradicts another condition"),
        (("rate",), "condition `rate` cannot be exact: its order leaves a gap"),
    ],
)
def test_conditions_that_cannot_be_asked_for(hard: tuple[str, ...], said: str) -> None:
    of = problem(
        {
            "start": {"on": "t = 0", "equation": "u = 1"},
            "rate": {"on": "t = 0", "equation": "u_t = 1"},
            "walls": WALLS,
            "slope": {"on": "x = 1", "equation": "u_x = 0"},
        }
    )
    with pytest.raises(UserError, match=said):
        formulate(of, hard)


@pytest.mark.parametrize("hard", ["auto", "all"])
def test_parameters_may_stand_in_what_is_fixed(hard: Literal["auto", "all"]) -> None:
    """The corners agree for the parameters' values, though not for all values."""
    walls = {"on": "boundary", "equation": "c*u = c - 1"}
    for value, expected in ((1.0, EXACT), (2.0, CLASH)):
        of = problem({"start": START, "walls": walls}, parameters={"c": value})
        assert words(formulate(of, hard)) == {"start": expected, "walls": EXACT}
