"""Points from trained flows.

Satisfied, for every such sampler: the density that points carry is that with which they were drawn (integrals have no
bias); a share of uniform points stays; where the residual is flat the flow stays uniform; the size of the residual has
no part. `das` fits the squared residual.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pinnkit.errors import UserError
from pinnkit.geometry import Box
from pinnkit.points import DAS, SAMPLERS
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
        p = torch.exp(memory.flow.log_density(x)).numpy()
    assert np.sqrt(np.mean((p - wave(2 * x.numpy() - 1) ** 2) ** 2)) < 0.08


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
