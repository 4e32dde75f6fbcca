"""Complex fields in a problem: two real problems in one, mistakes where they are written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.equations.text import to_text
from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.schema import problem_schema
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml
from pinnkit.verification.reference import reference_for

WAVE: dict[str, Any] = {
    "name": "wave",
    "coordinates": {"x": [-1, 1], "t": [0, 1]},
    "time": "t",
    "fields": ["v", "h"],
    "complex": ["h"],
    "parameters": {"k": 2},
    "functions": {"f": "exp(-k*x^2)*cos(t)"},
    "equations": {"wave": "i*h_t + h_xx + abs(h)^2*h = d(f, x)*h", "charge": "v_xx = abs(h)^2"},
    "conditions": {
        "start": {"on": "t = 0", "equation": "h = f*exp(i*k*x)"},
        "flux": {"on": "x = 1", "equation": "dn(h) = i*k*h"},
        "real": {"on": "x = -1", "equation": "im(h) = 0"},
    },
}


def wave(**changes: Any) -> Problem:
    """The problem with other keys."""
    return define(**{**WAVE, **changes})


def test_complex_equations_are_two_and_real_ones_stay_one() -> None:
    problem = wave()
    assert problem.fields == ("v", "h_re", "h_im")
    assert [e.name for e in problem.equations] == ["wave_re", "wave_im", "charge"]
    assert [c.name for c in problem.conditions] == ["start_re", "start_im", "flux_re", "flux_im", "real"]
    texts = {c.name: c.residual.text for c in problem.conditions}
    assert texts["flux_re"] == "dn(h_re) = -k*h_im"
    assert texts["start_im"] == "h_im = f*sin(k*x)"
    assert texts["real"] == "h_im = 0"


def test_it_is_the_problem_that_is_written_by_hand() -> None:
    slope = "d(f, x)"
    real = wave(
        fields=["v", "h_re", "h_im"],
        complex=None,
        equations={
            "wave_re": f"-h_im_t + h_re_xx + (h_re^2 + h_im^2)*h_re = {slope}*h_re",
            "wave_im": f"h_re_t + h_im_xx + (h_re^2 + h_im^2)*h_im = {slope}*h_im",
            "charge": "v_xx = h_re^2 + h_im^2",
        },
        conditions={
            "start_re": {"on": "t = 0", "equation": "h_re = f*cos(k*x)"},
            "start_im": {"on": "t = 0", "equation": "h_im = f*sin(k*x)"},
            "flux_re": {"on": "x = 1", "equation": "dn(h_re) = -k*h_im"},
            "flux_im": {"on": "x = 1", "equation": "dn(h_im) = k*h_re"},
            "real": {"on": "x = -1", "equation": "h_im = 0"},
        },
    )
    for mine, other in zip((*wave().equations, *wave().conditions), (*real.equations, *real.conditions), strict=True):
        assert sympy.expand(mine.residual.tree - other.residual.tree) == 0


def test_only_texts_without_the_imaginary_unit_are_left() -> None:
    problem = wave()
    for part in (*problem.equations, *problem.conditions):
        assert not part.residual.tree.has(sympy.I)
        assert to_text(part.residual.tree, problem.scope)


@pytest.mark.parametrize("equations", [["i*h_t + h_xx = 0", "v_t = 0"], {"a": "i*h_t + h_xx = 0", "b": "v_t = 0"}])
def test_written_back_as_it_was(equations: Any) -> None:
    problem = wave(equations=equations, symmetry={"h": "even in x"}, reference={"exact": {"h": "exp(i*x)", "v": "x"}})
    text = dump_problem(problem)
    keys = parse_yaml(text).data
    assert keys["fields"] == ["v", "h"]
    assert keys["complex"] == ["h"]
    assert keys["symmetry"] == {"h": "even in x"}
    assert keys["reference"]["exact"] == {"v": "x", "h": "exp(i*x)"}
    assert "i*h_t + h_xx = 0" in keys["equations"].values()
    assert {*keys["conditions"]} == {"start", "flux", "real"}
    assert problem_of(parse_yaml(text, "again.yaml")) == problem


def test_other_values_of_parameters_are_written_back_too() -> None:
    problem = wave().with_parameters(k=3.0)
    assert problem_of(parse_yaml(dump_problem(problem), "again.yaml")) == problem


def test_a_family_of_complex_fields() -> None:
    problem = wave(parameters={"k": {"range": [1, 3]}})
    assert problem.family == ("k",)
    assert problem_of(parse_yaml(dump_problem(problem), "again.yaml")) == problem
    assert problem.with_parameters(k=2.0).conditions[1].residual.text == "h_im = f*sin(k*x)"


def test_the_summary_has_the_equation_and_its_parts() -> None:
    lines = summary(wave()).splitlines()
    assert "  h = h_re + i*h_im" in lines
    whole = lines.index("equation wave: i*h_t + h_xx + abs(h)^2*h = d(f, x)*h")
    assert lines.index("equation wave_re") > whole
    assert lines.index("equation wave_im") > whole
    assert "condition start: h = f*exp(i*k*x)" in lines


def test_sympy_gives_the_same_problem() -> None:
    x, t = sympy.symbols("x t")
    h = sympy.Function("h")(x, t)
    given = sympy.Eq(sympy.I * h.diff(t) + h.diff(x, 2) / 2 + sympy.Abs(h) ** 2 * h, 0)
    keys = {"fields": ["h"], "conditions": {}, "functions": {}}
    mine = wave(equations={"e": given}, **keys)
    typed = wave(equations={"e": "i*h_t + 0.5*h_xx + abs(h)^2*h = 0"}, **keys)
    for a, b in zip(mine.equations, typed.equations, strict=True):
        assert sympy.expand(a.residual.tree - b.residual.tree) == 0


def test_the_exact_field_is_that_of_python() -> None:
    problem = wave(reference={"exact": {"h": "exp(i*k*x)/cosh(x + i*t)", "v": "x"}})
    reference = reference_for(problem)
    assert reference is not None
    points = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    values = reference.values(points)
    x, t = points.T
    truth = np.exp(2j * x) / np.cosh(x + 1j * t)
    np.testing.assert_allclose(values[:, 1] + 1j * values[:, 2], truth, rtol=1e-13)


def test_the_schema_has_the_key() -> None:
    assert "complex" in problem_schema()["properties"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"complex": ["g"]}, "unknown field `g` in `complex`"),
        ({"complex": "h"}, "`complex` must be a list of names"),
        ({"complex": ["h", "h"]}, "`h` stands twice"),
        ({"complex": None}, "unknown name `i`"),
        ({"parameters": {"k": 2, "i": 3}}, "parameter `i` has the name of the imaginary unit"),
        ({"coordinates": {"x": [-1, 1], "t": [0, 1], "i": [0, 1]}}, "coordinate `i` has the name of the imaginary"),
        ({"fields": ["v", "h", "re"]}, "field `re` has the name of a function"),
        ({"fields": ["v", "h", "h_re"]}, "field `h_re` has the name of a part of the complex field `h`"),
        ({"functions": {"f": "1", "h_im": "x"}}, "function `h_im` has the name of a part"),
        ({"coordinates": {"x": [-1, 1], "t": [0, 1], "r": [0, 1], "e": [0, 1]}}, "and so is a derivative"),
        ({"tolerance": "1e-3*i"}, "unknown name `i`"),
        ({"parameters": {"k": "2*i"}}, "unknown name `i`"),
        ({"equations": {"a": "i*h_t = 0", "a_re": "v = 0"}}, "`a_re` is the name of a part of `a`"),
        ({"equations": {"a": "where(h < 0, 1, 0) = i"}}, "an order is one of real numbers"),
        ({"equations": {"a": "i*h_t = g"}}, "unknown name `g`"),
        ({"reference": {"exact": {"v": "i*x", "h": "x"}}}, "unknown name `i`"),
        ({"outputs": {"peak": "maximum(h)"}}, "`h` is complex; here its parts are named, `h_re` and `h_im`"),
    ],
)
def test_mistakes(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(").replace("*", r"\*")):
        wave(**changes)


def test_a_mistake_stands_where_it_was_written(tmp_path: Path) -> None:
    text = dump_problem(wave()).replace("abs(h)^2*h = d", "sqrt(h) = d")
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "sqrt(h)" in row)
    with pytest.raises(UserError) as caught:
        problem_of(parse_yaml(text, "here.yaml"))
    place = caught.value.mistakes[0].place
    assert place is not None
    assert place.line == line
    assert str(caught.value).splitlines()[2].strip() == "^^^^^^^"
