"""A parameter with a range: a coordinate in all but name.

Satisfied: it is last among the coordinates, in no face, no Laplacian and no space; a member of the family is the
problem that has the parameter as a number; what is written reads back equal; every mistake is told where it is written.
"""

from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.equations.partials import partials_in
from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.family import members
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml

FILE = """
name: heating
coordinates: {x: [0, L], t: [0, 1]}
time: t
fields: [u]
parameters: {nu: {range: [0.1, "1/2"]}, L: 2, c: {range: [0, L]}}
functions: {source: "c*sin(pi*x/L)"}
equations: {heat: "u_t = nu*laplace(u) + source*u(x, t)"}
conditions:
  initial: {on: "t = 0", equation: "u = x*(L - x)*nu"}
  ends: {on: boundary, equation: "u = 0"}
reference: {exact: {u: "nu*x*(L - x)*exp(-t) + c"}}
"""


def read(text: str = FILE) -> Problem:
    return problem_of(parse_yaml(text, "f.yaml"))


def test_it_is_the_last_coordinate_and_none_of_space() -> None:
    problem = read()
    assert problem.scope.coordinates == ("x", "t", "nu", "c")
    assert problem.family == ("nu", "c")
    assert problem.space == ("x",)
    assert problem.values == {"L": 2.0}
    assert [str(face) for condition in problem.conditions for face in condition.faces] == ["t = 0", "x = 0", "x = 2"]
    (equation,) = problem.equations
    assert not isinstance(equation.residual, str)
    residual: Any = equation.residual
    assert {p.orders for p in partials_in(residual.tree, problem.scope)} == {(0, 1, 0, 0), (2, 0, 0, 0), (0, 0, 0, 0)}


def test_it_reads_back_equal() -> None:
    problem = read()
    text = dump_problem(problem)
    assert read(text) == problem
    assert "  nu: {range: [0.1, 0.5]}" in text.splitlines()
    assert '  c: {range: [0.0, "L"]}' in text.splitlines()


def test_a_member_is_the_problem_with_a_number() -> None:
    member = read().with_parameters(nu=0.3)
    told = FILE.replace('nu: {range: [0.1, "1/2"]}, L: 2', "L: 2, nu: 0.3")
    assert member == read(told)
    assert read().with_parameters(nu=0.3, c=1.0, L=3.0).values == {"L": 3.0, "nu": 0.3, "c": 1.0}
    assert read().with_parameters(L=3.0).coordinate("c").upper == 3.0
    assert {finding.name for finding in check_problem(member)} == {finding.name for finding in check_problem(read())}


def test_an_integral_without_coordinates_holds_for_every_member() -> None:
    extra = FILE.replace(
        "reference:",
        '  mean: {equation: "integral(u) = nu"}\n  flux: {on: "x = 0", equation: "integral(u_x) = c"}\nreference:',
    )
    problem = read(extra)
    assert [condition.along for condition in problem.integrals] == [("x", "t"), ("t",)]
    told = extra.replace('nu: {range: [0.1, "1/2"]}, L: 2, c: {range: [0, L]}', "L: 2, nu: 0.3, c: 1.0")
    member = problem.with_parameters(nu=0.3, c=1.0)
    assert [c.along for c in member.integrals] == [c.along for c in read(told).integrals] == [(), ()]


def test_what_goes_along_a_parameter_with_a_range_cannot_have_one_value() -> None:
    extra = FILE.replace("reference:", '  mean: {equation: "integral(u, x, t, nu) = 1"}\nreference:')
    with pytest.raises(UserError, match="`mean` integrates along `nu`, which therefore cannot be fixed"):
        read(extra).with_parameters(nu=0.3)
    assert read(extra).with_parameters(c=0.3).integrals[0].along == ("x", "t", "nu")
    with pytest.raises(UserError, match="of all its faces together, which a family allows for one coordinate only"):
        read(FILE.replace("reference:", '  all: {on: ["x = 0", "t = 0"], equation: "integral(u) = 1"}\nreference:'))


def test_members_have_the_ends_of_the_ranges() -> None:
    problem = read()
    chosen = members(problem)
    assert {(m["nu"], m["c"]) for m in chosen} >= {(0.1, 0.0), (0.5, 0.0), (0.1, 2.0), (0.5, 2.0)}
    one = problem.with_parameters(c=1.0)
    assert [m["nu"] for m in members(one)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert {m["nu"] for m in members(one, shown=True)} <= {m["nu"] for m in members(one)}


def test_the_summary_says_so() -> None:
    said = summary(read())
    assert "nu in [0.1, 0.5] (a family)" in said
    assert "unknown: u(x, t, nu, c)" in said


def test_a_range_that_nothing_uses_is_told() -> None:
    problem = read(FILE.replace('"c*sin(pi*x/L)"', '"sin(pi*x/L)"').replace("*exp(-t) + c", "*exp(-t)"))
    assert [f.message for f in check_problem(problem) if f.name == "unused_parameter"] == [
        "the parameter `c` is used nowhere"
    ]


def test_an_equation_along_the_range_has_no_members() -> None:
    problem = define(
        name="p", coordinates={"x": [0, 1]}, fields=["u"], parameters={"a": {"range": [1, 2]}}, equations=["u_x = u_a"]
    )
    with pytest.raises(UserError, match="differentiates along `a`"):
        problem.with_parameters(a=1.5)


def test_from_python_a_field_has_all_arguments() -> None:
    x, nu = sympy.symbols("x nu")
    u = sympy.Function("u")(x, nu)
    problem = define(
        name="p",
        coordinates={"x": [0, 1]},
        fields=["u"],
        parameters={"nu": {"range": [1, 2]}},
        equations=[sympy.Eq(u.diff(x), nu * u)],
    )
    assert problem.family == ("nu",)
    assert np.isclose(problem.coordinate("nu").upper, 2.0)


CHANGES = [
    ("[0.1, \"1/2\"]", "[0.5, 0.1]", "f.yaml:6:18: the interval of `nu` must go from a lower to an upper end"),
    ("[0.1, \"1/2\"]", "[0.1]", "`parameters.nu.range` must be the two ends of an interval"),
    ("[0.1, \"1/2\"]", "[0.1, inf]", "f.yaml:6:18: the range of the parameter `nu` needs two finite ends"),
    ('"1/2"]', '"1/2"], periodic: true', "`periodic` has no meaning beside `range` in `parameters.nu`"),
    ('"1/2"]', '"1/2"], from: 1', "unknown key `from` in `parameters.nu`"),
    ("on: boundary", 'on: "nu = 0.1"', "`nu = 0.1` is no face: `nu` is a parameter with a range"),
    ("nu: {range", "x: {range", "parameter `x` is already a coordinate"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CHANGES, ids=[new for _, new, _ in CHANGES])
def test_mistakes(old: str, new: str, said: str) -> None:
    assert old in FILE
    with pytest.raises(UserError) as caught:
        read(FILE.replace(old, new, 1))
    assert said in str(caught.value)


def test_an_unknown_parameter_is_named_beside_those_with_a_range() -> None:
    with pytest.raises(UserError, match="unknown parameter `mu`") as caught:
        read().with_parameters(mu=1.0)
    assert "nu" in str(caught.value)
