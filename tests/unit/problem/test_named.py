"""Named functions and Fourier series in problem files.

Satisfied: a name is what it stands for, in equations, conditions and exact references, differentiated too; a series is
its sum, wherever the period begins; what is written back loads alone and is equal; a file is read from beneath the
problem's folder and from nowhere else; every mistake has the file, the line and what is needed.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from pinnkit.equations import compile_tree
from pinnkit.equations.notation import unicode
from pinnkit.errors import UserError
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import load_problem, problem_of
from pinnkit.problem.named import as_written
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml

ROOT = Path(__file__).parents[3]
RING = """\
# Heat around a torus.
name: torus
coordinates:
  x: {range: [0, "2*pi"], periodic: true}
  y: {range: [-1, 2], periodic: true}
  t: [0, 1]
time: t
fields: [u]
parameters: {nu: 0.1}
functions:
  start: {fourier: data/modes.csv}
equations:
  heat: "u_t = nu*laplace(u)"
conditions:
  begin: {on: "t = 0", equation: "u = start"}
"""
MODES = """\
# two waves, and a mean
x, y, cos, sin

0, 0, 0.5, 0
1, -2, 0.25, 1e-1
3, 0, 0, -2
"""


def folder(tmp_path: Path, modes: str = MODES, problem: str = RING, name: str = "data/modes.csv") -> Path:
    """A problem file beside its data."""
    (tmp_path / "problem.yaml").write_text(problem, encoding="utf-8")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(modes, encoding="utf-8")
    return tmp_path / "problem.yaml"


def said(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_problem(path)
    return str(caught.value)


def keys(**more: Any) -> dict[str, Any]:
    """Heat in a rod, whose source is a name."""
    given: dict[str, Any] = {
        "name": "rod",
        "coordinates": {"x": [0, 1], "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"k": 2},
        "functions": {"shape": "sin(pi*x)", "fading": "exp(-k*t)", "both": "shape*fading"},
        "equations": {"heat": "u_t = d(u, x, 2) + (pi^2 - k)*both"},
        "conditions": {
            "start": {"on": "t = 0", "equation": "u = shape"},
            "ends": {"on": "boundary", "equation": "u = 0"},
        },
        "reference": {"exact": {"u": "both"}},
    }
    return {**given, **more}


def test_a_name_is_what_it_stands_for() -> None:
    problem = define(**keys())
    whole = keys(
        equations={"heat": "u_t = d(u, x, 2) + (pi^2 - k)*sin(pi*x)*exp(-k*t)"},
        reference={"exact": {"u": "sin(pi*x)*exp(-k*t)"}},
        functions={},
    )
    whole["conditions"]["start"]["equation"] = "u = sin(pi*x)"
    plain = define(**whole)
    assert problem.equations[0].residual.tree == plain.equations[0].residual.tree  # type: ignore[union-attr]
    assert problem.conditions[0].residual.tree == plain.conditions[0].residual.tree
    assert problem.reference is not None
    assert plain.reference is not None
    assert problem.reference.exact["u"].tree == plain.reference.exact["u"].tree
    assert check_problem(problem) == ()
    assert {f.message for f in check_problem(problem.with_parameters(k=3))} == set()


def test_a_name_is_differentiated() -> None:
    functions = {"shape": "sin(pi*x)", "both": "d(shape, x, 2)"}
    problem = define(**keys(functions=functions, reference=None))
    x = problem.scope.symbols["x"]
    assert problem.functions[1].expression.tree == -(sympy.pi**2) * sympy.sin(sympy.pi * x)


def test_what_is_written_back_is_equal() -> None:
    problem = define(**keys())
    text = dump_problem(problem)
    assert 'both: "shape*fading"' in text
    assert problem_of(parse_yaml(text)) == problem


def test_names_are_shown_as_names() -> None:
    problem = define(**keys(equations={"heat": "u_t = d(u, x, 2) + d(both, x)"}, reference=None))
    residual = problem.equations[0].residual
    shown = unicode(as_written(residual, problem), problem.scope)  # type: ignore[arg-type]
    assert "both" in shown
    assert "sin" not in shown
    printed = summary(problem).splitlines()
    assert "  both = shape*fading" in printed
    assert "    fixes u = shape" in printed


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"functions": {"f": "u + 1"}}, "functions.f: unknown name `u`"),
        ({"functions": {"f": "g", "g": "1"}}, "functions.f: unknown name `g`"),
        ({"functions": {"f": "sin(y)"}}, "functions.f: unknown name `y`"),
        ({"functions": {"x": "1"}}, "functions.x: function `x` is already a coordinate"),
        ({"functions": {"sin": "1"}}, "functions.sin: `sin` cannot name a function"),
        ({"functions": {"u_x": "1"}}, "functions.u_x: function `u_x` reads like a derivative of the field `u`"),
        ({"functions": {"f": "besselj(0, x)"}}, "functions.f: `besselj` is only for exact solutions"),
        ({"functions": {"f": True}}, "functions.f: `functions.f` must be an expression as text"),
        ({"functions": {"f": {"modes": "a.csv"}}}, "must be an expression as text, such as"),
        ({"functions": {"f": {"fourier": "a.csv"}}}, "a file of modes can be named in a problem file only"),
        ({"functions": {"f": {"fourier": {"columns": ["x"]}}}}, "needs the lists `columns` and `rows`"),
        ({"functions": {"f": {"fourier": {"colums": ["x"], "rows": []}}}}, "unknown key `colums`"),
        ({"equations": ["u_t = shape(x)"]}, "`shape` stands for an expression and cannot be called"),
        ({"equations": ["u_t = shap"]}, "unknown name `shap`"),
    ],
)
def test_mistakes_in_names(changes: Any, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        define(**keys(**changes))
    assert sentence in str(caught.value)


def test_a_wrong_function_brings_forth_no_other_mistake() -> None:
    functions = {"shape": "sin(pi*y)", "fading": [1], "both": "shape*fading"}
    with pytest.raises(UserError) as caught:
        define(**keys(functions=functions))
    assert len(caught.value.mistakes) == 2


def test_a_series_is_its_sum(tmp_path: Path) -> None:
    problem = load_problem(folder(tmp_path))
    x, y = np.linspace(0, 6, 11), np.linspace(-1, 2, 11)
    z = 2 * np.pi * (y + 1) / 3
    expected = 0.5 + 0.25 * np.cos(x - 2 * z) + 0.1 * np.sin(x - 2 * z) - 2 * np.sin(3 * x)
    value = compile_tree(problem.functions[0].expression.tree, problem.scope)({"x": x, "y": y})
    np.testing.assert_allclose(value, expected, atol=1e-13)
    assert check_problem(problem) == ()
    assert "  start = a Fourier series of 3 modes" in summary(problem).splitlines()


def test_the_order_of_columns_does_not_matter(tmp_path: Path) -> None:
    turned = MODES.replace("x, y, cos, sin", "cos, y, sin, x").replace("1, -2, 0.25, 1e-1", "0.25, -2, 1e-1, 1")
    turned = turned.replace("0, 0, 0.5, 0", "0.5, 0, 0, 0").replace("3, 0, 0, -2", "0, 0, -2, 3")
    assert load_problem(folder(tmp_path, turned)).functions == load_problem(folder(tmp_path)).functions


def test_a_problem_with_a_series_is_written_whole(tmp_path: Path) -> None:
    problem = load_problem(folder(tmp_path))
    alone = tmp_path / "alone" / "problem.yaml"
    alone.parent.mkdir()
    alone.write_text(dump_problem(problem), encoding="utf-8")
    assert load_problem(alone) == problem
    assert dump_problem(load_problem(alone)) == dump_problem(problem)


def test_the_largest_series_is_written_and_read(tmp_path: Path) -> None:
    rows = [f"{k},{n},{0.1 / (k + n):.17g},{-1 / 3 / (k + n):.17g}" for k in range(1, 26) for n in range(40)]
    problem = load_problem(folder(tmp_path, "\n".join(["x,y,cos,sin", *rows])))
    assert problem_of(parse_yaml(dump_problem(problem))) == problem


@pytest.mark.parametrize(
    ("modes", "sentence"),
    [
        ("", "problem.yaml:11:20: `data/modes.csv` is empty\n  It begins with the line `x,y,cos,sin`"),
        ("# nothing\n\nx,y,cos,sin\n", "modes.csv:3: there is no mode"),
        ("x,cos,sin\n1,0,1\n", "modes.csv:1: the column `y` is missing\n  Needed are the columns `x,y,cos,sin`"),
        ("x,y,t,cos,sin\n", "modes.csv:1: unknown column `t`"),
        ("x,y,y,cos,sin\n", "modes.csv:1: the column `y` is given twice"),
        ("x,y,cos,sine\n", "modes.csv:1: unknown column `sine`\n  Did you mean `sin`?"),
        ("x,y,cos,sin\n1,0,1\n", "modes.csv:2: 3 numbers, and there are 4 columns (x, y, cos, sin)"),
        ("x,y,cos,sin\n\n1,0.5,1,0\n", "modes.csv:3: the wave number along `y` must be a whole number from -10000"),
        ("x,y,cos,sin\n1,99999,1,0\n", "modes.csv:2: the wave number along `y` must be a whole number"),
        ("x,y,cos,sin\n1,0,one,0\n", "modes.csv:2: `cos` must be a finite number, not `one`"),
        ("x,y,cos,sin\n1,0,1,.nan\n", "modes.csv:2: `sin` must be a finite number, not `nan`"),
        ("x,y,cos,sin\n1,0,1,1e999\n", "modes.csv:2: `sin` must be a finite number, not `inf`"),
        ("x,y,cos,sin\n1,0,true,0\n", "modes.csv:2: `cos` must be a finite number"),
        ("x,y,cos,sin\n1,2,1,0\n-1,-2,0,1\n", "modes.csv:3: the mode (-1, -2) is given twice\n  k and -k are one"),
        ("x,y,cos,sin\n" + "1,2,1,0\n" * 1001, "1001 modes, and 1000 is the most"),
        ("x,y,cos,sin\n" + "# remark\n" * 120_000, "`data/modes.csv` is larger than 1 MB"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, modes: str, sentence: str) -> None:
    assert sentence in said(folder(tmp_path, modes))


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    text = said(folder(tmp_path, "x,y,cos,sin\n1,0,a,0\n2,0,1,0\n3,b,1,0\n"))
    assert "modes.csv:2:" in text
    assert "modes.csv:4:" in text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (tmp_path / "data" / "modes.csv").write_bytes(b"\xff\xfe\x00")
    assert "`data/modes.csv` cannot be read: UnicodeDecodeError" in said(path)


OUTSIDE = "must be a file beneath the problem's own folder\n  A relative path without `..`"


ELSEWHERE = ["../modes.csv", "data/../modes.csv", "/etc/hostname", "data/link.csv", "x\\0y", "a" * 999]


@pytest.mark.parametrize("given", ELSEWHERE)
def test_a_file_elsewhere_is_not_read(tmp_path: Path, given: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    path = folder(inner, problem=RING.replace("data/modes.csv", f'"{given}"'))
    (tmp_path / "modes.csv").write_text(MODES)
    (inner / "modes.csv").write_text(MODES)
    (inner / "data" / "link.csv").symlink_to(tmp_path / "modes.csv")
    assert OUTSIDE in said(path)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    path = folder(tmp_path, problem=RING.replace("data/modes.csv", "link.csv"))
    (tmp_path / "link.csv").symlink_to(tmp_path / "data" / "modes.csv")
    assert load_problem(path).functions[0].series is not None


@pytest.mark.parametrize("given", ["data/modess.csv", "data"])
def test_a_file_that_is_not_there(tmp_path: Path, given: str) -> None:
    path = folder(tmp_path, problem=RING.replace("data/modes.csv", given))
    assert f"problem.yaml:11:20: there is no file `{given}` beside the problem" in said(path)


def test_a_series_needs_a_circle(tmp_path: Path) -> None:
    path = folder(tmp_path, problem=RING.replace(", periodic: true", ""))
    assert "a Fourier series needs a periodic coordinate, and there is none" in said(path)


def test_all_series_together_are_bounded() -> None:
    table = {"columns": ["x", "cos", "sin"], "rows": [[k, 1, 0] for k in range(1, 601)]}
    functions = {"shape": {"fourier": table}, "other": {"fourier": table}}
    coordinates = {"x": {"range": [0, 1], "periodic": True}, "t": [0, 1]}
    with pytest.raises(UserError, match="functions: the Fourier series have 1200 modes together, and 1000 is the most"):
        define(**keys(coordinates=coordinates, functions=functions, equations=["u_t = shape"], reference=None))


def shipped() -> Problem:
    return load_problem(ROOT / "problems" / "ns_decaying.yaml")


def script() -> Any:
    """The script that makes the shipped start."""
    spec = importlib.util.spec_from_file_location("random_flow", ROOT / "tests" / "benchmarks" / "random_flow.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_script_makes_the_shipped_start() -> None:
    assert script().table() == (ROOT / "problems" / "data" / "ns_decaying.csv").read_text(encoding="utf-8")


def test_the_shipped_start_is_what_it_says() -> None:
    """Without mean and without divergence, of |k| up to 4, its largest speed 5."""
    problem = shipped()
    named = {f.name: f.expression.tree for f in problem.functions}
    x, y = (problem.scope.symbols[name] for name in ("x", "y"))
    assert sympy.diff(named["u0"], x) + sympy.diff(named["v0"], y) == 0
    line = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    at = dict(zip("xy", np.meshgrid(line, line, indexing="ij"), strict=True))
    u, v, w = (compile_tree(named[name], problem.scope)(at) for name in ("u0", "v0", "w0"))
    assert max(abs(u.mean()), abs(v.mean()), abs(w.mean())) < 1e-13
    assert float(np.hypot(u, v).max()) == pytest.approx(5.0, rel=2e-3)
    series = problem.functions[0].series
    assert series is not None
    assert len(series.waves) == 24
    assert max(k * k + n * n for k, n in series.waves) == 16
    size = [np.hypot(*a) * np.hypot(*k) ** 3 for a, k in zip(series.amplitudes, series.waves, strict=True)]
    np.testing.assert_allclose(size, size[0], rtol=1e-7)
