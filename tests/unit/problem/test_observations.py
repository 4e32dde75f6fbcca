"""Observations in problem files and from Python.

Satisfied: a CSV file, its text, rows and arrays say the same; what is written back loads alone and is equal, noise and
all digits included; every mistake has its place and what is needed; points outside the domain are told of.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import load_problem, problem_of
from pinnkit.problem.observations import MOST_ROWS
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml

ROD = """\
name: rod
coordinates: {x: [0, 2], t: [0, 1]}
time: t
fields: [u, v]
equations: {heat: "u_t = u_xx", slope: "v = u_x"}
observations:
  measured: KEYS
"""
FILE = "{file: data/m.csv, columns: {x: x_mm, u: temperature, 'u_x + v': both}, noise: {u: sigma, 'u_x + v': 0.5}}"
TABLE = """\
# a thermometer
x_mm, t, temperature, both, sigma, remark

0.5, 0.25, 1.5, -2, 0.1, first
2, 1, 1e-3, 0.125, 0.2, "the second, later"
"""


def folder(tmp_path: Path, table: str = TABLE, keys: str = FILE) -> Path:
    """A problem file beside its data."""
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data/m.csv").write_text(table, encoding="utf-8")
    (tmp_path / "problem.yaml").write_text(ROD.replace("KEYS", keys), encoding="utf-8")
    return tmp_path / "problem.yaml"


def rod(**observations: Any) -> Problem:
    """The same problem from Python."""
    return define(
        name="rod",
        coordinates={"x": [0, 2], "t": [0, 1]},
        time="t",
        fields=["u", "v"],
        equations={"heat": "u_t = u_xx", "slope": "v = u_x"},
        observations=observations,
    )


def said(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_problem(path)
    return str(caught.value)


def test_a_file_is_read_by_its_columns(tmp_path: Path) -> None:
    (found,) = load_problem(folder(tmp_path)).observations
    assert found.name == "measured"
    np.testing.assert_array_equal(found.points, [[0.5, 0.25], [2.0, 1.0]])
    first, second = found.measured
    assert (first.expression.text, second.expression.text) == ("u", "u_x + v")
    np.testing.assert_array_equal(first.values, [1.5, 1e-3])
    np.testing.assert_array_equal(first.noise, [0.1, 0.2])
    np.testing.assert_array_equal(second.noise, [0.5, 0.5])
    assert found.noisy


def test_all_ways_to_say_it_are_one(tmp_path: Path) -> None:
    table = "x,t,u,v\n0.5,0,1,2\n1,1,3,4\n"
    path = folder(tmp_path, table, "{file: data/m.csv, noise: 1/10}")
    ways = [
        load_problem(path),
        rod(measured={"table": table, "noise": 0.1}),
        rod(measured={"columns": ["x", "t", "u", "v"], "rows": [[0.5, 0, 1, 2], [1, 1, 3, 4]], "noise": 0.1}),
        rod(measured={"x": [0.5, 1], "t": [0, 1], "u": [1, 3], "v": [2, 4], "noise": {"u": 0.1, "v": "0.1"}}),
        rod(
            measured={
                "points": np.array([[0.5, 0], [1, 1]]),
                "u": np.array([1, 3]),
                "v": np.array([2.0, 4.0]),
                "noise": {"u": np.array([0.1, 0.1]), "v": 0.1},
            }
        ),
    ]
    assert all(way.observations == ways[0].observations for way in ways)
    assert rod(measured={"table": table, "noise": 0.2}).observations != ways[0].observations


def test_without_noise_the_range_is_the_unit() -> None:
    (found,) = rod(m={"x": [0, 1, 2], "t": [0, 0, 0], "u": [1.0, 5.0, 2.0], "v": [3, 3, 3]}).observations
    assert not found.noisy
    np.testing.assert_array_equal([m.noise for m in found.measured], [[4, 4, 4], [1, 1, 1]])


def test_what_is_written_back_is_equal_to_the_last_digit(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    n = 300
    expression = "d(u, x)*x +  atan2(v, 1)"
    problem = rod(
        a={"points": generator.random((n, 2)), expression: generator.normal(size=n) * 1e-9},
        b={
            "points": generator.random((n, 2)),
            "u": generator.normal(size=n),
            "v": generator.normal(size=n),
            "noise": {"u": generator.random(n) + 0.1, "v": 1 / 3},
        },
    )
    again = problem_of(parse_yaml(dump_problem(problem), "again.yaml"))
    assert again == problem
    assert dump_problem(again) == dump_problem(problem)
    from_file = load_problem(folder(tmp_path))
    assert problem_of(parse_yaml(dump_problem(from_file))) == from_file


def test_as_many_points_as_are_allowed_are_written_and_read() -> None:
    generator = np.random.default_rng(0)
    problem = rod(m={"points": generator.random((MOST_ROWS, 2)), "u": generator.normal(size=MOST_ROWS), "noise": 0.1})
    assert problem_of(parse_yaml(dump_problem(problem))) == problem
    with pytest.raises(UserError, match="10,001 points, and 10,000 is the most"):
        rod(m={"points": generator.random((10_001, 2)), "u": generator.normal(size=10_001)})


def test_the_summary_says_what_was_measured(tmp_path: Path) -> None:
    text = summary(load_problem(folder(tmp_path)))
    assert "observations measured at 2 points\n    u, noise 0.1 to 0.2\n    u_x + v, noise 0.5" in text


def test_points_outside_the_domain_are_told_of_and_may_be_accepted() -> None:
    problem = rod(m={"x": [1, 3, 2], "t": [0, 0.5, 1], "u": [1, 2, 3]})
    (finding,) = [f for f in check_problem(problem) if f.severity == "error"]
    assert finding.name == "outside_points"
    assert "1 of the 3 points of `m` lie outside the domain, the first at (x = 3, t = 0.5)" in finding.message
    assert "same units" in str(finding.hint)


def test_observations_stand_in_for_conditions() -> None:
    """Neither a start nor ends are given, and no zero field is feared."""
    assert not check_problem(rod(m={"x": [1], "t": [0], "u": [1]}))
    zero = check_problem(rod(m={"x": [1], "t": [0], "u": [0]}))
    assert [f.name for f in zero] == ["trivial_solution"]


BAD = {
    "missing column": ("x_mm,t,temperature,sigma\n1,1,2,3\n", r"m\.csv:1: there is no column `both`"),
    "missing coordinate": ("x,t,temperature,both,sigma\n1,1,2,3,1\n", r"no column `x_mm`(.|\n)*Columns: x, t"),
    "near miss": ("x_mm,t,temprature,both,sigma\n1,1,2,3,1\n", r"`temperature`(.|\n)*Did you mean `temprature`"),
    "nan": (TABLE.replace("1.5", "nan"), r"m\.csv:4: column `temperature`: `nan` is not a finite number(.|\n)*row out"),
    "inf": (TABLE.replace("0.25", "-inf"), r"m\.csv:4: column `t`: `-inf` is not a finite number"),
    "text": (TABLE.replace("1e-3", "warm"), r"m\.csv:5: column `temperature`: `warm` is not a number"),
    "underscore": (TABLE.replace("1.5", "1_5"), r"m\.csv:4: column `temperature`: `1_5` is not a finite number"),
    "empty cell": (TABLE.replace("0.125", " "), r"m\.csv:5: column `both`: the cell is empty"),
    "ragged": (TABLE.replace(", first", ""), r"m\.csv:4: the row has 5 cells, and there are 6 columns"),
    "twice": (TABLE.replace("remark", "t"), r"m\.csv:2: there are 2 columns `t`"),
    "empty": ("", r"m\.csv: the table is empty(.|\n)*begins with"),
    "remarks alone": ("# nothing\n\n", r"m\.csv: the table is empty"),
    "no rows": (TABLE.split("\n\n")[0], r"m\.csv:2: `measured` has no measurement"),
    "semicolons": ("x_mm;t;temperature\n1;2;3\n", r"m\.csv:1: columns are separated by commas"),
    "no noise": (TABLE.replace("0.2", "0"), r"m\.csv:5: the noise must be greater than zero, not 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_in_a_file(name: str, tmp_path: Path) -> None:
    table, message = BAD[name]
    with pytest.raises(UserError, match=message):
        load_problem(folder(tmp_path, table))


KEYS = {
    "elsewhere": ("{file: ../m.csv}", r"problem.yaml:7:\d+: `\.\./m\.csv` must be a file beneath"),
    "absolute": ("{file: /etc/passwd}", "must be a file beneath"),
    "no file": ("{file: data/n.csv}", r"there is no file `data/n\.csv` beside the problem"),
    "unknown key": (
        "{file: data/m.csv, nois: 1}",
        r"unknown key `nois` in `observations.measured`\n  Did you mean `noise`",
    ),
    "two tables": ("{file: data/m.csv, table: 'x,t,u'}", "`file` and `table`: one of them is enough"),
    "nothing": ("{noise: 1}", "has no table(.|\n)*`columns` and `rows`"),
    "not a table": ("3", "`observations.measured` must be a table"),
    "not measured": ("{file: data/m.csv, columns: {x: x_mm}}", "`measured` observes no field"),
    "unknown field": ("{file: data/m.csv, columns: {x: x_mm, w: both}}", r"problem.yaml:7:\d+:.*`w`"),
    "no field": ("{file: data/m.csv, columns: {x: x_mm, 'x + t': both}}", "`x \\+ t` says nothing about any field"),
    "negative": ("{x: [1], t: [0], u: [1], noise: -1}", "`noise` must be greater than zero, not -1"),
    "zero": ("{x: [1], t: [0], u: [1], noise: 0}", "greater than zero(.|\n)*exact"),
    "half a noise": ("{x: [1], t: [0], u: [1], v: [1], noise: {u: 1}}", "`noise` does not say that of `v`"),
    "noise of nothing": ("{x: [1], t: [0], u: [1], noise: {u: 1, w: 1}}", "unknown observed expression `w` in `noise`"),
    "lengths": ("{x: [1, 2], t: [0], u: [1]}", "differ in length: `x` has 2, `t` has 1"),
    "length of values": ("{x: [1, 2], t: [0, 1], u: [1]}", "differ in length: `points` has 2, `u` has 1"),
    "unknown column": ("{x: [1], t: [0], u: [1], w: [1]}", "`w`"),
    "nested": ("{x: [1], t: [0], u: [[1]]}", r"`u` has the shape \(1, 1\); it needs one number a point"),
    "a word": ("{x: [1], t: [0], u: [warm]}", "`u` must be numbers, and `warm` is among them"),
    "nan in a list": ("{x: [1], t: [0], u: [.nan]}", r"`u` is nan at \[0\]"),
    "rows": ("{columns: [x, t, u], rows: [[1, 0, 1], [1, 1]]}", "the row has 2 cells, and there are 3 columns"),
    "rows of words": ("{columns: [x, t, u], rows: [[1, 0, true]]}", "column `u`: `True` is not a number"),
    "no columns": ("{rows: [[1, 0, 1]]}", "needs the lists `columns` and `rows`"),
}


@pytest.mark.parametrize("name", KEYS)
def test_what_is_wrong_in_the_keys(name: str, tmp_path: Path) -> None:
    keys, message = KEYS[name]
    with pytest.raises(UserError, match=message):
        load_problem(folder(tmp_path, keys=keys))


def test_all_mistakes_of_all_sets_are_told_together(tmp_path: Path) -> None:
    path = folder(tmp_path, TABLE.replace("1.5", "nan").replace("0.125", "x").replace("0.2,", "-,"))
    text = said(path)
    assert all(part in text for part in ("`nan`", "`x` is not", "`-` is not"))


def test_the_lines_of_a_table_in_a_problem_file_are_its_own(tmp_path: Path) -> None:
    keys = "\n    table: |\n      x,t,u\n      0,0,1\n      1,0,warm\n"
    with pytest.raises(UserError, match=r"problem\.yaml:11: column `u`: `warm` is not a number"):
        load_problem(folder(tmp_path, keys=keys))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"points": np.zeros((5, 2)), "u": np.zeros((5, 1))}, r"shape \(5, 1\); it needs(.|\n)*`u\[:, 0\]`"),
        ({"points": np.zeros((2, 5)), "u": np.zeros(5)}, r"shape \(2, 5\); they need \(n, 2\)(.|\n)*`points\.T`"),
        ({"points": np.zeros(5), "u": np.zeros(5)}, r"shape \(5,\); they need \(n, 2\)"),
        ({"points": np.zeros((5, 2)), "u": np.zeros(4)}, "`points` has 5, `u` has 4"),
        ({"points": np.full((5, 2), np.inf), "u": np.zeros(5)}, r"`points` is inf at \[0, 0\]"),
        ({"points": np.zeros((5, 2)), "u": np.zeros(5), "noise": {"u": np.zeros((5, 1))}}, r"shape \(5, 1\)"),
        ({"points": np.zeros((5, 2)), "u": np.array(["a"] * 5)}, "`u` must be numbers, and `a`"),
        ({"points": np.zeros((0, 2)), "u": np.zeros(0)}, "has no measurement"),
        ({"file": "data/m.csv"}, "in a problem file only"),
    ],
)
def test_arrays_of_the_wrong_shape(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        rod(m=given)


def test_one_coordinate_may_come_as_a_plain_array() -> None:
    def one(points: np.ndarray) -> Problem:
        keys = {"name": "d", "coordinates": {"t": [0, 1]}, "fields": ["u"], "equations": ["u_t = u"]}
        return define(**keys, observations={"m": {"points": points, "u": np.arange(3.0)}})

    assert one(np.arange(3.0)) == one(np.arange(3.0)[:, None])


def test_a_set_has_a_name_of_its_own() -> None:
    with pytest.raises(UserError, match="observations `heat` have the name of an equation or a condition"):
        rod(heat={"x": [1], "t": [0], "u": [1]})
    with pytest.raises(UserError, match="cannot be the name of a set of observations"):
        rod(**{"a b": {"x": [1], "t": [0], "u": [1]}})
