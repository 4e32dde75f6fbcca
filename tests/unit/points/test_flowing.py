"""Points from trained flows.

Satisfied, for every such sampler: the density that points carry is that with which they were drawn (integrals have no
bias); a share of uniform points stays; where the residual is flat the flow stays uniform; the size of the residual has
no part; no point leaves the box, in one to ten coordinates; a flow that is lost begins anew, and it is said. `das` fits
the squared residual. `aas` aims at a density, no further than it trusts, and comes to rest where
r~^2 + 2 beta Laplace p is constant, on a line and in a square.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.geometry import Box
from pinnkit.points import AAS, DAS, SAMPLERS, PointMemory
from pinnkit.points.flowing import Flowing, FlowMemory

LINE = Box(("x",), np.array([-1.0]), np.array([1.0]))
PLANE = Box(("x", "y"), np.array([-1.0, 0.0]), np.array([1.0, 2.0]))
FLOWING = [name for name in SAMPLERS.names() if issubclass(SAMPLERS.get(name), Flowing)]


def followed(rule: Flowing, domain: Box, residual: object, draws: int, seed: int = 0) -> FlowMemory:
    generator, memory = np.random.default_rng(seed), None
    for _ in range(draws):
        _, memory = rule.follow(domain, generator, residual, memory)  # type: ignore[arg-type]  # any function
    assert isinstance(memory, FlowMemory)
    return memory


def wave(points: np.ndarray) -> np.ndarray:
    """r^2 = 1 + 0.8 cos(pi (x + 1)), of mean one on [-1, 1]."""
    return np.sqrt(1 + 0.8 * np.cos(np.pi * (points[:, 0] + 1)))


def small(name: str) -> Flowing:
    found = SAMPLERS.build({"name": name, "count": 500, "layers": 2, "width": 16, "bins": 8, "steps": 60, "lr": 1e-2})
    assert isinstance(found, Flowing)
    return found


def fitted(name: str) -> Flowing:
    """On a line one spline is enough, and so many points that chance is small."""
    return replace(small(name), layers=1, steps=60, trained_on=20_000, batch=20_000)


@pytest.mark.parametrize("name", FLOWING)
def test_integrals_over_points_have_no_bias(name: str) -> None:
    """The mean of x^2 y over the rectangle is 1/3."""
    rule = replace(small(name), count=20_000)
    memory = followed(rule, PLANE, lambda at: np.exp(-3 * (at[:, 0] - 0.5) ** 2), 4)
    x, y = memory.points.coordinates.T
    values = x**2 * y / memory.points.density
    assert abs(values.mean() - 1 / 3) < 4 * values.std() / np.sqrt(len(values))
    assert memory.points.density.max() > 1.3
    assert memory.points.density.min() >= 0.2


@pytest.mark.parametrize("name", FLOWING)
def test_without_correction_points_count_alike(name: str) -> None:
    memory = followed(replace(small(name), corrected=False), PLANE, wave, 3)
    assert np.all(memory.points.density == 1.0)


@pytest.mark.parametrize("name", FLOWING)
def test_a_flat_residual_keeps_points_uniform(name: str) -> None:
    memory = followed(replace(small(name), lr=1e-3), PLANE, lambda at: np.full(len(at), 1e-9), 3)
    assert np.abs(memory.points.density - 1).mean() < 0.25


@pytest.mark.parametrize("name", FLOWING)
def test_the_size_of_the_residual_has_no_part(name: str) -> None:
    one, other = (followed(small(name), PLANE, lambda at, s=s: s * wave(at), 4) for s in (1.0, 2.0**-40))
    np.testing.assert_array_equal(one.points.coordinates, other.points.coordinates)


@pytest.mark.parametrize("name", FLOWING)
def test_a_residual_that_vanishes_is_no_obstacle(name: str) -> None:
    memory = followed(small(name), PLANE, lambda at: np.zeros(len(at)), 3)
    assert np.all(memory.points.density == pytest.approx(1.0))


def test_das_fits_the_squared_residual() -> None:
    memory = followed(fitted("das"), LINE, wave, 8)
    x = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)[:, None]
    with torch.no_grad():
        p = torch.exp(memory.flow(x)[1]).numpy()
    assert np.sqrt(np.mean((p - wave(2 * x.numpy() - 1) ** 2) ** 2)) < 0.08


@pytest.mark.parametrize("name", FLOWING)
@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_no_point_leaves_the_box(name: str, dimension: int) -> None:
    lower, upper = -np.arange(1.0, dimension + 1), np.arange(2.0, dimension + 2)
    box = Box(tuple(f"x{k}" for k in range(dimension)), lower, upper)
    memory = followed(replace(small(name), count=2000, steps=20), box, lambda at: np.exp(-5 * (at[:, 0] - 1.9) ** 2), 4)
    assert np.all((memory.points.coordinates >= lower) & (memory.points.coordinates <= upper))
    assert np.all(np.isfinite(memory.points.density))


@pytest.mark.parametrize("name", FLOWING)
@pytest.mark.parametrize(("rate", "said"), [(50.0, "has left the points"), (1e307, "is no longer a number")])
def test_a_flow_that_is_lost_begins_anew_and_says_so(name: str, rate: float, said: str) -> None:
    """Adam's rate is so large that p leaps into a corner, or away from all numbers."""
    rule, generator, owner = replace(small(name), steps=2, lr=rate), np.random.default_rng(0), PointMemory()
    owner.drawn(rule, PLANE, generator, wave)
    assert owner.note() is None
    points = owner.drawn(rule, PLANE, generator, wave)
    note = owner.note()
    assert note is not None
    assert said in note
    assert "begins anew as uniform" in note
    assert owner.note() is None, "it is said once"
    np.testing.assert_allclose(points.density, 1.0)


@pytest.mark.parametrize("name", FLOWING)
def test_a_flow_that_has_collapsed_begins_anew(name: str) -> None:
    """A bijection is put in the place of the flow that has all of its density at three of the points."""
    generator = np.random.default_rng(0)
    memory = followed(small(name), PLANE, wave, 2)
    unit = generator.random((1000, 2))
    thin = torch.full((1000,), -20.0, dtype=torch.float64)
    thin[:3] = np.log(1000 / 3)
    said = small(name)._collapsed(lambda x: (x, thin), unit, np.ones(1000))  # type: ignore[arg-type]
    assert said is not None
    assert "has collapsed onto 3.0 of 1000 points" in said
    assert small(name)._collapsed(memory.flow, unit, np.ones(1000)) is None


def test_aas_aims_at_a_density_that_it_trusts() -> None:
    """a is positive, its integral is one, it is larger where the residual is, and KL(a, p) is `trust` or less."""
    generator = np.random.default_rng(0)
    q = generator.uniform(0.5, 2.0, 5000)
    p, square = 0.8 * q, generator.exponential(1.0, 5000) ** 4
    p /= np.mean(p / q)
    for trust in (0.01, 0.1, 100.0):
        rule = AAS(trust=trust, beta=0.5)
        found = rule.aim(square, p, q)
        assert np.all(found.density >= 0)
        assert np.mean(found.density / q) == pytest.approx(1.0)
        raised = found.density / p
        divergence = np.mean(found.density / q * np.log(np.maximum(raised, 1e-300)))
        assert divergence == pytest.approx(trust, rel=1e-3) if trust < 1 else divergence < trust
        assert np.all(np.diff(raised[np.argsort(square)]) >= 0)
        assert found.smooth == pytest.approx(0.5 * np.ptp(raised) / np.ptp(square))  # eta beta


def test_aas_comes_to_rest_on_a_line() -> None:
    """-2 beta p'' = r~^2 - 1 with flat ends, in s from 0 to 1: p = 1 + 0.8 cos(2 pi s)/(8 pi^2 beta)."""
    rule = AAS(count=500, layers=1, width=16, bins=6, steps=20, lr=2e-2, trained_on=8000, batch=8000, beta=0.02)
    memory = followed(rule, LINE, wave, 20)
    s = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)[:, None]
    with torch.no_grad():
        p = torch.exp(memory.flow(s)[1]).numpy()
    amplitude = 0.8 / (8 * np.pi**2 * 0.02)
    truth = 1 + amplitude * np.cos(2 * np.pi * s[:, 0].numpy())
    assert np.sqrt(np.mean((p - truth) ** 2)) < 0.1 * amplitude


def test_aas_comes_to_rest_in_a_square() -> None:
    """With r~^2 = 1 + 0.8 cos(pi x) cos(pi y), p = 1 + 0.8 cos(pi x) cos(pi y)/(4 pi^2 beta)."""
    square = Box(("x", "y"), np.zeros(2), np.ones(2))

    def product(at: np.ndarray) -> np.ndarray:
        return np.asarray(np.prod(np.cos(np.pi * at), axis=1))

    rule = AAS(count=500, layers=2, width=16, bins=6, steps=30, lr=1e-2, trained_on=4000, batch=2000, beta=0.03)
    memory = followed(rule, square, lambda at: np.sqrt(1 + 0.8 * product(at)), 16)
    at = np.random.default_rng(1).random((2000, 2))
    with torch.no_grad():
        p = torch.exp(memory.flow(torch.from_numpy(at))[1]).numpy()
    amplitude = 0.8 / (4 * np.pi**2 * 0.03)
    assert np.sqrt(np.mean((p - 1 - amplitude * product(at)) ** 2)) < 0.1 * amplitude


@pytest.mark.parametrize(("option", "value"), [("beta", 0.0), ("trust", -1.0), ("beta", np.inf)])
def test_options_of_aas_out_of_range_are_refused(option: str, value: float) -> None:
    with pytest.raises(UserError, match=f"`{option}` of sampler `aas`"):
        AAS(**{option: value})  # type: ignore[arg-type]


def test_das_grows_with_the_densities_of_all_draws() -> None:
    rule = replace(small("das"), steps=5)
    assert isinstance(rule, DAS)
    memory = followed(replace(rule, grow=True), PLANE, wave, 4)
    assert memory.points.count == 4 * 500
    assert np.all(memory.points.density[:500] == 1.0)
    assert np.any(memory.points.density[500:] != 1.0)


@pytest.mark.parametrize("name", FLOWING)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": 0.0}, "`share` of sampler `NAME` is 0.0; it needs a number in"),
        ({"lr": -1.0}, "`lr` of sampler `NAME` is -1.0; it needs a finite number above 0"),
        ({"layers": 0}, "`layers` of sampler `NAME` is 0; it needs at least 1"),
    ],
)
def test_options_out_of_range_are_refused(name: str, options: dict[str, float], said: str) -> None:
    with pytest.raises(UserError, match=said.replace("NAME", name)):
        SAMPLERS.build({"name": name, **options})
