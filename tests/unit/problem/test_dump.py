"""A problem written as a file reads back equal."""

import math
from dataclasses import replace

import pytest
import sympy

from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.schema import ProblemKeys
from pinnkit.reading import parse_yaml

X, S, K = sympy.symbols("x s k")
U = sympy.Function("u")(X, S)


PROBLEMS = {
    "everything": define(
        name="everything",
        title='A "title": with # signs, and ünïcode',
        coordinates={"x": [-1, 1], "theta": {"range": [0, "2*pi"], "periodic": True}, "t": [0, "1/3"]},
        time="t",
        fields=["u", "v"],
        symmetry={"u": ["odd in x"], "v": ["even in x", "odd in t"]},
        parameters={"nu": "0.01/pi", "a": 3, "b": 0.1, "c": "1e-3", "e": 1e22},
        equations={"one": "u_t = nu*d(u, theta, 2) + a", "two": "v_t = laplace(v)\n + b*c*e"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = where(x < 0, 0, 1)"},
            "start_v": {"on": "t = 0", "equation": "v = 0"},
            "ends": {"on": ["x = -1", "x = 1"], "equation": "dn(u) + v = 0"},
        },
        reference={"method": "spectral", "modes": 64, "grid": [1, 2], "note": "yes", "loud": True},
        tolerance="1e-7",
        config="record/burgers",
        accept=["corner_jump", "open_face"],
    ),
    "shape": define(
        name="shape",
        coordinates={"x": [-1, 1], "y": [-1, 1]},
        fields=["u"],
        equations=["laplace(u) = 0"],
        shapes={
            "plate": {"name": "box", "lower": [-1, -1], "upper": [1, 0.1]},
            "hole": {"name": "ellipse", "center": [0, -0.5], "semi_axes": [0.3, 0.2], "angle": 30},
        },
        domain="plate - hole",
        conditions={"ends": {"on": ["x = 1", "hole", "plate.3"], "equation": "dn(u) + normal(x)*u = 0"}},
        outputs={"flux": "integral(dn(u), on = hole)"},
    ),
    "complex": define(
        name="complex",
        coordinates={"x": [-1, 1], "t": [0, 1]},
        time="t",
        fields=["v", "h"],
        complex=["h"],
        symmetry={"h": "even in x"},
        parameters={"k": 2},
        functions={"f": "exp(-k*x**2)"},
        equations={"wave": "i*h_t + h_xx + abs(h)^2*h = d(f, x)*h", "charge": "v_xx = abs(h)^2", "plain": "v_t = f"},
        conditions={
            "start": {"on": "t = 0", "equation": "h = f*exp(i*k*x)"},
            "flux": {"on": "x = 1", "equation": "im(h) = 0"},
        },
        reference={"exact": {"h": "exp(i*x)", "v": "x"}},
    ),
    "sympy": define(
        name="symbolic",
        coordinates={"x": [0, 0.1], "s": [0, 1]},
        fields=["u"],
        parameters={"k": 2},
        equations=[sympy.Eq(U.diff(X, 2) + K * sympy.exp(-U) / 3, sympy.sqrt(X) * U.diff(X, S)), sympy.sin(U) ** 2],
        conditions={"c": {"on": "x = 0.1", "equation": sympy.Eq(U, S**2 / 7)}},
        reference={"exact": {"u": sympy.besselj(0, X) + S}},
    ),
    "words": define(name="no", coordinates={"on": [0, 1]}, fields=["y", "null"], equations=["d(y, on) = null"]),
    "infinite": define(
        name="line",
        coordinates={"x": ["-inf", "inf"], "r": {"range": [0.5, "inf"], "scale": 0.1}, "z": [-math.inf, "2*pi"]},
        fields=["u"],
        equations=["laplace(u) = 0"],
        conditions={"far": {"on": ["x = -inf", "r = inf", "z = 2*pi"], "equation": "u = 0"}},
    ),
    "all keys": define(
        name="all-keys",
        title="Every key of a problem file at once",
        coordinates={
            "x": {"range": [0, "2*a"], "breaks": [0.5, "a"]},
            "r": {"range": [0, "inf"], "scale": 2},
            "t": [0, 1],
        },
        time="t",
        fields=["u", "v", "w", "z"],
        symmetry={"z": "even in t"},
        divergence_free=["u", "v"],
        stream_function="a*x + r*N",
        ansatz={"w": "x + x**2*N"},
        parameters={"a": 1, "k": {"start": 1, "bounds": [0.5, 8], "scale": 2}, "nu": {"range": [0.01, "a/5"]}},
        functions={"f": "where(x < a, 1, k)"},
        equations={"one": "u_t = d(f*u_x, x)", "two": "v_t = nu*laplace(v)", "three": "w_t = w_xx", "four": "z_tt = z"},
        conditions={
            "start": {"on": "t = 0", "equation": "u = 0"},
            "norm": {"equation": "integral(w**2) = a"},
            "flux": {"on": ["x = 2*a", "x = 0"], "equation": "integral(dn(w), r) = t"},
        },
        regions={
            "left": {"x": [0, "a"]},
            "right": {"x": ["a", "2*a"], "r": [0, 3]},
            "far": {"x": ["a", "2*a"], "r": [3, "inf"]},
        },
        interfaces={"value": "u", "heat": {"equation": "jump(f*dn(u)) = 0", "between": ["left", "right"]}},
        observations={
            "seen": {"x": [0.1, 0.2], "r": [1, 2], "t": [0, 1], "nu": [0.02, 0.2], "w": [1, 2], "noise": 0.1}
        },
        groups={"flow": ["one", "two"], "start": ["start"]},
        derived={"slope": "w_x**2 + a", "twice": "2*slope"},
        outputs={"middle": "value(slope, x = a, r = 1, t = 1, nu = 0.1)", "ratio": "maximum(z)/middle"},
        tables={"probe": {"of": ["w", "w_x*a"], "on": {"x": [0, "a"], "r": 1, "t": [1, 0], "nu": 0.1}, "points": 5}},
        reference={
            "method": "etdrk4",
            "modes": 16,
            "parameters": {"k": 2},
            "outputs": {"ratio": 2, "middle": {"value": 1, "accuracy": 0.1}},
        },
        tolerance=1e-5,
        config="smooth",
        accept=["corner_jump"],
    ),
    "states": define(
        name="states",
        coordinates={"x": [0, "L"]},
        fields=["psi"],
        parameters={"L": 1, "E": "eigenvalue"},
        states=3,
        regions={"left": {"x": [0, "L/3"]}, "right": {"x": ["L/3", "L"]}},
        equations={"schroedinger": "-psi_xx = E*psi"},
        interfaces={"value": "psi", "slope": "dn(psi)"},
        conditions={"walls": {"on": "boundary", "equation": "psi = 0"}, "norm": {"equation": "integral(psi**2) = 1"}},
    ),
    "changed": define(
        name="a", coordinates={"x": [0, 1]}, fields=["u"], parameters={"k": 1}, equations=["u_x = k"]
    ).with_parameters(k=1 / 3),
}


ORDER = (
    *("name", "title", "coordinates", "time", "fields", "symmetry", "divergence_free", "stream_function"),
    *("ansatz", "parameters"),
    *("functions", "equations", "conditions", "regions", "interfaces", "observations", "groups"),
    *("derived", "outputs", "tables"),
    *("reference",),
    *("tolerance", "config", "accept"),
)
"""The keys in the order in which they are written."""


@pytest.mark.parametrize("name", PROBLEMS)
def test_reads_back_equal(name: str) -> None:
    problem: Problem = PROBLEMS[name]
    text = dump_problem(problem)
    again = problem_of(parse_yaml(text, "again.yaml"))
    assert again == problem
    assert dump_problem(again) == text


def test_one_problem_here_has_every_key() -> None:
    problem = PROBLEMS["all keys"]
    assert list(parse_yaml(dump_problem(problem)).data) == list(ORDER)
    # Several states repeat all that is declared, for which a plain problem is enough.
    assert {*ORDER, "states", "complex", "shapes", "domain", "units"} == set(ProblemKeys.model_fields)
    assert "states" in parse_yaml(dump_problem(PROBLEMS["states"])).data
    assert "complex" in parse_yaml(dump_problem(PROBLEMS["complex"])).data
    assert {"shapes", "domain"} <= set(parse_yaml(dump_problem(PROBLEMS["shape"])).data)


def test_all_keys_with_other_values_read_back_equal() -> None:
    problem = PROBLEMS["all keys"].with_parameters(a=2.0, k=3.0)
    left, right, far = problem.regions
    assert [c.upper for c in (left.coordinates[0], right.coordinates[0], far.coordinates[0])] == [2.0, 4.0, 4.0]
    assert (problem.coordinate("x").breaks, left.coordinates[0].breaks, far.coordinates[0].breaks) == (
        (0.5, 2.0),
        (0.5,),
        (),
    )
    assert {face.value for face in problem.integrals[1].faces} == {0.0, 4.0}
    assert problem_of(parse_yaml(dump_problem(problem), "again.yaml")) == problem


def test_a_member_of_a_family_with_all_keys_reads_back_equal() -> None:
    member = replace(PROBLEMS["all keys"].with_parameters(nu=0.02), outputs=())
    assert [len(region.coordinates) for region in member.regions] == [3, 3, 3]
    assert [o.points.tolist() for o in member.observations] == [[[0.1, 1.0, 0.0]]]
    assert problem_of(parse_yaml(dump_problem(member), "again.yaml")) == member


def test_the_result_is_what_a_person_would_write() -> None:
    text = dump_problem(PROBLEMS["everything"])
    assert '  ends: {on: ["x = -1.0", "x = 1.0"], equation: "dn(u) + v = 0"}' in text.splitlines()
    assert '  nu: "0.01/pi"' in text.splitlines()
    assert "  theta: {range: [0.0, 6.283185307179586], periodic: true}" in text.splitlines()
