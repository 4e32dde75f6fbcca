"""Problems from Python: text, sympy and functions over tensors say the same thing."""

from typing import Any

import pytest
import sympy
import torch

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem, TorchResidual
from pinnkit.reading import parse_yaml


def _burgers(equation: Any, **more: Any) -> Problem:
    return define(
        name="burgers",
        coordinates={"x": [-1, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"nu": "0.01/pi"},
        equations={"momentum": equation},
        conditions={
            "initial": {"on": "t = 0", "equation": "u = -sin(pi*x)"},
            "walls": {"on": "boundary", "equation": "u = 0"},
        },
        **more,
    )


def residual(u: torch.Tensor, u_t: torch.Tensor, u_x: torch.Tensor, u_xx: torch.Tensor, nu: float) -> torch.Tensor:
    return u_t + u * u_x - nu * u_xx


def test_sympy_is_the_same_equation_as_text() -> None:
    x, t, nu = sympy.symbols("x t nu")
    u = sympy.Function("u")(x, t)
    text = _burgers("u_t + u*u_x = nu*u_xx").equations[0].residual
    for form in (sympy.Eq(u.diff(t) + u * u.diff(x), nu * u.diff(x, 2)), u.diff(t) + u * u.diff(x) - nu * u.diff(x, 2)):
        assert _burgers(form).equations[0].residual.tree == text.tree  # type: ignore[union-attr]


def test_sympy_in_conditions_and_references() -> None:
    x, y = sympy.symbols("x y")
    u = sympy.Function("u")(x)
    problem = define(
        name="line",
        coordinates={"x": [0, 1]},
        fields=["u"],
        equations=[u.diff(x, 2)],
        conditions={"ends": {"on": "boundary", "equation": sympy.Eq(u, x)}},
        reference={"exact": {"u": x}},
    )
    assert problem.conditions[0].residual.tree == problem.scope.functions["u"] - problem.scope.symbols["x"]
    with pytest.raises(UserError, match=r"equations\.0: unknown name `y`"):
        define(name="line", coordinates={"x": [0, 1]}, fields=["u"], equations=[u.diff(x) - y])


def test_a_function_over_tensors() -> None:
    problem = _burgers(residual)
    found = problem.equations[0].residual
    assert isinstance(found, TorchResidual)
    assert (found.arguments, found.text) == (("u", "u_t", "u_x", "u_xx", "nu"), "residual")
    assert (problem.order("u", "x"), problem.order("u", "t")) == (2, 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda u, w_x: u, r"equations\.momentum: unknown name `w_x` among the arguments of `<lambda>`"),
        (lambda *u: u, "must be named one by one"),
        (lambda **u: u, "must be named one by one"),
    ],
)
def test_arguments_that_mean_nothing(function: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        _burgers(function)


def test_a_function_is_named_in_the_file_and_refuses_to_be_trained_from_there() -> None:
    problem = _burgers(residual)
    text = dump_problem(problem)
    again = problem_of(parse_yaml(text))
    found = again.equations[0].residual
    assert isinstance(found, TorchResidual)
    assert found.arguments == ("u", "u_t", "u_x", "u_xx", "nu")
    with pytest.raises(UserError, match="the residual `residual` is a Python function, and a file cannot hold it"):
        found.function(1.0)
    assert dump_problem(again) == text
    assert problem_of(parse_yaml(dump_problem(again))) == again


@pytest.mark.parametrize("mark", ['{python: ["a"]}', "{python: a, code: b}", '{code: "import os"}'])
def test_other_marks_are_no_equations(mark: str) -> None:
    text = dump_problem(_burgers("u_t = 0")).replace('"u_t = 0"', mark)
    with pytest.raises(UserError, match=r"`equations\.momentum` must be an equation as text"):
        problem_of(parse_yaml(text))


def test_mistakes_name_their_keys() -> None:
    with pytest.raises(UserError) as caught:
        _burgers("u_t = u_q", tolerance=True, symmetry={"u": "odd in q"})
    said = str(caught.value)
    assert all(f"{key}: " in said for key in ("equations.momentum", "tolerance", "symmetry.u"))


def test_known_outputs_hold_for_the_parameters_of_the_file_alone() -> None:
    keys = {"coordinates": {"x": [0, 1]}, "fields": ["u"], "parameters": {"k": 1}, "equations": ["u_x = k"]}
    problem = define(
        name="a", **keys, outputs={"top": "maximum(u)"}, reference={"exact": {"u": "k*x"}, "outputs": {"top": 1}}
    )
    assert problem.reference is not None
    assert problem.with_parameters(k=1.0).reference == problem.reference
    moved = problem.with_parameters(k=2.0).reference
    assert moved is not None
    assert (set(moved.exact), dict(moved.outputs)) == ({"u"}, {})
    alone = define(name="a", **keys, outputs={"top": "maximum(u)"}, reference={"outputs": {"top": 1}})
    assert alone.with_parameters(k=2.0).reference is None
