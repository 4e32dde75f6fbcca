"""Derived quantities.

Satisfied on fields that are known: every reduction gives its exact value; outputs use those before them; what is not
there is None with a reason, and spoils nothing else; bad input is reported with its place; a trained solution's
outputs are those of its fields, in the results, the report and the printed lines.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import pinnkit
from pinnkit.config import Config
from pinnkit.equations import compile_tree
from pinnkit.errors import UserError
from pinnkit.geometry import GaussLegendre
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml
from pinnkit.results.outputs import Found, find_outputs, told
from pinnkit.results.roots import roots_of
from pinnkit.solving import solve_to_folder
from pinnkit.windows import Windows

ONE = {"x": {"range": [0, 3], "breaks": [1.2]}}
TWO = {"x": [-1, 1], "t": [0, 2]}
THREE = {"x": [-1, 1], "y": [0, 1], "z": [-2, 0]}
FOUR = {**THREE, "t": [0, 1]}


def problem(coordinates: dict[str, Any], **outputs: str) -> Problem:
    total = " + ".join(f"d(u, {c})" for c in coordinates)
    return define(
        name="known",
        coordinates=coordinates,
        fields=["u"],
        parameters={"k": 0.25},
        equations={"any": f"{total} = 0"},
        outputs=outputs,
    )


def found(coordinates: dict[str, Any], field: str, **outputs: str) -> Found:
    """The outputs where u is an expression of the coordinates."""
    own = problem(coordinates, **outputs)
    exact = define(
        name="exact",
        coordinates=coordinates,
        fields=["u"],
        equations=["u = 0"],
        reference={"exact": {"u": field}},
    )
    assert exact.reference is not None
    u = exact.reference.exact["u"].tree

    def evaluate(tree: sympy.Expr, points: np.ndarray) -> np.ndarray:
        plain = tree.subs(own.scope.functions["u"], u).doit()
        values = {**own.values, **dict(zip(own.scope.coordinates, points.T, strict=True))}
        return compile_tree(plain, own.scope).broadcast(values, points[:, 0])

    return find_outputs(own, evaluate, GaussLegendre())


ROOT = np.sqrt(0.5)
CASES: list[tuple[dict[str, Any], str, str, float | list[float]]] = [
    (ONE, "sin(x)*exp(x)", "value(u_x, x = 1)", np.e * (np.sin(1) + np.cos(1))),
    (ONE, "x^2", "value(u, x = 4*k) + 2*value(u, x = 2) - k", 1 + 8 - 0.25),
    (ONE, "abs(x - 1.2)", "integral(u)", 0.5 * (1.2**2 + 1.8**2)),
    (ONE, "x", "integral(x**2*u**2)/integral(u**2)", 27 / 5),
    (ONE, "cos(x)", "root(u, x)", np.pi / 2),
    (ONE, "cos(x) - k", "root(u)", np.nan),
    (ONE, "x*(x - 3)*(x - 2)", "roots(u, x)", [0.0, 2.0, 3.0]),
    (ONE, "1/(x - sqrt(2)) + x*(x - 2)/10^9", "roots(u*(x - 2.5), x)", [2.5]),
    (ONE, "x - 1.2", "root(u, x)", 1.2),
    (ONE, "x^2*exp(-x)", "maximum(u)", 4 * np.exp(-2)),
    (ONE, "x^2*exp(-x)", "argmax(u, x)", 2.0),
    (ONE, "x^2*exp(-x)", "argmin(u, x)", 0.0),
    (ONE, "x - 0.7", "argmin(abs(u) + 1)", 0.7),
    (ONE, "x - 0.7", "minimum(abs(u) + 1)", 1.0),
    (ONE, "-x", "minimum(u)", -3.0),
    (ONE, "1 + 0*x", "maximum(u)", 1.0),
    (ONE, "sin(x)", "value(u, x = argmax(u))", 1.0),
    (TWO, "(x^2 - t/4)", "root(u, x, t = 2)", -ROOT),
    (TWO, "(x^2 - t/4)", "roots(u, x, t = 2)", [-ROOT, ROOT]),
    (TWO, "x^2*t", "integral(u)", 4 / 3),
    (TWO, "x^2*t", "integral(u, x, t = 0.5)", 1 / 3),
    (TWO, "x^2*t", "integral(u, t = 0.5)", 1 / 3),
    (TWO, "x^2*t", "integral(integral(u_t, x, t = 1), t, x = 0)", 4 / 3),
    (TWO, "exp(-(x - 0.3)^2 - 2*(t - 1.1)^2 + (x - 0.3)*(t - 1.1))", "argmax(u, x)", 0.3),
    (TWO, "exp(-(x - 0.3)^2 - 2*(t - 1.1)^2 + (x - 0.3)*(t - 1.1))", "argmax(u, t)", 1.1),
    (TWO, "(x - 0.3)^2 + t", "argmin(u, x)", 0.3),
    (TWO, "(x - 0.3)^2 + t", "argmin(u, t)", 0.0),
    (TWO, "x*t", "maximum(u, t = 1.5)", 1.5),
    (THREE, "cos(x - 0.1)*cos(y - 0.2)*cos(z + 0.3)", "argmax(u, z)", -0.3),
    (FOUR, "-(x - 0.1)^2 - (y - 0.2)^2 - (z + 0.3)^2 - (t - 0.4)^2 - 1", "maximum(u)", -1.0),
    (FOUR, "x + y + z + t", "integral(u)", 0.0),
]


@pytest.mark.parametrize(("coordinates", "field", "output", "exact"), CASES, ids=[f"{c[2]} of {c[1]}" for c in CASES])
def test_every_reduction_is_exact(
    coordinates: dict[str, Any], field: str, output: str, exact: float | list[float]
) -> None:
    if np.isscalar(exact) and np.isnan(exact):  # a parameter belongs to the problem alone
        field, exact = "cos(x) - 0.25", float(np.arccos(0.25))
    known = found(coordinates, field, it=output)
    assert known.reasons == ()
    assert known.values["it"] == pytest.approx(exact, rel=1e-12, abs=1e-12)


def test_outputs_use_those_before_them() -> None:
    known = found(
        ONE,
        "cos(x)",
        zero="root(u)",
        slope="value(u_x, x = zero)",
        mean="integral(u)/3",
        spread="integral((u - mean)**2)/3",
    )
    assert known.values["slope"] == pytest.approx(-1.0, abs=1e-14)
    mean = np.sin(3) / 3
    assert known.values["spread"] == pytest.approx((1.5 + np.sin(6) / 4) / 3 - mean**2, rel=1e-12)


def test_what_is_not_there_says_so_and_spoils_nothing() -> None:
    known = found(
        TWO,
        "x^2 + 1 + t",
        horizon="root(u, x, t = 1)",
        beyond="value(u, x = horizon, t = 0)",
        outside="value(u, x = value(u, x = 0, t = 0) + 1, t = 0)",
        infinite="1/value(u_x, x = 0, t = 0)",
        nothing="maximum(log(-u))",
        broken="value(log(-u), x = 0, t = 0)",
        good="value(u, x = 1, t = 0)",
    )
    assert known.values == {**dict.fromkeys(known.values), "good": 2.0}
    assert known.reasons == (
        "The output `horizon` has no value: `u` has no root for `x` from -1 to 1 at `t = 1`.",
        "The output `beyond` has no value: it needs `horizon`.",
        "The output `outside` has no value: `x = 2` is outside of the domain, for `x` from -1 to 1.",
        "The output `infinite` has no value: it divides by zero.",
        "The output `nothing` has no value: `log(-u)` is nowhere a finite number.",
        "The output `broken` has no value: `value(log(-u), x = 0, t = 0)` is not finite.",
    )
    assert told({"a": 0.1, "b": None, "c": [1.0, 2.5]}) == ["a = 0.1", "b = no value", "c = 1, 2.5"]


def test_roots_of_close_and_many() -> None:
    assert roots_of(lambda x: np.sin(40 * x), [0.05, 3.1]) == pytest.approx(np.arange(1, 40) * np.pi / 40, rel=1e-14)
    assert roots_of(lambda x: np.where(x < 1, np.nan, x - 1.5), [0.0, 2.0]) == [1.5]
    assert roots_of(np.ones_like, [0.0, 1.0]) == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("u", "`u` is no number, and an output is one"),
        ("x", "`x` is no number"),
        ("root(u, x)", "`t` is neither along nor held(.|\n)*Hold it: `t = …`"),
        ("root(u, t = 1, x = 0)", "`root` has no coordinate left"),
        ("argmax(u)", "`argmax` needs one coordinate"),
        ("value(u, x = 1)", "`value` holds all coordinates; `t` has no value"),
        ("value(u, x = 1, t = 3)", "the output `it` asks `t = 3`(.|\n)*goes from 0 to 2"),
        ("value(u, x = 1, x = 0, t = 1)", "`x` is held twice"),
        ("value(u, x = t, t = 1)", "the value of `x` depends on `t`"),
        ("value(u, y = 1, t = 1)", "`y` is no coordinate"),
        ("integral(u, x, x = 1)", "goes along `x` and holds it"),
        ("2*roots(u, x, t = 1)", "`roots` is a list and stands alone"),
        ("integral(u) = 1", "a single expression is needed here"),
        ("integrale(u)", "unknown function `integrale`(.|\n)*Did you mean `integral`"),
        ("rot(u, x)", "Did you mean `root`"),
        ("sin(x = 1)", "arguments are given by their position"),
        ("later + 1", "unknown name `later`"),
        ("value(dn(u), x = 1, t = 1)", "`dn` is the derivative along the normal"),
        ("zeros + 1", "the output `zeros` is a list, and `it` needs a number"),
    ],
)
def test_bad_outputs(output: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        problem(TWO, zeros="roots(u, x, t = 1)", it=output, later="integral(u)")
    assert len(error.value.mistakes) == 1
    assert str(error.value.mistakes[0].place) == "outputs.it"


@pytest.mark.parametrize("name", ["u", "k", "x", "sin", "u_x", "1a", "integral"])
def test_bad_names(name: str) -> None:
    with pytest.raises(UserError, match="cannot name|stands for something else"):
        problem(TWO, **{name: "integral(u)"})


def test_outputs_are_written_back_and_shown() -> None:
    own = problem(TWO, mass="integral(u, t = k)", scaled="mass/k")
    assert problem_of(parse_yaml(dump_problem(own), "again")) == own
    assert "output scaled = mass/k" in summary(own, ())
    assert not any(f.name == "unused_parameter" for f in check_problem(own))
    with pytest.raises(UserError, match="an output is written as text"):
        define(name="a", coordinates={"x": [0, 1]}, fields=["u"], equations=["u_x = 0"], outputs={"a": sympy.pi})


QUICK = Config(
    network=MLP(width=8, depth=2),
    points=Sobol(count=32),
    phases=(LevenbergMarquardt(steps=40),),
    device="cpu",
    threads=1,
    test_points=100,
)
OUTPUTS = {"zero": "root(u - 1/2, t)", "mean": "integral(u)", "top": "maximum(u)", "none": "root(u, t)"}


def decay(**more: Any) -> Problem:
    return define(
        name="decay",
        coordinates={"t": [0, 1]},
        time="t",
        fields=["u"],
        equations={"rate": "u_t + 2*u = 0"},
        conditions={"start": {"on": "t = 0", "equation": "u = 1"}},
        reference={"exact": {"u": "exp(-2*t)"}},
        outputs=OUTPUTS,
        **more,
    )


@pytest.mark.parametrize("windows", [None, Windows(count=2)], ids=["whole", "windows"])
def test_the_outputs_of_a_trained_solution(windows: Windows | None) -> None:
    solution = pinnkit.solve(decay(), replace(QUICK, windows=windows))
    values = solution.outputs()
    assert values == solution.result["outputs"]
    assert values["zero"] == pytest.approx(np.log(2) / 2, abs=1e-6)
    assert values["mean"] == pytest.approx((1 - np.exp(-2)) / 2, abs=1e-6)
    assert values["top"] == pytest.approx(1.0, abs=1e-12)
    assert values["none"] is None
    assert solution.result["verdict"] == "verified"
    assert "`u` has no root for `t` from 0 to 1" in solution.result["reasons"][-1]
    t = np.linspace(0, 1, 7)[:, None]
    expected = solution.derivative("u_t", t) + 3 * solution(t)[:, 0] * t[:, 0]
    np.testing.assert_allclose(solution.evaluate("u_t + 3*t*u", t), expected, rtol=1e-12, atol=1e-14)
    assert solution.evaluate("u", np.empty((0, 1))).shape == (0,)


def test_a_run_folder_holds_and_prints_the_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = solve_to_folder(decay(), replace(QUICK, phases=(LevenbergMarquardt(steps=3),)), tmp_path / "run")
    printed = capsys.readouterr().out
    result = json.loads((folder / "result.json").read_text("utf-8"))
    assert list(result["outputs"]) == list(OUTPUTS)
    assert result["outputs"]["none"] is None
    assert f"zero = {result['outputs']['zero']:.15g}\n" in printed
    assert "none = no value\n" in printed
    assert "has no root" in printed
    report = (folder / "report.html").read_text("utf-8")
    assert "<h2>Outputs</h2>" in report
    assert f"{result['outputs']['mean']:.12g}" in report
    assert pinnkit.Solution.load(folder).outputs() == result["outputs"]
