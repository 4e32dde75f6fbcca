"""Integral conditions in problem files.

Satisfied: what is written back is read as an equal problem; the summary says what is integrated and where; a condition
counts along the one coordinate that it integrates; exact fields are held against it, breaks included; the zero field is
told from one that a normalisation excludes; every mistake has a place and says what would do.
"""

from typing import Any

import pytest
import sympy

from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml


def well(norm: Any = "integral(p**2) = 1", exact: str = "sqrt(2)*sin(pi*x)", **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "well",
        "coordinates": {"x": [0, 1]},
        "fields": ["p"],
        "parameters": {"E": "pi**2"},
        "equations": {"schroedinger": "-p_xx = E*p"},
        "conditions": {"walls": {"on": "boundary", "equation": "p = 0"}, "norm": {"equation": norm}},
        "reference": {"exact": {"p": exact}},
    }
    return define(**{**keys, **more})


def flow(**conditions: Any) -> Problem:
    return define(
        name="flow",
        coordinates={"x": [0, 1], "y": {"range": [0, 2], "breaks": ["w", 1.5]}, "t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"w": 0.5},
        equations={"heat": "u_t = laplace(u)"},
        conditions={"start": {"on": "t = 0", "equation": "u = 0"}, **conditions},
        accept=["open_face", "trivial_solution"],
    )


def test_what_is_written_back_is_read_as_an_equal_problem() -> None:
    problem = flow(
        mean={"equation": "integral(u, x, y) = sin(t)"},
        flux={"on": ["x = 0", "y = 2"], "equation": "integral(dn(u)) = 1"},
        ratio={"on": "x = 1", "equation": "integral(u**2, y)/integral(1 + u, y) = w*t"},
    )
    assert [i.along for i in problem.integrals] == [("x", "y"), (), ("y",)]
    assert problem_of(parse_yaml(dump_problem(problem), "again")) == problem
    assert problem.coordinate("y").breaks == (0.5, 1.5)
    assert problem.with_parameters(w=1.0).coordinate("y").breaks == (1.0, 1.5)
    with pytest.raises(UserError, match="breaks of `y` must rise, and 1.5 follows 1.75"):
        problem.with_parameters(w=1.75)


def test_the_summary_says_what_is_integrated() -> None:
    problem = flow(
        mean={"equation": "integral(u, x, y) = sin(t)"},
        flux={"on": ["x = 0", "y = 2"], "equation": "integral(dn(u)) = 1"},
        total={"on": "x = 1", "equation": "integral(u) = 1"},
    )
    text = summary(problem, check_problem(problem))
    assert "y in [0, 2] (integrals split at 0.5, 1.5)" in text
    assert "condition mean integrated over x, y, at every t" in text
    assert "condition flux over all of its faces together, on x = 0, y = 2" in text
    assert "condition total integrated over y, t, on x = 1" in text
    assert "⎮ ⎮ u dx dy = sin(t)" in text
    assert r"\int u\, d\Omega = 1" in summary(problem, as_latex=True)


def findings(problem: Problem) -> set[str]:
    return {finding.name for finding in check_problem(problem)}


def test_a_normalisation_tells_the_zero_field_from_the_answer() -> None:
    assert not findings(well())
    assert "trivial_solution" in findings(well("integral(p**2) = 0", "0*x"))


@pytest.mark.parametrize(
    ("condition", "exact", "sound"),
    [
        ("integral(p**2) = 1", "sin(pi*x)", False),
        ("integral(p) = 2*sqrt(2)/pi", "sqrt(2)*sin(pi*x)", True),
        ("integral(p_x**2)/integral(p**2) = E", "sqrt(2)*sin(pi*x)", True),
        ("integral(p_x**2)/integral(p**2) = 2*E", "sqrt(2)*sin(pi*x)", False),
    ],
)
def test_the_exact_reference_is_held_against_integrals(condition: str, exact: str, sound: bool) -> None:
    assert ("exact_reference" not in findings(well(condition, exact))) is sound


def test_a_kink_without_a_break_is_no_mistake_of_the_reference() -> None:
    """What the quadrature cannot tell is not complained of; with the break it is."""
    more: dict[str, Any] = {"equations": {"any": "p*0 + p_x**2 = 1"}, "conditions": {}, "accept": ["open_face"]}
    exact = "abs(x - 0.3)"
    for value, breaks, sound in (("0.29", [], True), ("0.29", [0.3], True), ("0.2901", [0.3], False)):
        more["conditions"] = {"mean": {"equation": f"integral(p) = {value}"}}
        problem = well("", exact, coordinates={"x": {"range": [0, 1], "breaks": breaks}}, **more)
        assert ("exact_reference" not in findings(problem)) is sound


def test_an_integral_along_one_coordinate_counts_as_a_condition() -> None:
    def growth(**condition: str) -> Problem:
        keys = {"total": condition} if condition else {}
        return define(name="g", coordinates={"x": [0, 1]}, fields=["u"], equations=["u_x = u"], conditions=keys)

    assert "open_face" in findings(growth())
    assert "open_face" not in findings(growth(equation="integral(u) = 1"))
    plane = flow(total={"equation": "integral(u) = 1"})
    assert any(f.name == "open_face" for f in check_problem(plane))


def test_a_condition_on_no_field_is_found() -> None:
    assert "no_field" in findings(well("integral(x**2) = 1/3"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"equation": "u = 0"}, "`conditions.c` needs the key `on`"),
        ({"on": "x = 0", "equation": "integral(u, x) = 0"}, "`c` integrates along `x`, which is fixed on its face"),
        ({"equation": "integral(u, x) + integral(u, y) = 0"}, "the integrals of `c` go along x and along y"),
        ({"equation": "integral(u, x) + integral(u) = 0"}, "go along x and over everything"),
        ({"equation": "integral(u) = u"}, "the field `u` stands beside an integral"),
        ({"equation": "integral(u) = t"}, "`t` stands beside an integral that does not depend on it"),
        ({"equation": "integral(u, x, y) = x"}, "`x` stands beside an integral(.|\n)*only `t` can"),
        ({"equation": "integral(dn(u)) = 0"}, "`dn` in `c` has a meaning on a face only"),
        ({"on": ["x = 0", "y = 0"], "equation": "integral(u, t) = 0"}, "names coordinates on faces"),
        ({"equation": "integral(integral(u, x), y, t) = 0"}, "an integral cannot stand inside an integral"),
        ({"equation": "integral(u, z) = 0"}, "`integral` goes along coordinates"),
        ({"equation": "integral(u, x, x) = 0"}, "`x` is named twice"),
        ({"equation": "d(integral(u, x), t) = 0"}, r"Differentiate first: `integral\(d\(u, t\)\)`"),
        ({"on": "x = 0", "equation": "dn(integral(u)) = 0"}, "an integral has no normal derivative"),
        ({"equation": "integral() = 0"}, "nothing stands between"),
    ],
)
def test_bad_conditions(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        flow(c=given)
    assert error.value.mistakes[0].place is not None


def test_an_integral_in_an_equation_is_refused_with_a_way_out() -> None:
    with pytest.raises(UserError, match=r"`integral` is a number and not a field(.|\n)*`w_x = u`"):
        well(equations={"nonlocal": "-p_xx = p*integral(p**2)"})


def test_a_face_of_an_interval_leaves_nothing_to_integrate() -> None:
    with pytest.raises(UserError, match="on a face of `norm` nothing is left to integrate along"):
        well(conditions={"norm": {"on": "x = 1", "equation": "integral(p) = 1"}})


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        ([0.0], "the break 0 of `x` does not lie between its ends 0 and 1"),
        ([0.5, 0.4], "the breaks of `x` must rise, and 0.4 follows 0.5"),
        (["q"], "unknown name `q`"),
        (0.5, "`coordinates.x.breaks` must be"),
    ],
)
def test_bad_breaks(breaks: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        well(coordinates={"x": {"range": [0, 1], "breaks": breaks}})


def test_sympy_conditions_have_no_integrals() -> None:
    p = sympy.Function("p")(sympy.Symbol("x"))
    with pytest.raises(UserError, match="integral"):
        well(sympy.Function("integral")(p))
