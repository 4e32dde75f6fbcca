"""Vectors in the language: identities of vector calculus, and what is no vector or no number.

- div grad = laplace; div(f F) = f div F + F . grad f; the product is symmetric and linear.
- Time is no coordinate of space.
"""

import pytest
import sympy

from pinnkit.equations.expression import Scope
from pinnkit.equations.parse import parse, parse_equation
from pinnkit.errors import UserError

SPACE = Scope(("x", "y", "t"), ("u", "v"), ("k",), "t")
DEEP = Scope(("x", "y", "z"), ("u", "v"), ("k",))


@pytest.mark.parametrize("scope", [SPACE, DEEP, Scope(("x",), ("u", "v"), ("k",))])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("div(grad(u))", "laplace(u)"),
        ("div(k*grad(u))", "k*laplace(u)"),
        ("div(v*grad(u))", "v*laplace(u) + dot(grad(v), grad(u))"),
        ("dot(grad(u), grad(v))", "dot(grad(v), grad(u))"),
        ("dot(2*grad(u) - grad(v)/3, grad(v))", "2*dot(grad(u), grad(v)) - dot(grad(v), grad(v))/3"),
        ("div((1 + u^2)*(grad(u) + grad(v)))", "div((1 + u^2)*grad(u)) + div(grad(v)*(1 + u^2))"),
        ("dot(grad(u*v), grad(x))", "u*v_x + v*u_x"),
        ("div(u*grad(v) - v*grad(u))", "u*laplace(v) - v*laplace(u)"),
        ("laplace(u*v)", "u*laplace(v) + v*laplace(u) + 2*dot(grad(u), grad(v))"),
    ],
)
def test_identities(left: str, right: str, scope: Scope) -> None:
    assert sympy.expand(parse(left, scope).tree - parse(right, scope).tree) == 0


def test_components_are_those_of_space() -> None:
    assert parse("div(vec(u, v))", SPACE).tree == parse("u_x + v_y", SPACE).tree
    assert parse("dot(vec(y, -x), grad(u))", SPACE).tree == parse("y*u_x - x*u_y", SPACE).tree
    assert parse("dot(vec(1, 0, 0), vec(u, v, k))", DEEP).tree == parse("u", DEEP).tree
    assert parse_equation("u_t + div(u*vec(k, v)) = 0", SPACE).tree == parse("u_t + k*u_x + d(u*v, y)", SPACE).tree


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grad(u)", "this is a vector, and a number is needed"),
        ("u + grad(u)", "this is a vector"),
        ("grad(u)^2", "this is a vector"),
        ("grad(u)*grad(u)", "this is a vector"),
        ("div(u)", "this is a number, and a vector is needed"),
        ("div(grad(u)*grad(v))", "this is no vector"),
        ("div(grad(u)^2)", "this is no vector"),
        ("dot(grad(u), 1 + grad(v))", "this is a number, and a vector is needed"),
        ("laplace(grad(u))", "`laplace` takes a number, and this is a vector"),
        ("d(grad(u), x)", "`d` takes a number, and this is a vector"),
        ("grad(grad(u))", "`grad` takes numbers"),
        ("vec(u)", "`vec` takes 2 arguments, not 1"),
        ("vec(u, v, 1)", "`vec` takes 2 arguments, not 3"),
        ("sin(grad(u))", "this is a vector"),
        ("vec(1, 0)", "this is a vector"),
        ("div(grad(sign(x)))", "sign"),
        ("div(grad(u", "close"),
    ],
)
def test_what_is_refused(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        parse(text, SPACE)
    assert caught.value.mistakes[0].span is not None


def test_without_space_there_are_no_vectors() -> None:
    with pytest.raises(UserError, match="needs a coordinate of space"):
        parse("div(grad(u))", Scope(("t",), ("u",), (), "t"))
