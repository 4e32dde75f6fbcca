"""The Lagrangian frame: what is derived from an equation, the derivatives seen from labels, and the way back.

Satisfied: every derivative of a field that is known, seen from labels whose paths are known, is sympy's own, in one and
two coordinates, mixed and by time; equations are split into speeds and a rest whatever their form; the viscous term has
its metric; labels are found to rounding where paths are steep, fast or turn around, and said not to be found where they
cross; labels come from as far as the flow brings them; what has no such form is refused with the reason.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from torch import Tensor

from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations import compile_tree
from pinnkit.equations.expression import Partial
from pinnkit.errors import UserError
from pinnkit.formulation.frame import Frame
from pinnkit.formulation.labels import jacobians, labels_at, positions_of
from pinnkit.formulation.lagrangian import Lagrangian, transport
from pinnkit.networks import MLP
from pinnkit.points import RAD
from pinnkit.problem.define import define
from pinnkit.problem.problem import Equation, Problem, TorchResidual


def ring(equation: str = "u_t + u*u_x = nu*u_xx", **more: Any) -> Problem:
    """A field on a ring that starts as a sine."""
    keys: dict[str, Any] = {
        "name": "ring",
        "coordinates": {"x": {"range": [0, "2*pi"], "periodic": True}, "t": [0, 1]},
        "time": "t",
        "fields": ["u"],
        "parameters": {"c": 3, "nu": 0.1},
        "equations": {"carried": equation},
        "conditions": {"initial": {"on": "t = 0", "equation": "u = sin(x)"}},
    }
    return define(**{**keys, **more})


def square(**more: Any) -> Problem:
    """A bell in solid-body rotation, one turn."""
    keys: dict[str, Any] = {
        "name": "square",
        "coordinates": {"x": [-1, 1], "y": [-1, 1], "t": [0, "2*pi"]},
        "time": "t",
        "fields": ["u"],
        "equations": {"carried": "u_t - y*u_x + x*u_y = 0"},
        "conditions": {"initial": {"on": "t = 0", "equation": "u = exp(-9*((x - 0.4)^2 + y^2))"}},
    }
    return define(**{**keys, **more})


def frame_of(problem: Problem, **options: float) -> Frame:
    frame = Lagrangian(**options).rewritten(problem).frame  # type: ignore[arg-type]
    assert frame is not None
    return frame


PATHS = {
    1: {"x": "3*t + (1/4)*t*sin(x)"},
    2: {"x": "(1/3)*t*sin(x + y)", "y": "t*x/4 + t^2/5"},
}
"""Displacements by label, which keep the order of labels."""


@pytest.mark.parametrize(
    ("dimension", "orders"),
    [(1, o) for o in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0))]
    + [(2, o) for o in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (2, 0, 0), (0, 2, 0), (0, 0, 1))],
)
def test_a_derivative_seen_from_labels_is_that_at_their_position(dimension: int, orders: tuple[int, ...]) -> None:
    problem = ring() if dimension == 1 else square()
    frame, scope = frame_of(problem), problem.scope
    symbols = {name: scope.symbols[name] for name in scope.coordinates}
    field = sympy.sympify("sin(2*x + t)*cos(x - t/2)" if dimension == 1 else "sin(2*x + t)*cos(y - x*t/2)", symbols)
    displaced = {x: sympy.sympify(text.replace("^", "**"), symbols) for x, text in PATHS[dimension].items()}
    position = {symbols[x]: symbols[x] + d for x, d in displaced.items()}
    # What a network would hold: the state by label.
    held = {frame.scope.functions["u"]: field.subs(position, simultaneous=True)}
    held |= {frame.scope.functions[frame.displacements[x]]: d for x, d in displaced.items()}
    seen = frame.seen(scope.tree(Partial("u", orders)), scope).subs(held).doit()
    truth = field
    for name, order in zip(scope.coordinates, orders, strict=True):
        truth = sympy.diff(truth, symbols[name], order) if order else truth
    truth = truth.subs(position, simultaneous=True)
    columns = np.random.default_rng(0).uniform(0.1, 0.9, (len(scope.coordinates), 20))
    at = dict(zip(scope.coordinates, columns, strict=True))
    found = compile_tree(seen, scope).broadcast(at, np.empty(20))
    np.testing.assert_allclose(found, compile_tree(truth, scope).broadcast(at, np.empty(20)), rtol=1e-11, atol=1e-11)


def test_the_viscous_term_has_its_metric() -> None:
    """(1/X') d/dxi (U'/X') = U''/X'^2 - U' X''/X'^3, which is U'' only where X' = 1."""
    rewriting = Lagrangian().rewritten(ring())
    residual = rewriting.trained.equations[0].residual
    assert not isinstance(residual, TorchResidual)
    program, one = compile_tree(residual.tree, rewriting.trained.scope), {"nu": 0.1, "c": 3.0}
    U_t, U_1, U_2, D_1, D_2 = 0.3, 0.7, -1.2, 0.5, 0.4
    names = {("u", (0, 1)): U_t, ("u", (1, 0)): U_1, ("u", (2, 0)): U_2}
    names |= {("displacement_x", (1, 0)): D_1, ("displacement_x", (2, 0)): D_2}
    values: dict[Any, Any] = {**one, **{Partial(f, o): v for (f, o), v in names.items()}}
    assert program(values) == pytest.approx(U_t - 0.1 * (U_2 / 1.5**2 - U_1 * D_2 / 1.5**3), rel=1e-14)


def test_labels_that_meet_do_no_harm() -> None:
    frame = frame_of(ring(), least=0.01)
    scope = frame.scope
    program = compile_tree(frame.seen(ring().scope.tree(Partial("u", (1, 0))), ring().scope), scope)
    values: dict[Any, Any] = {Partial("u", (1, 0)): 2.0, Partial("displacement_x", (1, 0)): -1.0}
    assert program(values) == pytest.approx(2.0 / 0.01)


FORMS = {
    "u_t + u*u_x = nu*u_xx": ("u", "-nu*u_xx"),
    "u_t + d(u^2/2, x) = 0": ("u", "0"),
    "2*u_t = nu*u_xx - 2*c*u_x": ("c", "-nu*u_xx/2"),
    "u_t + c*u_x = u*(1 - u) + sin(x)": ("c", "-u*(1 - u) - sin(x)"),
    "u_t + 6*u*u_x + u_xxx = 0": ("6*u", "u_xxx"),
    "u_t + d(cos(x)*u, x) = 0": ("cos(x)", "-sin(x)*u"),
}


@pytest.mark.parametrize("equation", FORMS)
def test_an_equation_is_split_into_speed_and_rest(equation: str) -> None:
    problem = ring(equation)
    found, (speed, rest) = transport(problem), FORMS[equation]
    for tree, text in ((found.speeds["x"], speed), (found.rest, rest)):
        expected = ring(f"{text} = 0").equations[0].residual
        assert not isinstance(expected, TorchResidual)
        assert sympy.expand(tree - expected.tree) == 0


def test_the_trained_problem_is_two_equations_for_state_and_displacement() -> None:
    trained = (
        Lagrangian()
        .rewritten(
            ring(
                "u_t + u*u_x = 0",
                symmetry={"u": "odd in x"},
                coordinates={"x": {"range": [-1, 1], "periodic": True}, "t": [0, 1]},
            )
        )
        .trained
    )
    assert trained.fields == ("u", "displacement_x")
    assert [e.name for e in trained.equations] == ["carried", "path_x"]
    assert [c.name for c in trained.conditions] == ["initial", "label_x"]
    assert [(s.field, s.parity) for s in trained.symmetries] == [("u", "odd"), ("displacement_x", "odd")]
    scope = trained.scope
    trees = [e.residual.tree for e in trained.equations if not isinstance(e.residual, TorchResidual)]
    u, shift, t = scope.functions["u"], scope.functions["displacement_x"], scope.symbols["t"]
    assert trees == [sympy.diff(u, t), sympy.diff(shift, t) - u]


class Known:
    """Displacements that are given as formulas, in place of a network's."""

    def __init__(self, problem: Problem, frame: Frame, **displaced: str) -> None:
        self.problem, self.dtype, self.device = (
            Lagrangian().rewritten(problem).trained,
            torch.float64,
            torch.device("cpu"),
        )
        names = {n: s for n, s in problem.scope.symbols.items() if n in problem.scope.coordinates}
        self.trees = {frame.displacements[x]: sympy.sympify(text, names) for x, text in displaced.items()}

    def taylor(self, points: Tensor, indices: IndexSet, theta: Tensor) -> Tensor:
        scope = self.problem.scope
        values = dict(zip(scope.coordinates, points.numpy().T, strict=True))
        found = np.zeros((len(indices), len(points), len(self.problem.fields)))
        for k, (index, factor) in enumerate(zip(indices.indices, indices.factorials, strict=True)):
            for name, tree in self.trees.items():
                for coordinate, order in zip(scope.coordinates, index, strict=True):
                    tree = sympy.diff(tree, scope.symbols[coordinate], order) if order else tree
                column = compile_tree(tree, scope).broadcast(values, np.empty(len(points)))
                found[k, :, self.problem.fields.index(name)] = column / factor
        return torch.from_numpy(found)


NONE = torch.zeros(0)


@pytest.mark.parametrize(
    ("problem", "displaced"),
    [
        (ring(), {"x": "70*t"}),
        (ring(), {"x": "70*t + 0.95*t*sin(x)"}),  # dX/dxi falls to 0.05
        (ring(), {"x": "-12*t^2 + 0.9*t*sin(x - 3*t)"}),
        (square(), {"x": "x*cos(t) - y*sin(t) - x", "y": "x*sin(t) + y*cos(t) - y"}),
        (square(), {"x": "x*cos(t) - y*sin(t) - x + t*(1 - x^2)/20", "y": "x*sin(t) + y*cos(t) - y"}),
    ],
)
def test_a_label_is_found_to_rounding(problem: Problem, displaced: dict[str, str]) -> None:
    frame = frame_of(problem)
    fields = Known(problem, frame, **displaced)
    lower, upper = np.array([[c.lower, c.upper] for c in problem.coordinates]).T
    points = np.random.default_rng(0).uniform(lower, upper, (300, len(problem.coordinates)))
    labels, found = labels_at(fields, frame, points, NONE)
    back = positions_of(fields, frame, labels, NONE)
    apart = back - points
    if problem.name == "ring":
        apart[:, 0] -= 2 * np.pi * np.round(apart[:, 0] / (2 * np.pi))
        assert np.all((labels[:, 0] >= 0) & (labels[:, 0] <= 2 * np.pi)), "labels of a ring are in its interval"
    assert found.all()
    assert np.max(np.abs(apart)) < 1e-12


def test_crossed_characteristics_have_a_negative_jacobian() -> None:
    problem = ring()
    frame = frame_of(problem)
    fields = Known(problem, frame, x="1.5*t*sin(x)")
    labels = np.array([[np.pi, 0.5], [np.pi, 1.0]])
    np.testing.assert_allclose(jacobians(fields, frame, labels, NONE), [1 - 0.75, 1 - 1.5])


def test_a_position_where_no_label_is_is_not_found() -> None:
    problem = square(equations={"carried": "u_t + u_x = 0"})
    frame = frame_of(problem)
    fields = Known(problem, frame, x="-t*x", y="0")  # all labels are at x = 0 when t = 1, and beyond
    _, found = labels_at(fields, frame, np.array([[0.5, 0.0, 1.0], [0.5, 0.0, 0.5]]), NONE)
    assert found.tolist() == [False, True]


def test_labels_come_from_as_far_as_the_flow_brings_them() -> None:
    """The square turns within a disc of radius sqrt 2; a strip that moves by three needs labels three before it."""
    x, y, t = Lagrangian().rewritten(square()).trained.coordinates
    for c in (x, y):
        assert (c.lower, c.upper) == pytest.approx((-np.sqrt(2), np.sqrt(2)), rel=0.05)
        assert c.lower < -np.sqrt(2) < np.sqrt(2) < c.upper
    assert (t.lower, t.upper) == (0.0, 2 * np.pi)
    strip = ring("u_t + c*u_x = 0", coordinates={"x": [0, 1], "t": [0, 1]})
    (x, _) = Lagrangian().rewritten(strip).trained.coordinates
    assert (x.lower, x.upper) == pytest.approx((-3.0, 1.0), abs=0.1)
    assert x.lower < -3.0


REFUSED = {
    "has no `time`": lambda: define(
        name="p",
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations={"e": "u_x = 1"},
        conditions={"c": {"on": "x = 0", "equation": "u = 0"}},
    ),
    "need not travel at one speed": lambda: ring(fields=["u", "v"], equations={"a": "u_t = v_x", "b": "v_t = u_x"}),
    "by time only `u_t` is possible": lambda: ring("u_tt = u_xx"),
    "has `u_xt`": lambda: ring("u_t + u*u_x = d(d(u, x), t)"),
    "`u_x` is multiplied by `u_x`": lambda: ring("u_t + u_x^2 = 0"),
    "`u_x` is multiplied by `u_xx`": lambda: ring("u_t + u_x*u_xx = 0"),
    "so that nothing is carried": lambda: ring("u_t = nu*u_xx"),
    "does not repeat beyond it": lambda: ring("u_t + (1 + x*(2*pi - x))*u_x = 0"),
    "depends on `u`": lambda: ring(coordinates={"x": [0, 1], "t": [0, 1]}),
    "no condition holds at the start": lambda: ring(conditions={}),
    "holds at the end of time": lambda: ring(conditions={"c": {"on": ["t = 0", "t = 1"], "equation": "u = 0"}}),
    "has no derivative by `t`": lambda: ring("u_x = nu*u_xx"),
    "cannot be followed back": lambda: ring("u_t + x^2*u_x = 0", coordinates={"x": [-9, 1], "t": [0, 1]}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_has_no_such_form_is_refused_with_the_reason(reason: str) -> None:
    with pytest.raises(UserError) as caught:
        Lagrangian().rewritten(REFUSED[reason]())
    assert reason in str(caught.value)


def test_a_residual_in_python_is_refused() -> None:
    python = Equation("e", TorchResidual(lambda u_t, u_x: u_t + u_x, ("u_t", "u_x"), "f"))
    with pytest.raises(UserError, match="is a Python function"):
        Lagrangian().rewritten(replace(ring(), equations=(python,)))


def test_the_branch_of_the_displacements_may_be_another_size() -> None:
    assert Lagrangian().branch(MLP(20, 3)) == MLP(20, 3)
    assert Lagrangian(width=6, depth=1).branch(MLP(20, 3)) == MLP(6, 1)
    with pytest.raises(UserError, match="has none"):
        Lagrangian(width=6).branch(RAD(5))  # type: ignore[arg-type]  # a part without a width


@pytest.mark.parametrize(("option", "value"), [("width", 0), ("depth", 0), ("least", 0.0), ("least", 1.0)])
def test_options_out_of_range_are_refused(option: str, value: float) -> None:
    with pytest.raises(UserError, match=f"`{option}` of `lagrangian`"):
        Lagrangian(**{option: value})  # type: ignore[arg-type]
