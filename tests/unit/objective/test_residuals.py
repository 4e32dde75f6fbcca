"""Equations and conditions as residuals.

Satisfied: the residual of a tree is the tree at the fields' derivatives; a Python function over tensors that says the
same gives the same; only the derivatives that are used are carried.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinnkit.derivatives import jet
from pinnkit.derivatives.jet import Jet
from pinnkit.errors import SolveError
from pinnkit.objective.residuals import indices_of, of_condition, of_equation
from pinnkit.problem.define import define
from pinnkit.problem.problem import Problem


def problem(equation: object) -> Problem:
    return define(
        name="burgers",
        coordinates={"x": [-1, 1], "t": [0, 1]},
        time="t",
        fields=["u"],
        parameters={"nu": 0.25},
        equations={"momentum": equation},
        conditions={"flux": {"on": ["x = -1", "x = 1"], "equation": "dn(u) = x + t"}},
    )


def points() -> Tensor:
    return torch.rand(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def fields(of: Problem, x: Tensor) -> Jet:
    """u = sin x sin t."""
    residuals = [of_equation(of.equations[0], of), *(of_condition(c, f, of) for c in of.conditions for f in c.faces)]
    waves = jet.sin(jet.coordinates(x, indices_of(residuals, of)))
    return jet.multiply(waves.channel(0), waves.channel(1))


def by_function(u: Tensor, u_t: Tensor, u_x: Tensor, u_xx: Tensor, nu: float, x: Tensor) -> Tensor:
    return u_t + u * u_x - nu * u_xx - x


@pytest.mark.parametrize("equation", ["u_t + u*u_x = nu*u_xx + x", by_function], ids=["text", "function"])
def test_an_equation(equation: object) -> None:
    of = problem(equation)
    a, b = points().unbind(1)
    u, u_x, u_t = torch.sin(a) * torch.sin(b), torch.cos(a) * torch.sin(b), torch.sin(a) * torch.cos(b)
    found = of_equation(of.equations[0], of)(fields(of, points()), points())
    torch.testing.assert_close(found, u_t + u * u_x + 0.25 * u - a, rtol=1e-13, atol=1e-14)


def test_a_normal_derivative_points_outward() -> None:
    of = problem("u_t = 0")
    a, b = points().unbind(1)
    (condition,) = of.conditions
    for face, sign in zip(condition.faces, (-1, 1), strict=True):
        found = of_condition(condition, face, of)(fields(of, points()), points())
        torch.testing.assert_close(found, sign * torch.cos(a) * torch.sin(b) - a - b, rtol=1e-13, atol=1e-14)


def test_only_what_is_used_is_carried() -> None:
    of = problem("u_t + u_xx = 0")
    found = indices_of([of_equation(of.equations[0], of)], of)
    assert set(found.indices) == {(0, 0), (1, 0), (2, 0), (0, 1)}
    by_name = problem(by_function)
    assert set(indices_of([of_equation(by_name.equations[0], by_name)], by_name).indices) == set(found.indices)


def test_a_residual_without_fields_has_one_number_a_point() -> None:
    of = problem("u - u = 2")
    assert torch.equal(
        of_equation(of.equations[0], of)(fields(of, points()), points()), torch.full((5,), -2.0, dtype=torch.float64)
    )


def one_number(u: Tensor) -> Tensor:
    return u.mean()


def no_tensor(u: Tensor) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("function", "said"),
    [(one_number, r"`one_number` gave \(\); it needs one number a point"), (no_tensor, "`no_tensor` gave float")],
)
def test_a_function_that_gives_something_else(function: Callable[..., object], said: str) -> None:
    of = problem(function)
    with pytest.raises(SolveError, match=said):
        of_equation(of.equations[0], of)(fields(of, points()), points())
