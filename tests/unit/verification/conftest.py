"""Burgers' equation in the forms that a person may write it in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from pinnkit.equations.expression import Scope
from pinnkit.equations.parse import parse_equation
from pinnkit.problem.problem import Condition, Coordinate, Equation, Face, Parameter, Problem
from pinnkit.problem.reference import Reference


def _burgers(
    equation: str = "u_t + u*u_x = nu*u_xx",
    initial: str = "u = -sin(pi*x)",
    walls: str | None = "u = 0",
    viscosity: float = 0.1,
    names: Sequence[str] = ("x", "t"),
    x: tuple[float, float] = (-1.0, 1.0),
    t: tuple[float, float] = (0.0, 1.0),
    options: Mapping[str, Any] | None = None,
) -> Problem:
    """The problem with some of its parts changed; without walls its space coordinate is periodic."""
    intervals = {"x": x, "t": t}
    coordinates = tuple(Coordinate(n, *intervals[n], periodic=n == "x" and walls is None) for n in names)
    scope = Scope(tuple(names), ("u",), ("nu",), time="t")
    conditions = [Condition("initial", (Face("t", "lower", t[0]),), parse_equation(initial, scope))]
    if walls is not None:
        both = Face("x", "lower", x[0]), Face("x", "upper", x[1])
        conditions.append(Condition("walls", both, parse_equation(walls, scope)))
    return Problem(
        "burgers",
        coordinates,
        ("u",),
        (Equation("momentum", parse_equation(equation, scope)),),
        tuple(conditions),
        (Parameter("nu", viscosity),),
        time="t",
        reference=Reference(method="cole_hopf", options=options or {}),
    )


@pytest.fixture
def burgers() -> Callable[..., Problem]:
    """Makes the problem from the parts that are to be changed."""
    return _burgers
