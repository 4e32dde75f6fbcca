"""Systems of blocks: derivatives against differences, pieces that an interface joins, numbers and integrals."""

import numpy as np
import pytest

from pinnkit.equations.expression import Partial, Scope
from pinnkit.equations.parse import parse
from pinnkit.points.chebyshev import clenshaw_curtis, unit_nodes
from pinnkit.problem.maps import Axis
from pinnkit.verification.blocks import Formula, Number, Rows, Series, System, Term
from pinnkit.verification.gauss_newton import gauss_newton

SCOPE = Scope(("x",), ("u", "v"), ("k",))
U, U_X, U_XX, V, V_X, V_XX = (Partial(name, (order,)) for name in "uv" for order in range(3))


def rows(name: str, text: str, series: dict[str, Series], points: np.ndarray, number: Number | None = None) -> Rows:
    """A residual at points; k is sought where a number is given, and 2 else."""
    tree = parse(text, SCOPE).tree
    sights = {
        p: series[p.field].sight(points, p.order)
        for p in (U, U_X, U_XX, V, V_X, V_XX)
        if tree.has(SCOPE.tree(p)) and p.field in series
    }
    known: dict[str, object] = {"x": points}
    if number is None:
        known["k"] = 2.0
    elif tree.has(SCOPE.symbols["k"]):
        sights["k"] = number.sight(points)
    return Rows(name, (Term(Formula(tree, SCOPE), sights, known, len(points)),), points)


def test_a_series_is_differentiated_exactly() -> None:
    series = Series(0, Axis("x", -1.0, 3.0), 5)
    x = np.linspace(-1, 3, 7)
    s = (x - 1) / 2
    assert np.allclose(series.sight(x).matrix[:, 5], 16 * s**5 - 20 * s**3 + 5 * s)
    assert np.allclose(series.sight(x, 2).matrix[:, 5], (320 * s**3 - 120 * s) / 4)
    assert np.array_equal(series.sight(x, 6).matrix, np.zeros((7, 6)))


def test_the_jacobian_is_that_of_differences() -> None:
    series, number = {"u": Series(0, Axis("x", 0.0, 1.0), 4), "v": Series(5, Axis("x", 0.0, 1.0), 3)}, Number(9)
    blocks = [
        rows("e", "u_xx*v + k*sin(u*x) - v_x**2", series, unit_nodes(5), number),
        rows("c", "u + k*v_x", series, np.array([1.0]), number),
    ]
    system = System(blocks, np.ones(10))
    theta = np.random.default_rng(0).normal(size=10)
    steps = 1e-6 * np.eye(10)
    differences = [(system.values(theta + d) - system.values(theta - d)) / 2e-6 for d in steps]
    assert np.allclose(system.jacobian(theta), np.transpose(differences), atol=1e-7)


def test_two_pieces_are_joined_by_value_and_flux() -> None:
    """-u'' = 0 on [0, 1], -2 v'' = 0 on [1, 3], u = v and u' = 2 v' at 1: u = x/2, v = 1/2 + (x - 1)/4."""
    series = {"u": Series(0, Axis("x", 0.0, 1.0), 6), "v": Series(7, Axis("x", 1.0, 3.0), 9)}
    blocks = [
        rows("left", "u_xx", series, unit_nodes(6)),
        rows("right", "k*v_xx", series, 1 + 2 * unit_nodes(9)),
        rows("start", "u", series, np.array([0.0])),
        rows("end", "v - 1", series, np.array([3.0])),
        rows("value", "u - v", series, np.array([1.0])),
        rows("flux", "u_x - k*v_x", series, np.array([1.0])),
    ]
    widths = np.concatenate([one.widths(2) for one in series.values()])
    theta = gauss_newton(System(blocks, widths), np.zeros(17)).theta
    x = np.array([1.0, 1.7, 3.0])
    assert np.allclose(series["u"].sight(x[:1]).matrix @ theta[:7], 0.5)
    assert np.allclose(series["v"].sight(x).matrix @ theta[7:], 0.5 + (x - 1) / 4)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_an_eigenvalue_is_found_with_its_norm_as_an_integral(level: int) -> None:
    """-u'' = k u between zeros, with the integral of u^2 one: k = (pi n)^2."""
    degree, nodes = 24, unit_nodes(24)
    series, number = {"u": Series(0, Axis("x", 0.0, 1.0), degree)}, Number(degree + 1)
    square = parse("u**2", SCOPE).tree
    weights = clenshaw_curtis(2 * degree)[None, :]
    fine = unit_nodes(2 * degree)
    norm = Rows(
        "norm",
        (
            Term(Formula(square, SCOPE), {U: series["u"].sight(fine)}, {"x": fine}, len(fine), weights),
            Term(Formula(parse("-1", SCOPE).tree, SCOPE), {}, {}, 1),
        ),
        np.array([0.0]),
    )
    blocks = [
        rows("e", "u_xx + k*u", series, nodes, number),
        rows("ends", "u", series, np.array([0.0, 1.0])),
        norm,
    ]
    system = System(blocks, np.append(series["u"].widths(2), 1.0))
    start = np.sin(level * np.pi * nodes) + 0.1 * nodes
    theta = np.append(np.linalg.solve(series["u"].sight(nodes).matrix, start), 9.0 * level**2)
    found = gauss_newton(system, theta)
    assert found.theta[-1] == pytest.approx((level * np.pi) ** 2, rel=1e-12)
    assert found.lacking == 0


def test_a_row_that_is_no_number_is_named() -> None:
    series = {"u": Series(0, Axis("x", 0.0, 1.0), 4)}
    found = gauss_newton(System([rows("e", "u_x - 1/x", series, unit_nodes(4))], np.ones(5)), np.zeros(5))
    assert found.reason == "`e` is not finite at 0"
