"""Rules for integrals.

Satisfied by every rule: polynomials up to its degree are integrated exactly, and the next even one is not; the weights
are positive and symmetric; a product of pieces integrates a product of functions; a kink or a jump inside of a piece
leaves an error of the known order, and none where a break stands.
"""

from collections.abc import Callable

import numpy as np
import pytest

from pinnkit.errors import UserError
from pinnkit.geometry import QUADRATURES, ClenshawCurtis, GaussLegendre, Quadrature
from pinnkit.problem.define import define
from pinnkit.problem.nodes import along_one
from pinnkit.problem.problem import Coordinate, Problem

DEGREES: dict[str, Callable[[int], int]] = {
    "gauss_legendre": lambda n: 2 * n - 1,
    "clenshaw_curtis": lambda n: n - 1 + (n % 2),
}
"""The highest degree of polynomials that n nodes integrate exactly; one more by symmetry where it is odd."""


def built(name: str, nodes: int | None = None) -> Quadrature:
    return QUADRATURES.build({"name": name, "nodes": nodes})


@pytest.mark.parametrize("name", QUADRATURES.names())
@pytest.mark.parametrize("count", [2, 3, 6, 11, 40])
def test_polynomials_up_to_the_degree_are_exact(name: str, count: int) -> None:
    nodes, weights = built(name).rule(count)
    degree = DEGREES[name](count)
    for power in range(degree + 1):
        exact = 0.0 if power % 2 else 2.0 / (power + 1)
        assert weights @ nodes**power == pytest.approx(exact, abs=2e-15 * count)
    if count <= 11:
        beyond = degree + 1
        assert abs(weights @ nodes**beyond - 2.0 / (beyond + 1)) > 1e-9


@pytest.mark.parametrize("name", QUADRATURES.names())
@pytest.mark.parametrize("count", [2, 5, 24, 60])
def test_weights_are_positive_and_symmetric(name: str, count: int) -> None:
    nodes, weights = built(name).rule(count)
    assert nodes.shape == weights.shape == (count,)
    assert np.all(weights > 0)
    assert np.all(np.diff(nodes) > 0)
    np.testing.assert_allclose(nodes, -nodes[::-1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(weights, weights[::-1], rtol=1e-13)


def test_the_ends_are_nodes_of_one_rule_and_not_of_the_other() -> None:
    assert ClenshawCurtis().rule(7)[0][[0, -1]].tolist() == [-1.0, 1.0]
    assert np.all(np.abs(GaussLegendre().rule(7)[0]) < 1.0)


def errors(
    name: str, breaks: tuple[float, ...], function: Callable[[np.ndarray], np.ndarray], exact: float, counts: range
) -> np.ndarray:
    """The errors for x from 0 to 1."""
    coordinate = Coordinate("x", 0.0, 1.0, breaks=breaks, break_texts=("",) * len(breaks))
    found = []
    for count in counts:
        nodes, weights = along_one(coordinate, built(name).rule(count))
        found.append(abs(float(weights @ function(nodes)) - exact))
    return np.array(found)


@pytest.mark.parametrize("name", QUADRATURES.names())
@pytest.mark.parametrize(("order", "kind"), [(2.0, "kink"), (1.0, "jump")])
def test_the_order_at_a_kink_or_a_jump_and_its_end_with_a_break(name: str, order: float, kind: str) -> None:
    """|x - c| has the error n^-2 and the step 1/n, in the root mean square over n and c: single ones scatter."""
    counts = (16, 32, 64, 128)
    squares = np.zeros(len(counts))
    for at in np.linspace(0.3, 0.7, 15):

        def function(x: np.ndarray, at: float = at) -> np.ndarray:
            return np.exp(x) * (np.abs(x - at) if kind == "kink" else (x > at))

        exact = np.e - np.exp(at) if kind == "jump" else 2 * np.exp(at) - 1 - at - at * np.e
        for k, count in enumerate(counts):
            squares[k] += np.mean(errors(name, (), function, exact, range(count, 2 * count, count // 16)) ** 2)
        if kind == "kink" or name == "gauss_legendre":  # a node on a jump has the value of one side alone
            assert errors(name, (at,), function, exact, range(12, 14)).max() < 1e-14
    slope = np.polyfit(np.log(counts), 0.5 * np.log(squares), 1)[0]
    assert -slope == pytest.approx(order, abs=0.1)


def square(**more: object) -> Problem:
    coordinates = {"x": {"range": [0, 1], "breaks": [0.25]}, "y": [-1, 3], "t": [0, 2], **more}
    return define(name="square", coordinates=coordinates, fields=["u"], equations=["u_x + u_y + u_t = 0"])


@pytest.mark.parametrize("name", QUADRATURES.names())
def test_products_and_values_of_the_other_coordinates(name: str) -> None:
    nodes = built(name, 10).on(square(), ["x", "y"], {})
    points = nodes.points.reshape(len(nodes.shares), len(nodes.weights), 3)
    assert len(nodes.weights) == 20 * 10
    assert len(nodes.shares) == 10
    assert np.all(points[:, :, 2] == points[:, :1, 2])
    found = (points[..., 0] ** 3 * points[..., 1] ** 2 + points[..., 2]) @ nodes.weights
    np.testing.assert_allclose(found, 28.0 / 12.0 + 4.0 * points[:, 0, 2], rtol=1e-14)
    assert nodes.shares @ points[:, 0, 2] ** 3 == pytest.approx(2.0, rel=1e-13)


def test_held_coordinates_and_automatic_counts() -> None:
    held = GaussLegendre().on(square(), ["y"], {"t": 2.0})
    assert (len(held.weights), len(held.shares)) == (24, 48)
    assert np.all(held.points[:, 2] == 2.0)
    assert len(GaussLegendre().on(square(), ["y"], {"t": 2.0, "x": 0.0}).points) == 40
    assert len(GaussLegendre().on(square(), ["y"], {"t": 2.0, "x": 0.0}, finer=True).points) == 60
    assert len(GaussLegendre().on(square(), ["x", "y", "t"], {}).points) == 2 * 12**3


@pytest.mark.parametrize(("name", "least"), [("gauss_legendre", 1), ("clenshaw_curtis", 2)])
def test_too_few_nodes_are_refused(name: str, least: int) -> None:
    assert built(name, least).rule(least)[1].sum() == pytest.approx(2.0)
    with pytest.raises(UserError, match=f"`nodes` of `quadrature` is {least - 1}; it needs at least {least}"):
        built(name, least - 1)
