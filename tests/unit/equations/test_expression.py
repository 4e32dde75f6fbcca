"""The names of derivatives and the derivatives that an equation needs."""

import pytest

from pinnkit.equations import Partial, Scope, parse_equation, partials_in

SCOPE = Scope(("x", "t", "theta"), ("u", "u_a"), ("nu",))


@pytest.mark.parametrize(
    ("name", "partial"),
    [
        ("u", Partial("u", (0, 0, 0))),
        ("u_x", Partial("u", (1, 0, 0))),
        ("u_xxt", Partial("u", (2, 1, 0))),
        ("u_txx", Partial("u", (2, 1, 0))),
        ("u_a", Partial("u_a", (0, 0, 0))),
        ("u_a_t", Partial("u_a", (0, 1, 0))),
        ("u_", None),
        ("u_y", None),
        ("u_theta", None),
        ("v", None),
        ("nu", None),
    ],
)
def test_the_name_of_a_derivative(name: str, partial: Partial | None) -> None:
    assert SCOPE.partial(name) == partial


@pytest.mark.parametrize(
    ("partial", "name"),
    [
        (Partial("u", (0, 0, 0)), "u"),
        (Partial("u", (2, 1, 0)), "u_xxt"),
        (Partial("u", (0, 0, 1)), "d(u, theta)"),
        (Partial("u", (1, 0, 2)), "d(u, x, theta, 2)"),
    ],
)
def test_a_derivative_is_named_and_found_again(partial: Partial, name: str) -> None:
    assert SCOPE.name(partial) == name
    assert parse_equation(name, SCOPE).tree == SCOPE.tree(partial)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("u_t + u*u_x = nu*u_xx", {"u", "u_t", "u_x", "u_xx"}),
        ("u_t = u_xx", {"u_t", "u_xx"}),
        ("d(u^2, x) = 0", {"u", "u_x"}),
        ("sin(u_x) + u_a = x", {"u_x", "u_a"}),
        ("x = nu", set()),
    ],
)
def test_the_derivatives_that_an_equation_needs(text: str, needed: set[str]) -> None:
    assert {SCOPE.name(p) for p in partials_in(parse_equation(text, SCOPE).tree, SCOPE)} == needed


def test_the_order_of_differentiation_does_not_matter() -> None:
    for coordinates in (("x", "t"), ("t", "x")):
        scope = Scope(coordinates, ("u",))
        u, x, t = scope.functions["u"], scope.symbols["x"], scope.symbols["t"]
        tree = scope.tree(scope.partial("u_xt") or Partial("u", (0, 0)))
        assert tree == u.diff(x, t) == u.diff(t, x) == parse_equation("d(d(u, t), x)", scope).tree
