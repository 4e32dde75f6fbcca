"""How expressions look on paper."""

import pytest

from pinnkit.equations import Expression, Scope, latex, parse_equation, unicode

SCOPE = Scope(("x", "t"), ("u", "v"), ("nu", "lambda_"), time="t")


def read(text: str) -> Expression:
    return parse_equation(text, SCOPE, special=True, allow_normal=True)


def test_burgers_on_paper() -> None:
    shown = unicode(read("u_t + u*u_x = nu*u_xx"), SCOPE)
    assert shown.split("\n") == [
        "  ∂u   ∂u     ∂²u",
        "u⋅── + ── = ν⋅───",
        "  ∂x   ∂t     ∂x²",
    ]


def test_burgers_in_latex() -> None:
    assert latex(read("u_t + u*u_x = nu*u_xx"), SCOPE) == (
        r"u \frac{\partial u}{\partial x} + \frac{\partial u}{\partial t} = \nu \frac{\partial^{2} u}{\partial x^{2}}"
    )


def test_one_coordinate_has_ordinary_derivatives() -> None:
    scope = Scope(("t",), ("q",))
    oscillator = parse_equation("q_tt = -q", scope)
    assert unicode(oscillator, scope).split("\n") == ["d²q", "─── = -q", "dt²"]
    assert latex(oscillator, scope) == r"\frac{d^{2} q}{d t^{2}} = - q"


@pytest.mark.parametrize(
    ("text", "part", "in_latex"),
    [
        ("u_xt", "∂t ∂x", r"\frac{\partial^{2} u}{\partial t \partial x}"),
        ("u_x^2", "⎝∂x⎠", r"\left(\frac{\partial u}{\partial x}\right)^{2}"),
        ("dn(u)", "∂n", r"\frac{\partial}{\partial n} \left(u\right)"),
        ("lambda_*u", "λ⋅u", r"\lambda u"),
        ("min(u, 1)", "min(1, u)", r"\min\left(1, u\right)"),
        ("max(u, 1)^2", "max(1, u)", r"\max^{2}\left(1, u\right)"),
        ("0.0031*u", "0.0031⋅u", "0.0031 u"),
        ("u/3", "─\n3", r"\frac{u}{3}"),
        ("abs(u)", "│u│", r"\left|{u}\right|"),
        ("where(x < 0, u, v)", "for x < 0", r"\begin{cases}"),
        ("legendre(3, x)", "legendre(3, x)", r"P_{3}\left(x\right)"),
        ("hyp2f1(1, 2, 3, x)", "┌─", r"{{}_{2}F_{1}"),
        ("u^2", "u", "u^{2}"),
        ("exp(-x)", "ℯ", "e^{- x}"),
    ],
)
def test_notation(text: str, part: str, in_latex: str) -> None:
    assert part in unicode(read(text), SCOPE)
    assert in_latex in latex(read(text), SCOPE)


@pytest.mark.parametrize("name", ["Add", "Symbol", "Integral", "Matrix", "S", "E"])
def test_a_field_named_as_a_class_of_sympy_is_shown_by_its_name(name: str) -> None:
    scope = Scope(("x", "t"), (name,))
    expression = parse_equation(f"{name}_x + {name} = 0", scope)
    assert name in unicode(expression, scope)
    assert name in latex(expression, scope)


def test_no_line_ends_in_spaces_and_none_is_wrapped() -> None:
    shown = unicode(read(" + ".join(f"u_x^{n}*sin({n}*x)" for n in range(2, 20))), SCOPE)
    assert all(line == line.rstrip() for line in shown.split("\n"))
    assert max(len(line) for line in shown.split("\n")) > 200
