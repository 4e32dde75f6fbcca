"""Keys to a Problem: what is understood, and every mistake with its place and its near miss."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.equation_checks import unused_parameter
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Coordinate, Face, Problem
from pinnkit.problem.summary import summary
from pinnkit.problem.symmetry import Symmetry
from pinnkit.reading import parse_yaml

HEAT = """\
# Heat in a rod.
name: heat
coordinates: {x: [-1, 1], t: [0, "2*pi"]}
time: t
fields: [u]
parameters: {nu: "0.01/pi"}
equations:
  heat: "u_t = nu*u_xx"
conditions:
  initial: {on: "t = 0", equation: "u = sin(pi*x)"}
  ends: {on: ["x = -1", "x = 1"], equation: "u = 0"}
"""


def _read(text: str) -> Problem:
    return problem_of(parse_yaml(text, "f.yaml"))


def _said(text: str) -> str:
    with pytest.raises(UserError) as caught:
        _read(text)
    return str(caught.value)


def test_a_file_is_understood() -> None:
    problem = _read(HEAT)
    assert problem.title == "Heat in a rod."
    assert problem.source == "f.yaml"
    assert problem.coordinates == (Coordinate("x", -1.0, 1.0), Coordinate("t", 0.0, 2 * math.pi))
    assert problem.values == {"nu": 0.01 / math.pi}
    assert problem.conditions[1].faces == (Face("x", "lower", -1.0), Face("x", "upper", 1.0))
    assert (problem.order("u", "x"), problem.order("u", "t")) == (2, 1)
    assert str(problem.conditions[0].residual.place) == "f.yaml:10:37"
    assert problem.config == "levenberg_marquardt"


CHANGES = [
    ("name: heat", "name: my heat", "f.yaml:2:7: `my heat` cannot be the name of the problem"),
    ("name: heat", "title: x", "the key `name` is missing"),
    ("name: heat", "name: 3", "f.yaml:2:7: `name` must be a text, not `3`"),
    ("name: heat", "name: heat\ntite: x", "f.yaml:3:1: unknown key `tite`\n  Did you mean `title`?"),
    ("x: [-1, 1]", "x: [1, -1]", "f.yaml:3:18: the interval of `x` must go from a lower to an upper end"),
    ("x: [-1, 1]", "x: [1]", "`coordinates.x.range` must be the two ends of an interval, such as [0, 1], not `[1]`"),
    ("x: [-1, 1]", "x: 1", "`coordinates.x` must be an interval such as [0, 1]"),
    ("x: [-1, 1]", "x: [-1, true]", 'must be a finite number, or a constant as text such as "2*pi", not `True`'),
    ("x: [-1, 1]", "x: [-1, .nan]", "must be a finite number"),
    ("x: [-1, 1]", "x: {range: [-1, 1], scale: 2}", "`scale` has a meaning only where an end is infinite"),
    ("x: [-1, 1]", "x: {range: [-1, inf], scale: 0}", "f.yaml:3:18: `scale` must be above zero, not 0"),
    ("x: [-1, 1]", "x: {range: [-1, inf], scale: wide}", "unknown name `wide`"),
    ("x: [-1, 1]", "x: {range: [-1, inf], scale: [1]}", "`coordinates.x.scale` must be a finite number"),
    ("x: [-1, 1]", "x: [inf, -inf]", "f.yaml:3:18: the interval of `x` must go from a lower to an upper end"),
    ("x: [-1, 1]", "x: [-1, inf]", "`x = 1` is not a face: `x` does not end at 1\n  Did you mean `x = -1`?"),
    ("x: [-1, 1]", "x: {range: [-inf, inf], periodic: true}", "a periodic coordinate needs two finite ends"),
    ('t: [0, "2*pi"]', "t: [0, inf]", "f.yaml:3:30: time cannot go to infinity"),
    ("x: [-1, 1]", 'x: [-1, "2*pii"]', "f.yaml:3:26: unknown name `pii`"),
    ("x: [-1, 1]", "x: {range: [-1, 1], period: true}", "f.yaml:3:35: unknown key `period` in `coordinates.x`"),
    ("x: [-1, 1]", "x: {range: [-1, 1], periodic: 1}", "`coordinates.x.periodic` must be true or false, not `1`"),
    ("x: [-1, 1]", "x: {periodic: true}", "`coordinates.x` needs the key `range`"),
    ("x: [-1, 1]", "x: {range: [-1, 1], periodic: true}", "`x = -1` is no face: `x` is periodic, and takes no cond"),
    ('coordinates: {x: [-1, 1], t: [0, "2*pi"]}', "coordinates: 3", "`coordinates` must be a mapping of names"),
    ('coordinates: {x: [-1, 1], t: [0, "2*pi"]}', "coordinates: {}", "`coordinates` is empty"),
    ("time: t", "time: tt", "f.yaml:4:7: unknown coordinate `tt` given as `time`\n  Did you mean `t`?"),
    ("time: t", "time: 1", "`time` must be a text"),
    ('t: [0, "2*pi"]', "t: {range: [0, 1], periodic: true}", "`t` is time, and time is not periodic"),
    ("fields: [u]", "fields: u", "`fields` must be a list of names, such as [u, v], not `u`"),
    ("fields: [u]", "fields: []", "`fields` must be a list of names"),
    ("fields: [u]", "fields: [u, sin]", "f.yaml:5:13: `sin` cannot name a field"),
    ("fields: [u]", "fields: [u, lambda]", "`lambda` cannot name a field"),
    ("fields: [u]", "fields: [u, x]", "f.yaml:5:13: field `x` is already a coordinate"),
    ("fields: [u]", "fields: [u, u]", "`u` is declared twice as a field"),
    ("fields: [u]", "fields: [u, u_x]", "field `u_x` reads like a derivative of the field `u`"),
    ('nu: "0.01/pi"', "nu: 1, u_xt: 2", "f.yaml:6:21: parameter `u_xt` reads like a derivative of the field `u`"),
    ('nu: "0.01/pi"', "nu: 1, t: 2", "parameter `t` is already a coordinate"),
    ('nu: "0.01/pi"', "nu: null", "`parameters.nu` must be a finite number, or a constant as text"),
    ('nu: "0.01/pi"', 'nu: "0.01/e"', "f.yaml:6:24: unknown name `e`"),
    ('"u_t = nu*u_xx"', '"u_t = nuu*u_xx"', "f.yaml:8:16: unknown name `nuu`\n    u_t = nuu*u_xx\n          ^^^"),
    ('"u_t = nu*u_xx"', "5", "`equations.heat` must be an equation as text"),
    ('"u_t = nu*u_xx"', '"u_t = dn(u)"', "dn"),
    ('\n  heat: "u_t = nu*u_xx"', " 3", "`equations` must be a mapping of names"),
    ('  heat: "u', '  "two words": "u', "`two words` cannot be the name of an equation"),
    ("  ends: {", "  heat: {", "f.yaml:11:3: the condition `heat` has the name of an equation"),
    ('"t = 0"', '"t = 0.5"', "`t = 0.5` is not a face: `t` does not end at 0.5\n  Did you mean `t = 0`?"),
    ('"t = 0"', '"s = 0"', "f.yaml:10:18: unknown coordinate `s` in the face `s = 0`"),
    ('"t = 0"', '"t > 0"', "`t > 0` is not a face: it must read `coordinate = value`"),
    ('"t = 0"', '"t = zero"', "unknown name `zero`"),
    ('"t = 0"', "[]", "`conditions.initial.on` must be a text or a list of texts"),
    ('["x = -1", "x = 1"]', '["x = -1", boundary]', "the face `x = -1` is named twice"),
    ('on: ["x = -1", "x = 1"], ', "", "`conditions.ends` needs the key `on`"),
    ('equation: "u = 0"', 'equation: ["u = 0"]', "`conditions.ends.equation` must be one equation as text"),
    ('equation: "u = 0"', 'equation: "u = 0", weight: 3', "unknown key `weight` in `conditions.ends`"),
    ("time: t", "time: t\nsymmetry: {w: odd in x}", "unknown field `w` in `symmetry`"),
    ("time: t", "time: t\nsymmetry: {u: odd in y}", "unknown coordinate `y` in the symmetry `odd in y`"),
    ("time: t", "time: t\nsymmetry: {u: mirrored}", "`mirrored` is not a symmetry of `u`: it must read `odd in x`"),
    ("time: t", "time: t\nsymmetry: {u: [odd in x, even in x]}", "two symmetries of `u` in `x`"),
    ("time: t", "time: t\nreference: {outputs: {drag: 1}}", "unknown output `drag` in `reference.outputs`"),
    ("time: t", "time: t\nreference: {outputs: {drag: [1]}}", "`reference.outputs.drag` must be a finite number, or"),
    (
        "time: t",
        'time: t\noutputs: {a: "maximum(u)"}\nreference: {outputs: {a: {value: 1, accuracy: 0}}}',
        "accuracy of `a` must",
    ),
    ("time: t", "time: t\nreference: {}", "`reference` needs either `exact` or `method`"),
    ("time: t", 'time: t\nreference: {exact: {u: "x"}, method: a}', "`reference` needs either `exact` or `method`"),
    ("time: t", 'time: t\nreference: {exact: {w: "x"}}', "unknown field `w` in `reference.exact`"),
    ("time: t", 'time: t\nreference: {exact: {u: "u"}}', "unknown name `u`"),
    ("time: t", 'time: t\nreference: {exact: {u: "x"}, metod: a}', "unknown key `metod` in `reference`"),
    ("time: t", "time: t\nreference: {method: 3}", "`reference.method` must be a text"),
    ("time: t", "time: t\ntolerance: 0", "f.yaml:5:12: `tolerance` must be greater than zero"),
    ("time: t", "time: t\ntolerance: yes", "unknown name `yes`"),
    ("time: t", "time: t\naccept: {}", "`accept` must be a text or a list of texts"),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), CHANGES, ids=[f"{i}-{new[:30]}" for i, (_, new, _) in enumerate(CHANGES)]
)
def test_one_mistake_is_one_report(old: str, new: str, said: str) -> None:
    assert old in HEAT
    text = HEAT.replace(old, new)
    report = _said(text)
    assert said in report
    expected = 2 if "is no face" in said else 1
    with pytest.raises(UserError) as caught:
        _read(text)
    assert len(caught.value.mistakes) == expected, report


def test_five_mistakes_are_five_reports() -> None:
    text = HEAT.replace("time: t", "time: t\ntoleranse: 1").replace("u_t = nu", "u_t = mu").replace("sin(", "sinn(")
    text = text.replace('"x = 1"', '"x = 1.1"').replace('"0.01/pi"', "true")
    with pytest.raises(UserError) as caught:
        _read(text)
    mistakes = caught.value.mistakes
    assert [m.place.line for m in mistakes if m.place is not None] == [5, 7, 9, 11, 12]
    words = ("toleranse", "parameters.nu", "`mu`", "`sinn`", "x = 1.1")
    assert all(word in str(mistake) for word, mistake in zip(words, mistakes, strict=True))


@pytest.mark.parametrize("text", ["", "- a\n- b", "only words", "3"])
def test_a_file_without_keys(text: str) -> None:
    assert _said(text).startswith("f.yaml:1: a problem file holds keys and their values")


def test_a_file_with_nothing_in_it_names_all_that_is_needed() -> None:
    said = _said("{}")
    assert all(f"the key `{key}` is missing" in said for key in ("name", "coordinates", "fields", "equations"))


KEYS: Mapping[str, Any] = {
    "name": "p",
    "coordinates": {"x": [0, 1], "y": {"range": [0, 1], "periodic": True}, "t": [0, 1]},
    "time": "t",
    "fields": ["u"],
    "equations": ["u_t = laplace(u)"],
}


def test_boundary_is_every_face_in_space_that_is_not_periodic() -> None:
    problem = define(**KEYS, conditions={"walls": {"on": "boundary", "equation": "u = 0"}})
    assert [str(face) for face in problem.conditions[0].faces] == ["x = 0", "x = 1"]


def test_a_boundary_without_faces() -> None:
    keys = {**KEYS, "coordinates": {"t": [0, 1]}, "equations": ["u_t = 0"]}
    with pytest.raises(UserError, match="conditions.walls.on: `boundary` is empty"):
        define(**keys, conditions={"walls": {"on": "boundary", "equation": "u = 0"}})


def test_faces_are_found_to_rounding_and_by_constants() -> None:
    keys = {**KEYS, "coordinates": {"x": [0, "2*pi"], "t": [0, 1]}}
    for on in ("x = 2*pi", "x = 6.2831853071796"):
        problem = define(**keys, conditions={"c": {"on": on, "equation": "u = 0"}})
        assert problem.conditions[0].faces[0].side == "upper"
    with pytest.raises(UserError, match=r"Did you mean `x = 6\.28318530718`"):
        define(**keys, conditions={"c": {"on": "x = 6.2831853", "equation": "u = 0"}})


def test_equations_of_a_list_are_numbered() -> None:
    assert [e.name for e in define(**KEYS).equations] == ["equation"]
    keys = {**KEYS, "fields": ["u", "v"], "equations": ["u_t = v", "v_t = u"]}
    assert [e.name for e in define(**keys).equations] == ["equation_1", "equation_2"]


def test_a_mistake_in_a_list_of_equations_has_its_line() -> None:
    text = HEAT.replace('\n  heat: "u_t = nu*u_xx"', '\n  - "u_t = nu*u_xx"\n  - "u_q = 0"')
    assert "f.yaml:9:6: " in _said(text)


def test_symmetries_may_be_several() -> None:
    keys = {**KEYS, "symmetry": {"u": ["odd in x", "even in t"]}}
    assert define(**keys).symmetries == (Symmetry("u", "odd", "x"), Symmetry("u", "even", "t"))


@pytest.mark.parametrize("name", ["beta", "gamma", "E", "S", "N", "Q", "zeta", "I", "O"])
def test_declared_names_win_over_those_of_sympy(name: str) -> None:
    problem = define(**{**KEYS, "parameters": {name: 2}, "equations": [f"u_t = {name}*u_xx"]})
    residual = problem.equations[0].residual
    assert {str(s) for s in residual.tree.free_symbols} >= {name}  # type: ignore[union-attr]
    assert problem.values == {name: 2.0}


def test_two_problems_share_nothing() -> None:
    first, second = define(**KEYS), define(**KEYS)
    assert first == second
    changed = first.with_parameters()
    assert changed == second
    assert first.places is not second.places


def test_reference_options_are_kept() -> None:
    problem = define(**KEYS, reference={"method": "finite_volume", "cells": 4000})
    assert problem.reference is not None
    assert (problem.reference.method, problem.reference.options) == ("finite_volume", {"cells": 4000})


def test_a_title_of_its_own_wins_over_the_comment() -> None:
    assert _read(HEAT.replace("time: t", "time: t\ntitle: Rod")).title == "Rod"


WHOLE: Mapping[str, Any] = {
    "name": "p",
    "title": "t",
    "coordinates": {"x": [-1, 1], "y": {"range": [0, 1], "periodic": True}, "t": [0, 1]},
    "time": "t",
    "fields": ["u", "v"],
    "symmetry": {"u": ["odd in x"]},
    "parameters": {"a": 1},
    "equations": {"one": "u_t = a*laplace(u)", "two": "v = u"},
    "conditions": {"c": {"on": ["x = -1", "boundary"], "equation": "u = 0"}},
    "reference": {"exact": {"u": "0", "v": 0}},
    "tolerance": 1e-3,
    "config": "c",
    "accept": ["open_face"],
}
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 1e400, float("nan"), 10**400, "", " ", "x", "=", "x = 1", "x = ", "= 1", "x == 1", "9**9**9",
    "(" * 3000, "u" * 100_000, "ü", "\n", "𝐮", [], {}, [[]], [None], ["x", 1], {"a": None}, {"": ""}, {1: 2},
    {"range": None}, {"python": 1}, {"exact": {}}, object(), b"x", 1j, print, int,
)  # fmt: skip


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key path of nested data."""
    entries = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    return [p for key, value in entries for p in [(*path, key), *_paths(value, (*path, key))]]


def _replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    entries = dict(data) if isinstance(data, Mapping) else list(data)
    entries[path[0]] = _replaced(data[path[0]], path[1:], value)
    return entries


@pytest.mark.parametrize("path", _paths(WHOLE), ids=str)
def test_strange_values_are_understood_or_refused_in_words(path: tuple[Any, ...]) -> None:
    reports = []
    for value in STRANGE:
        try:
            define(**_replaced(WHOLE, path, value))
        except UserError as error:
            reports.append(str(error))
    assert reports
    assert max(len(report) for report in reports) < 10_000


def test_an_interval_may_end_where_a_parameter_says() -> None:
    text = HEAT.replace('{x: [-1, 1], t: [0, "2*pi"]}', '{x: ["-L", L], t: [0, "2*T"]}')
    text = text.replace('{nu: "0.01/pi"}', "{nu: 0.1, L: 2, T: 0.5}").replace(
        '["x = -1", "x = 1"]', '["x = -L", "x = 2"]'
    )
    problem = _read(text)
    assert (problem.coordinate("x").lower, problem.coordinate("t").upper) == (-2.0, 1.0)
    longer = problem.with_parameters(T=3, L=1)
    assert (longer.coordinate("x").upper, longer.coordinate("t").upper) == (1.0, 6.0)
    assert [face.value for face in longer.conditions[1].faces] == [-1.0, 1.0]
    assert list(unused_parameter(longer)) == []
    again = _read(dump_problem(longer))
    assert again == longer
    assert again.with_parameters(T=1).coordinate("t").upper == 2.0
    with pytest.raises(UserError, match="must go from a lower to an upper end, not from 0 to -2"):
        problem.with_parameters(T=-1)


FLOW = """\
name: flow
coordinates: {x: [-1, 1], y: [-1, 1], t: [0, 1]}
time: t
fields: [u, v, w]
divergence_free: [u, v]
equations: ["w_t = laplace(w)", "w = v_x - u_y", "u_x + v_y = 0"]
"""


def test_two_fields_without_divergence() -> None:
    problem = _read(FLOW)
    assert (problem.divergence_free, problem.space) == (("u", "v"), ("x", "y"))
    assert problem_of(parse_yaml(dump_problem(problem))) == problem
    assert "  (u, v) has no divergence in (x, y)" in summary(problem).splitlines()
    assert _read(FLOW.replace("divergence_free: [u, v]\n", "")).divergence_free == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[u]", "f.yaml:5:18: `divergence_free` needs two different fields, not u"),
        ("[u, v, w]", "f.yaml:5:18: `divergence_free` needs two different fields, not u, v, w"),
        ("[u, u]", "f.yaml:5:18: `divergence_free` needs two different fields, not u, u"),
        ("u", "`divergence_free` must be a list of names, such as [u, v], not `u`"),
        ("[u, vv]", "f.yaml:5:22: unknown field `vv` in `divergence_free`\n  Did you mean `v`"),
        ("[u, v]\nsymmetry: {v: odd in x}", "f.yaml:5:22: `v` has a `symmetry` and is in `divergence_free`"),
    ],
)
def test_what_cannot_be_without_divergence(given: str, said: str) -> None:
    assert said in _said(FLOW.replace("free: [u, v]", f"free: {given}"))


@pytest.mark.parametrize("time", ["t", "x"])
def test_two_coordinates_of_space_are_needed(time: str) -> None:
    text = FLOW.replace("t: [0, 1]}", "t: [0, 1], z: [0, 1]}").replace("time: t", f"time: {time}")
    assert "f.yaml:5:18: `divergence_free` needs two coordinates of space, and there are 3" in _said(text)
    rest = FLOW.replace("time: t\n", "")
    assert "Of space: x, y, t. No coordinate is `time`." in _said(rest)
