"""Maps from coordinates to features.

Satisfied: an interval becomes [-s, s]; a circle becomes its harmonics, equal at both ends; random waves are cos B z and
sin B z with B drawn once from the seed, the same in both precisions.
"""

import math
from collections.abc import Iterable

import pytest
import sympy
import torch
from torch import Tensor

from pinnkit.derivatives import jet
from pinnkit.derivatives.autograd import differentiate
from pinnkit.derivatives.indices import IndexSet
from pinnkit.errors import UserError
from pinnkit.networks import EMBEDDINGS, Embedding, Features, Fourier, Scaled
from pinnkit.problem.axes import Axes
from pinnkit.problem.maps import Axis

FLOAT64 = torch.float64
INTERVALS = {"x": (-1.0, 3.0), "t": (2.0, 2.5)}


def axes(intervals: dict[str, tuple[float, float]], periodic: Iterable[str] = (), time: str | None = None) -> Axes:
    return Axes(tuple(Axis(name, *ends, periodic=name in periodic) for name, ends in intervals.items()), time)


def built(
    embedding: Embedding,
    periodic: tuple[str, ...] = (),
    seed: int = 0,
    dtype: torch.dtype = FLOAT64,
    device: str = "cpu",
) -> Features:
    generator = torch.Generator().manual_seed(seed)
    return embedding.build(axes(INTERVALS, periodic), generator, dtype, torch.device(device))


def points() -> Tensor:
    x, t = torch.linspace(-1, 3, 9, dtype=FLOAT64), torch.linspace(2, 2.5, 9, dtype=FLOAT64)
    return torch.stack([x, t], dim=1)


def values(features: Features, at: Tensor) -> Tensor:
    return features(jet.coordinates(at, IndexSet.closure([], 2))).value


@pytest.mark.parametrize("name", EMBEDDINGS.names())
@pytest.mark.parametrize("periodic", [(), ("x",), ("x", "t")])
def test_every_embedding_counts_its_features_and_trains_nothing(
    name: str, periodic: tuple[str, ...], device: str
) -> None:
    features = built(EMBEDDINGS.build(name), periodic, device=device)
    found = features(jet.coordinates(points().to(device), IndexSet.closure([(2, 0)], 2)))
    assert found.coefficients.shape == (3, 9, features.count)
    assert list(features.parameters()) == []


@pytest.mark.parametrize("name", EMBEDDINGS.names())
def test_every_embedding_is_the_same_in_both_precisions(name: str) -> None:
    double = values(built(EMBEDDINGS.build(name), ("x",)), points())
    single = values(built(EMBEDDINGS.build(name), ("x",), dtype=torch.float32), points().to(torch.float32))
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("name", EMBEDDINGS.names())
def test_every_embedding_joins_the_ends_of_a_circle(name: str) -> None:
    features = built(EMBEDDINGS.build(name), ("x",))
    ends = torch.tensor([[-1.0, 2.2], [3.0, 2.2], [1.0, 2.2]], dtype=FLOAT64)
    left, right, middle = values(features, ends)
    torch.testing.assert_close(left, right, rtol=0.0, atol=1e-13)
    assert float((left - middle).abs().max()) > 1e-3


def test_intervals_become_the_same_interval() -> None:
    ends = values(built(Scaled()), points())[[0, -1]]
    torch.testing.assert_close(ends, torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=FLOAT64), rtol=0.0, atol=1e-14)
    stretched = values(built(Scaled(stretch={"t": 30.0})), points())[[0, -1]]
    expected = torch.tensor([[-1.0, -30.0], [1.0, 30.0]], dtype=FLOAT64)
    torch.testing.assert_close(stretched, expected, rtol=0.0, atol=1e-12)


def test_harmonics() -> None:
    found = values(built(Scaled(harmonics=2), ("x",)), points())
    phase = points()[:, 0] * 2 * math.pi / 4
    waves = [torch.cos(phase), torch.cos(2 * phase), torch.sin(phase), torch.sin(2 * phase)]
    torch.testing.assert_close(found[:, :4], torch.stack(waves, 1), rtol=0.0, atol=1e-14)
    assert found.shape == (9, 5)


ROUND = {"x": (-1.0, 3.0), "y": (0.5, 1.5), "t": (2.0, 2.5)}


def around(embedding: Embedding) -> Features:
    generator = torch.Generator().manual_seed(0)
    return embedding.build(axes(ROUND, "xy", "t"), generator, FLOAT64, torch.device("cpu"))


def spots(count: int = 7) -> Tensor:
    unit = torch.rand(count, 3, generator=torch.Generator().manual_seed(2), dtype=FLOAT64)
    low, high = torch.tensor(list(ROUND.values()), dtype=FLOAT64).T
    return low + (high - low) * unit


def test_products_of_harmonics() -> None:
    """In the order x, y, t, and then every wave of x with every wave of y."""
    found = around(Scaled(harmonics=2, products=True))
    at = spots()
    x, y = 2 * math.pi * at[:, 0] / 4, 2 * math.pi * at[:, 1]
    waves = [[torch.cos(z), torch.cos(2 * z), torch.sin(z), torch.sin(2 * z)] for z in (x, y)]
    products = [a * b for a in waves[0] for b in waves[1]]
    expected = torch.stack([*waves[0], *waves[1], 4 * (at[:, 2] - 2.25), *products], dim=1)
    assert found.count == 4 + 4 + 1 + 16
    value = found(jet.coordinates(at, IndexSet.closure([], 3))).value
    torch.testing.assert_close(value, expected, rtol=0.0, atol=1e-13)


def test_three_circles_have_products_of_two_and_of_three() -> None:
    intervals = {**ROUND, "t": (0.0, 1.0)}
    generator = torch.Generator().manual_seed(0)
    found = Scaled(products=True).build(axes(intervals, "xyt"), generator, FLOAT64, torch.device("cpu"))
    value = found(jet.coordinates(spots(200), IndexSet.closure([], 3))).value
    assert value.shape[1] == found.count == 3 * 2 + 3 * 4 + 8
    assert int(torch.linalg.matrix_rank(value)) == found.count


def test_powers_of_time() -> None:
    at = spots()
    found = around(Scaled(stretch={"t": 2.0}, time_powers=(-1, 0, 2)))
    value = found(jet.coordinates(at, IndexSet.closure([], 3))).value
    s = 2.0 * 4 * (at[:, 2] - 2.25)
    torch.testing.assert_close(value[:, 4:], torch.stack([0.1 * s, s, 100 * s], 1), rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("embedding", [Scaled(2, products=True, time_powers=(0, 1)), Scaled(products=True), Scaled(3)])
def test_jets_through_products_and_powers_are_those_of_reverse_mode(embedding: Embedding) -> None:
    features = around(embedding)
    indices = IndexSet.closure([(2, 1, 1), (0, 3, 0), (1, 2, 0)], 3)
    found = features(jet.coordinates(spots(), indices)).coefficients
    truth = differentiate(features, spots(), indices).coefficients
    torch.testing.assert_close(found, truth, rtol=1e-12, atol=1e-11)


def test_products_join_the_ends_with_all_their_derivatives() -> None:
    features, at = around(Scaled(2, products=True)), spots()
    indices = IndexSet.closure([(3, 1, 0), (1, 3, 1)], 3)
    ends = []
    for x, y in ((-1.0, 0.5), (3.0, 0.5), (-1.0, 1.5)):
        face = at.clone()
        face[:, 0], face[:, 1] = x, y
        ends.append(features(jet.coordinates(face, indices)).coefficients)
    scale = ends[0].abs().amax(dim=(1, 2), keepdim=True).clamp(min=1.0)
    for other in ends[1:]:
        torch.testing.assert_close(other / scale, ends[0] / scale, rtol=0.0, atol=1e-13)


def test_powers_of_a_time_that_is_not_there() -> None:
    with pytest.raises(UserError, match="`time_powers` of embedding `scaled` is given, and no coordinate"):
        built(Scaled(time_powers=(0, 1)))


def test_random_waves() -> None:
    """With n entries the sample deviation of B is off by 1/sqrt(2 n) of itself; five times that is allowed."""
    features = built(Fourier(count=2000, scale=3.0), seed=1)
    waves = features.waves
    assert isinstance(waves, Tensor)
    assert waves.shape == (2000, 2)
    assert float(waves.std()) == pytest.approx(3.0, rel=5 / math.sqrt(2 * 4000))
    z = values(built(Scaled()), points())
    expected = torch.cat([torch.cos(z @ waves.T), torch.sin(z @ waves.T)], dim=1)
    torch.testing.assert_close(values(features, points()), expected, rtol=0.0, atol=1e-13)
    again, other = (built(Fourier(count=2000, scale=3.0), seed=seed).waves for seed in (1, 2))
    assert isinstance(again, Tensor)
    assert isinstance(other, Tensor)
    assert torch.equal(again, waves)
    assert not torch.equal(other, waves)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "scaled", "harmonics": 0}, "`harmonics` of embedding `scaled` is 0; it needs at least 1"),
        ({"name": "scaled", "stretch": {"x": 0.0}}, "`stretch` of embedding `scaled` is 0 for `x`"),
        ({"name": "scaled", "stretch": {"x": -2.0}}, "`stretch` of embedding `scaled` is -2 for `x`"),
        (
            {"name": "scaled", "time_powers": []},
            r"`time_powers` of embedding `scaled` is \[\]; it needs different whole",
        ),
        ({"name": "scaled", "time_powers": [1, 1]}, r"`time_powers` of embedding `scaled` is \[1, 1\]; it needs"),
        ({"name": "scaled", "time_powers": [9]}, r"is \[9\]; it needs different whole numbers from -6 to 6"),
        ({"name": "fourier", "count": 0}, "`count` of embedding `fourier` is 0; it needs at least 1"),
        ({"name": "fourier", "scale": 0.0}, "`scale` of embedding `fourier` is 0; it needs a finite number above 0"),
        ("fourrier", "unknown embedding `fourrier`(.|\n)*fourier"),
    ],
)
def test_options_that_mean_nothing(entry: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        EMBEDDINGS.build(entry)


def test_stretch_of_what_cannot_be_stretched() -> None:
    with pytest.raises(UserError, match=r"unknown coordinate `y` in `stretch` of embedding `scaled`"):
        built(Scaled(stretch={"y": 2.0}))
    with pytest.raises(UserError, match="`x` is periodic"):
        built(Scaled(stretch={"x": 2.0}), ("x",))


@pytest.mark.parametrize(
    ("ends", "scale"), [((0.5, math.inf), 2.0), ((-math.inf, 1.0), 0.3), ((-math.inf, math.inf), 3.0)]
)
def test_infinite_ends_enter_by_their_map(ends: tuple[float, float], scale: float) -> None:
    """Jets of s(x) beside sympy's derivatives of the same map, to order four."""
    axis = Axis("x", *ends, scale=scale)
    at = axis.from_unit(torch.linspace(0.05, 0.95, 7, dtype=FLOAT64).numpy())
    features = Scaled(stretch={"x": 2.0}).build(Axes((axis,)), torch.Generator(), FLOAT64, torch.device("cpu"))
    found = features(jet.coordinates(torch.tensor(at)[:, None], IndexSet.closure([(4,)], 1)))
    x = sympy.Symbol("x", real=True)
    for order in range(5):
        tree = 2 * axis.tree(x).diff(x, order)
        expected = torch.tensor([float(tree.subs(x, sympy.Float(p, 30))) for p in at], dtype=FLOAT64)
        torch.testing.assert_close(found.derivative((order,))[:, 0], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", EMBEDDINGS.names())
@pytest.mark.parametrize("dtype", [torch.float32, FLOAT64])
def test_infinite_coordinates_are_no_trouble(name: str, dtype: torch.dtype) -> None:
    axis = Axis("x", -math.inf, math.inf)
    features = EMBEDDINGS.build(name).build(Axes((axis,)), torch.Generator(), dtype, torch.device("cpu"))
    far = torch.tensor([[-math.inf], [-1e30], [1e30], [math.inf]], dtype=dtype)
    found = features(jet.coordinates(far, IndexSet.closure([(4,)], 1))).coefficients
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found[:, :2], found[:, :2].flip(1), rtol=1e-6, atol=1e-12)
