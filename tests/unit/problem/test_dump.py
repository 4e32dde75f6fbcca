"""A problem written as a file reads back equal."""

import math

import pytest
import sympy

from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
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
    "changed": define(
        name="a", coordinates={"x": [0, 1]}, fields=["u"], parameters={"k": 1}, equations=["u_x = k"]
    ).with_parameters(k=1 / 3),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_reads_back_equal(name: str) -> None:
    problem: Problem = PROBLEMS[name]
    text = dump_problem(problem)
    again = problem_of(parse_yaml(text, "again.yaml"))
    assert again == problem
    assert dump_problem(again) == text


def test_the_result_is_what_a_person_would_write() -> None:
    text = dump_problem(PROBLEMS["everything"])
    assert '  ends: {on: ["x = -1.0", "x = 1.0"], equation: "dn(u) + v = 0"}' in text.splitlines()
    assert '  nu: "0.01/pi"' in text.splitlines()
    assert "  theta: {range: [0.0, 6.283185307179586], periodic: true}" in text.splitlines()
