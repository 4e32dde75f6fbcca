"""The problem that is trained in place of the user's.

Satisfied: every region has the branch of a choice that holds in it; conditions, contacts and jumps are those that one
writes by hand; the user's fields and their derivatives are those of differences; powers that an ansatz leaves are
divided out, and what an ansatz satisfies is exact; what cannot be rewritten is refused before anything is trained.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from torch import Tensor

import pinnkit
from pinnkit.building import Run, build_run
from pinnkit.config import Config
from pinnkit.equations.expression import Expression
from pinnkit.errors import UserError
from pinnkit.formulation.rewriting import Rewriting, rewrite
from pinnkit.networks import MLP
from pinnkit.optimizers import LevenbergMarquardt
from pinnkit.points import Sobol, Uniform
from pinnkit.problem.checks import check_problem
from pinnkit.problem.define import define
from pinnkit.problem.problem import Condition, Problem
from pinnkit.results.solution import Solution
from pinnkit.solving import solve_to_folder
from pinnkit.windows import Windows

HALVES = {"left": {"x": [0, 0.3]}, "right": {"x": [0.3, 1]}}
CONFIG = Config(
    network=MLP(6, 2),
    points=Uniform(20),
    condition_points=Uniform(8),
    device="cpu",
    threads=1,
    phases=(LevenbergMarquardt(steps=2),),
)


def rod(**more: Any) -> Problem:
    """Two materials, joined at x = 0.3."""
    keys: dict[str, Any] = {
        "name": "rod",
        "coordinates": {"x": [0, 1]},
        "fields": ["u"],
        "functions": {"k": "where(x < 0.3, 1, 5)"},
        "regions": HALVES,
        "equations": {"heat": "d(k*u_x, x) = -1"},
        "interfaces": {"temperature": "u", "flux": "k*dn(u)"},
        "conditions": {"ends": {"on": "boundary", "equation": "u = 0"}},
        "reference": {"exact": {"u": EXACT}},
    }
    return define(**{key: value for key, value in {**keys, **more}.items() if value is not None})


# -u'' = 1 with flux c - x: (0.3 - x)... integrated from both ends, c by continuity of u at 0.3
C = (0.09 / 2 + (1 - 0.09) / 10) / (0.3 + 0.7 / 5)
EXACT = f"where(x < 0.3, {C!r}*x - x**2/2, ({C!r}*(x - 1) - (x**2 - 1)/2)/5)"


def tree_of(text: str, problem: Problem) -> sympy.Expr:
    """What a person would write for a problem that is trained."""
    symbols = {**problem.scope.symbols, **{str(f.func): f for f in problem.scope.functions.values()}}
    x = problem.scope.symbols["x"]
    found: sympy.Expr = eval_tree(text, symbols, x)
    return found


def eval_tree(text: str, symbols: dict[str, Any], x: sympy.Symbol) -> sympy.Expr:
    """A sum of terms `factor*field`, `factor*field'` and `factor*field''`."""
    total = sympy.S.Zero
    for term in text.replace(" - ", " + -").split(" + "):
        factor, _, name = term.rpartition("*")
        order = name.count("'")
        part = sympy.diff(symbols[name.strip("'- ")], x, order) if order else symbols[name.strip("'- ")]
        sign = -1 if name.startswith("-") else 1
        total += sign * (sympy.Rational(factor) if factor else 1) * part
    return total


def same(tree: sympy.Expr, text: str, problem: Problem) -> bool:
    return sympy.simplify(tree - tree_of(text, problem)) == 0


def condition(problem: Problem, name: str) -> Condition:
    return next(c for c in problem.conditions if c.name == name)


def moved(run: Run, seed: int = 3) -> Tensor:
    """Parameters off the start."""
    layout = run.trial.layout
    generator = torch.Generator().manual_seed(seed)
    noise = 0.3 * torch.randn(layout.size, generator=generator, dtype=torch.float64)
    return layout.start(run.trial.network) + noise


def evaluated(problem: Problem, x: np.ndarray) -> np.ndarray:
    """The exact field."""
    assert problem.reference is not None
    tree = problem.reference.exact["u"].tree
    return np.array([float(tree.subs(problem.scope.symbols["x"], at)) for at in x])


def test_a_problem_without_either_is_trained_as_it_stands() -> None:
    problem = rod(regions=None, interfaces=None)
    assert rewrite(problem).plain
    assert rewrite(problem).trained is problem


def test_every_region_has_its_own_fields_equations_and_branches() -> None:
    trained = rewrite(rod()).trained
    assert trained.fields == ("u_left", "u_right")
    assert [(e.name, e.part) for e in trained.equations] == [("heat_left", "left"), ("heat_right", "right")]
    left, right = (e.residual for e in trained.equations)
    assert isinstance(left, Expression)
    assert isinstance(right, Expression)
    assert same(left.tree - 1, "u_left''", trained)
    assert same(right.tree - 1, "5*u_right''", trained)
    assert trained.homes == {"u_left": "left", "u_right": "right"}
    assert [c.upper for c in trained.coordinates_of("u_left")] == [0.3]


def test_jumps_are_the_conditions_that_one_writes_by_hand() -> None:
    trained = rewrite(rod(interfaces={
        "temperature": "u", "flux": "k*dn(u)", "film": "k*dn(u) = 2*jump(u)", "both": "jump(u) = 3*jump(dn(u))",
        "pushed": "k*u_x*normal(x)",
    })).trained  # fmt: skip
    trees = {c.name: c.residual.tree for c in trained.conditions if c.name != "ends"}
    assert same(trees["temperature"], "u_right - u_left", trained)
    assert same(trees["flux"], "5*u_right' - u_left'", trained)
    assert same(trees["film"], "u_left' - 2*u_right + 2*u_left", trained)
    assert same(trees["both"], "u_right - u_left - 3*u_right' + 3*u_left'", trained)
    assert same(trees["pushed"], "5*u_right' - u_left'", trained)
    (face,) = condition(trained, "flux").faces
    assert (face.coordinate, face.side, face.value, face.part) == ("x", "upper", 0.3, "left_right")


def test_a_condition_goes_to_the_regions_that_touch_its_faces() -> None:
    trained = rewrite(rod(conditions={
        "ends": {"on": "boundary", "equation": "u = 0"}, "start": {"on": "x = 0", "equation": "u_x = 1"},
    })).trained  # fmt: skip
    assert {c.name: [(f.value, f.part) for f in c.faces] for c in trained.conditions} == {
        "ends_left": [(0.0, "left")],
        "ends_right": [(1.0, "right")],
        "start": [(0.0, "left")],
        "temperature": [(0.3, "left_right")],
        "flux": [(0.3, "left_right")],
    }
    assert same(condition(trained, "start").residual.tree + 1, "u_left'", trained)


def test_contacts_in_a_plane_are_the_shared_pieces() -> None:
    regions = {"a": {"x": [0, 1]}, "b": {"x": [1, 2], "y": [0, 0.5]}, "c": {"x": [1, 2], "y": [0.5, 1]}}
    problem = define(
        name="l",
        coordinates={"x": [0, 2], "y": [0, 1]},
        fields=["u"],
        equations=["laplace(u) = 0"],
        regions=regions,
        interfaces={"value": "u", "flux": {"equation": "dn(u)", "between": ["c", "b"]}},
    )
    trained = rewrite(problem).trained
    boxes = {c.name: [(d.lower, d.upper) for d in trained.coordinates_in(c.faces[0].part)] for c in trained.conditions}
    assert boxes == {
        "value_a_b": [(0.0, 1.0), (0.0, 0.5)],
        "value_a_c": [(0.0, 1.0), (0.5, 1.0)],
        "value_b_c": [(1.0, 2.0), (0.0, 0.5)],
        "flux": [(1.0, 2.0), (0.0, 0.5)],
    }
    assert [c.faces[0].coordinate for c in trained.conditions] == ["x", "x", "y", "y"]


@pytest.mark.parametrize("name", ["rod", "ansatz", "both"])
def test_derivatives_of_the_users_fields_are_those_of_differences(name: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "rod": {},
        "ansatz": {"regions": None, "interfaces": None, "ansatz": {"u": "1 + x**2*exp(N/2)"}},
        "both": {"ansatz": {"u": "where(x < 0.3, 2, 3) + sin(x)*N"}},
    }
    solution = Solution.of(run := build_run(rod(reference=None, **kinds[name]), CONFIG), moved(run))
    x = np.array([[0.11], [0.24], [0.45], [0.83]])
    h = 2e-5
    above, here, below = (solution(x + step)[:, 0] for step in (h, 0.0, -h))
    assert solution.derivative("u_x", x) == pytest.approx((above - below) / (2 * h), rel=1e-5)
    assert solution.derivative("u_xx", x) == pytest.approx((above - 2 * here + below) / h**2, rel=1e-4, abs=1e-4)
    assert solution.evaluate("x*u_x + u**2", x) == pytest.approx(
        x[:, 0] * (above - below) / (2 * h) + here**2, rel=1e-5
    )


def test_each_side_of_an_edge_is_seen_from_its_own_region() -> None:
    rewriting: Rewriting = rewrite(rod())
    points = np.array([[0.0], [0.3], [0.3 + 1e-12], [1.0]])
    own = dict(rewriting.parts(points))
    assert own["left"].tolist() == [True, True, False, False]
    assert own["right"].tolist() == [False, False, True, True]


def test_a_power_that_the_ansatz_allows_is_divided_out() -> None:
    problem = define(
        name="bessel",
        coordinates={"x": [0, 5]},
        fields=["y"],
        ansatz={"y": "x**2/8 + x**4*N"},
        equations={"bessel": "(x**2*y_xx + x*y_x + (x**2 - 4)*y)/x**4 = 0"},
        conditions={"origin": {"on": "x = 0", "equation": "y = 0"}},
    )
    (equation,) = rewrite(problem).trained.equations
    assert isinstance(equation.residual, Expression)
    tree = equation.residual.tree
    x, y = problem.scope.symbols["x"], problem.scope.functions["y"]
    assert not [p for p in tree.atoms(sympy.Pow) if p.exp.is_negative]
    # x^2 (x^4 w)'' + x (x^4 w)' + (x^2 - 4) x^4 w, over x^4, and the 1/8 that x^2/8 leaves
    by_hand = x**2 * y.diff(x, 2) + 9 * x * y.diff(x) + (x**2 + 12) * y + sympy.Rational(1, 8)
    assert sympy.expand(tree - by_hand) == 0
    run = build_run(problem, CONFIG)
    assert np.isfinite(Solution.of(run, moved(run)).derivative("y_xx", np.array([[0.0]]))).all()


def test_what_an_ansatz_satisfies_is_exact_and_the_rest_is_asked_of_the_network() -> None:
    problem = rod(
        regions=None,
        interfaces=None,
        ansatz={"u": "x*N"},
        functions=None,
        equations={"heat": "u_xx = -1"},
        reference=None,
        conditions={"zero": {"on": "x = 0", "equation": "u = 0"}, "end": {"on": "x = 1", "equation": "u = 2"}},
    )
    run = build_run(problem, CONFIG)
    solution = Solution.of(run, moved(run))
    assert solution(np.array([[0.0], [1.0]]))[:, 0] == pytest.approx([0.0, 2.0], abs=1e-12)
    assert set(run.assembly.plain_terms) == {"heat"}


def test_exact_conditions_hold_in_every_region() -> None:
    run = build_run(rod(), CONFIG)
    assert set(run.assembly.plain_terms) == {"heat_left", "heat_right", "temperature", "flux"}
    solution = Solution.of(run, moved(run))
    assert solution(np.array([[0.0], [1.0]]))[:, 0] == pytest.approx([0.0, 0.0], abs=1e-14)
    assert abs(np.diff(solution(np.array([[0.3], [0.3 + 1e-12]]))[:, 0])) > 1e-3  # asked for, not built in


def test_an_ansatz_with_an_unknown_parameter_is_differentiated_with_it() -> None:
    problem = define(
        name="decay",
        coordinates={"x": [0, 1]},
        fields=["u"],
        parameters={"k": {"start": 1.5}},
        ansatz={"u": "1 - k*x + x**2*N"},
        equations={"decay": "u_x = -k*u"},
        conditions={"start": {"on": "x = 0", "equation": "u = 1"}, "end": {"on": "x = 1", "equation": "u = exp(-2)"}},
        reference={"exact": {"u": "exp(-k*x)"}, "parameters": {"k": 2}},
    )
    solution = pinnkit.solve(problem, Config(device="cpu", threads=1, network=MLP(8, 1),
                                             points=Sobol(40), phases=(LevenbergMarquardt(steps=30),)))  # fmt: skip
    assert solution.parameters["k"] == pytest.approx(2.0, rel=1e-6)
    x = np.array([[0.0], [0.5], [1.0]])
    assert solution(x)[:, 0] == pytest.approx(np.exp(-2 * x[:, 0]), rel=1e-6)
    assert solution.derivative("u_x", x[:1])[0] == pytest.approx(-solution.parameters["k"], rel=1e-12)


def test_a_rod_of_two_materials_is_solved_to_eight_digits(tmp_path: Path) -> None:
    config = Config(
        network=MLP(8, 1, activation="sin"),
        points=Sobol(40),
        device="cpu",
        threads=1,
        phases=(LevenbergMarquardt(steps=60),),
    )
    problem = rod(outputs={"mean": "integral(u)", "hottest": "argmax(u, x)"})
    assert [f.message for f in check_problem(problem)] == []
    solution = Solution.load(solve_to_folder(problem, config, tmp_path / "rod", quiet=True))
    assert solution.problem == problem
    assert solution.result["errors"]["u"]["relative_l2"] < 1e-8
    x = np.linspace(0, 1, 23)[:, None]
    assert solution(x)[:, 0] == pytest.approx(evaluated(problem, x[:, 0]), abs=1e-8)
    # -(k u')' = 1: the mean is the integral of the exact field
    exact = C * 0.3**2 / 2 - 0.3**3 / 6 + (-C * 0.7**2 / 2 - ((1 - 0.027) / 6 - 0.7 / 2)) / 5
    assert solution.result["outputs"]["mean"] == pytest.approx(exact, rel=1e-7)


def test_integrals_and_observations_over_regions() -> None:
    problem = define(
        name="bent",
        coordinates={"x": [0, 1]},
        fields=["u"],
        regions=HALVES,
        equations={"bend": "u_xx = where(x < 0.3, 0, 2)"},
        interfaces={"value": "u", "slope": "dn(u)"},
        conditions={"mean": {"equation": "integral(u) = 1"}},
        observations={"seen": {"x": [0.1, 0.9], "u_x": [1.0, 2.2]}},
    )
    trained = rewrite(problem).trained
    assert [(o.name, len(o.points)) for o in trained.observations] == [("seen_left", 1), ("seen_right", 1)]
    assert set(trained.integrals[0].parts) == {"left", "right"}
    config = Config(
        network=MLP(6, 1), points=Sobol(30), device="cpu", threads=1, phases=(LevenbergMarquardt(steps=40),)
    )
    solution = pinnkit.solve(problem, config)
    # u = a + x + (x - 0.3)^2 to the right, and a + x to the left: a = 1 - 1/2 - 0.7^3/3
    a = 0.5 - 0.343 / 3
    x = np.array([[0.0], [0.3], [1.0]])
    assert solution(x)[:, 0] == pytest.approx([a, a + 0.3, a + 1 + 0.49], rel=1e-5)


FLOW = {"on": "y = 0", "equation": "integral(dn(u)) = 1"}


def _refused(problem: Problem) -> str:
    """What a check says and a run refuses, in the same words."""
    with pytest.raises(UserError) as caught:
        build_run(problem, CONFIG)
    (finding,) = [f for f in check_problem(problem) if f.name == "not_together"]
    assert finding.fatal
    assert finding.message in str(caught.value)
    return finding.message


def test_what_cannot_be_rewritten_is_refused_before_training() -> None:
    def residual(u_xx: Tensor) -> Tensor:
        return u_xx

    python = rod(
        equations={"heat": residual}, functions=None, interfaces={"value": "u", "slope": "dn(u)"}, reference=None
    )
    assert "`heat` is a Python function, and regions must be put into it" in _refused(python)
    on_face = define(
        name="box",
        coordinates={"x": [0, 1], "y": [0, 1]},
        fields=["u"],
        regions=HALVES,
        equations=["laplace(u) = 1"],
        interfaces={"value": "u", "flux": "dn(u)"},
        conditions={"edge": {"on": "boundary", "equation": "u = 0"}, "flow": FLOW},
    )
    assert "`flow` is no integral over the whole domain, and regions allow no other yet" in _refused(on_face)
    parameters = rod(coordinates={"x": [0, "L"]}, parameters={"L": 1}).with_parameters(L=2.0)
    assert "the regions leave a gap: none has x in [1, 2]" in _refused(parameters)
    taken = rod(
        parameters={"u_left": 1}, conditions={"e": {"on": "boundary", "equation": "u = u_left"}}, reference=None
    )
    assert "`u_left` would be the name of a field in a region, and is declared already" in _refused(taken)


@pytest.mark.parametrize(
    "more",
    [{}, {"regions": None, "interfaces": None, "ansatz": {"u": "t*N"}, "functions": {"k": "1"}}],
    ids=["regions", "ansatz"],
)
def test_windows_are_refused_by_solve(more: dict[str, Any]) -> None:
    problem = rod(**{
        "coordinates": {"x": [0, 1], "t": [0, 1]}, "time": "t", "equations": {"heat": "u_t = d(k*u_x, x)"},
        "conditions": {"start": {"on": "t = 0", "equation": "u = 0"}, "ends": {"on": "boundary", "equation": "u = 0"}},
        "reference": None, **more,
    })  # fmt: skip
    config = Config(device="cpu", threads=1, network=MLP(4, 1), points=Uniform(8), windows=Windows(count=2))
    with pytest.raises(UserError, match=r"windows of time and (regions|an ansatz) do not go together"):
        pinnkit.solve(problem, config)
