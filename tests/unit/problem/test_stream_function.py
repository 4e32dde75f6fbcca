"""The stream function of a problem file: what is one, what is not and how that is told, and that it is written back."""

from typing import Any

import pytest

from pinnkit.errors import UserError
from pinnkit.problem.define import define
from pinnkit.problem.dump import dump_problem
from pinnkit.problem.load import problem_of
from pinnkit.problem.problem import Problem
from pinnkit.problem.summary import summary
from pinnkit.reading import parse_yaml


def box(psi: object, **more: Any) -> Problem:
    keys: dict[str, Any] = {
        "name": "box",
        "coordinates": {"x": [0, 1], "y": [0, 1]},
        "fields": ["u", "v"],
        "divergence_free": ["u", "v"],
        "parameters": {"k": 2},
        "functions": {"lid": "x*(1 - x)"},
        "stream_function": psi,
        "equations": ["laplace(v_x - u_y) = k"],
        "conditions": {"walls": {"on": "boundary", "equation": "v = 0"}},
    }
    return define(**{**keys, **more})


def mistakes(psi: object, **more: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        box(psi, **more)
    return [str(m) for m in caught.value.mistakes]


@pytest.mark.parametrize("psi", ["N", "lid*N", "k*x + y^2*N", "exp(x)*(N - sin(y)*N + 1)", "x*N*N/N"])
def test_what_is_linear_in_the_network_is_one(psi: str) -> None:
    found = box(psi).stream_function
    assert found is not None
    assert found.split(box(psi).scope) is not None


@pytest.mark.parametrize(
    ("psi", "said"),
    [
        ("N^2", "stream_function: the stream function is not linear in `N`"),
        ("x*exp(N)", "stream_function: the stream function is not linear in `N`"),
        ("x*y", "stream_function: the stream function has no `N`, so nothing in it could be trained"),
        ("d(N, x)", "stream_function: the stream function must hold `N` itself, and none of its derivatives"),
        ("u*N", "unknown name `u`"),
        ("x*(", "stream_function"),
        (["N"], "`stream_function`"),
    ],
)
def test_what_is_none_is_told(psi: object, said: str) -> None:
    (message,) = mistakes(psi)
    assert said in message


def test_it_needs_the_fields_that_it_makes() -> None:
    (message,) = mistakes("N", divergence_free=None)
    assert message.startswith("stream_function: `stream_function` is given without `divergence_free`")


@pytest.mark.parametrize("more", [{"parameters": {"N": 1, "k": 2}}, {"functions": {"N": "x", "lid": "y"}}])
def test_a_declared_n_is_not_the_network(more: dict[str, Any]) -> None:
    assert "stream_function: `N` is declared, and in `stream_function` it stands for the network" in str(
        mistakes("x*N", **more)
    )


def test_it_is_printed_and_written_back() -> None:
    problem = box("lid*N", title="A box.")
    assert "its stream function is lid*N, N the network" in summary(problem)
    again = problem_of(parse_yaml(dump_problem(problem), "again.yaml"))
    assert again == problem


def test_a_parameter_that_it_uses_is_used() -> None:
    problem = box("k*lid + x*N", equations=["laplace(v_x - u_y) = 0"])
    assert "used nowhere" not in summary(problem)
