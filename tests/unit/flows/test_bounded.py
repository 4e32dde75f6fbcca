"""Flows on the unit cube.

Satisfied: splines with zeros are the identity, keep the ends, rise, have the slope of a difference, and their inverse
is theirs; a flow begins as the identity, its density is the determinant of its Jacobian, integrates to one, and is that
of its points; its inverse is its own, in 1 to 10 coordinates.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.flows import BoundedFlow, monotone_spline

BINS = 8


def unit(count: int, dimension: int, seed: int = 0) -> Tensor:
    return torch.rand(count, dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bent(dimension: int, scale: float = 0.3, seed: int = 1) -> BoundedFlow:
    """A flow that is far from the identity."""
    flow = BoundedFlow(dimension, 4, 12, BINS, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return flow


def raw(count: int, scale: float) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return scale * torch.randn(count, 3 * BINS + 1, generator=generator, dtype=torch.float64)


def test_a_spline_of_zeros_is_the_identity() -> None:
    at = unit(100, 1)[:, 0]
    for inverse in (False, True):
        values, slopes = monotone_spline(at, torch.zeros(100, 3 * BINS + 1, dtype=torch.float64), inverse)
        torch.testing.assert_close(values, at, rtol=0, atol=1e-14)
        torch.testing.assert_close(slopes, torch.zeros_like(at), rtol=0, atol=1e-13)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_spline_rises_from_end_to_end_and_its_slope_is_that_of_differences(scale: float) -> None:
    own = raw(1, scale)[0]
    at = torch.linspace(0, 1, 40001, dtype=torch.float64)
    values, slopes = monotone_spline(at, own.expand(len(at), -1))
    assert (float(values[0]), float(values[-1])) == pytest.approx((0.0, 1.0), abs=1e-14)
    assert bool((values[1:] > values[:-1]).all())
    middle = (values[2:] - values[:-2]) / (at[2:] - at[:-2])
    error = (middle / torch.exp(slopes[1:-1]) - 1).abs()
    # At the knots the second derivative jumps, and narrow bins bend much within a difference.
    assert float(error.median()) < 1e-5
    assert float(torch.quantile(error, 0.99)) < 1e-2


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_inverse_of_a_spline(scale: float) -> None:
    at, own = unit(500, 1)[:, 0], raw(500, scale)
    values, slopes = monotone_spline(at, own)
    back, other = monotone_spline(values, own, inverse=True)
    torch.testing.assert_close(back, at, rtol=0, atol=1e-9)
    torch.testing.assert_close(other, -slopes, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dimension", [1, 2, 5, 10])
def test_a_flow_begins_as_the_identity(dimension: int) -> None:
    flow = BoundedFlow(dimension, 6, 16, BINS, torch.Generator().manual_seed(0))
    z, logarithm = flow(unit(50, dimension))
    torch.testing.assert_close(z, unit(50, dimension), rtol=0, atol=1e-13)
    torch.testing.assert_close(logarithm, torch.zeros_like(logarithm), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 5, 10])
def test_the_inverse_is_its_own_and_stays_in_the_cube(dimension: int) -> None:
    flow, z = bent(dimension), unit(300, dimension)
    x, logarithm = flow.drawn(z)
    assert bool(((x >= 0) & (x <= 1)).all())
    back, other = flow(x)
    torch.testing.assert_close(back, z, rtol=0, atol=1e-8)
    torch.testing.assert_close(logarithm, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_density_is_the_determinant_of_the_jacobian(dimension: int) -> None:
    flow = bent(dimension)
    at = unit(6, dimension)
    found = torch.exp(flow(at)[1]).detach()
    for point, own in zip(at, found, strict=True):
        jacobian = torch.func.jacrev(lambda x: flow(x[None])[0][0])(point)
        assert float(own) == pytest.approx(abs(float(torch.linalg.det(jacobian.detach()))), rel=1e-9)


@pytest.mark.parametrize("dimension", [1, 2])
def test_the_density_integrates_to_one(dimension: int) -> None:
    count = {1: 20_000, 2: 400}[dimension]
    middle = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    grid = torch.cartesian_prod(*[middle] * dimension).reshape(-1, dimension)
    with torch.no_grad():
        # Splines of splines are steep; a lattice sees what bends slower than its step.
        assert float(torch.exp(bent(dimension, 0.1)(grid)[1]).mean()) == pytest.approx(1.0, abs=1e-3)


def test_points_have_the_density_that_is_said_of_them() -> None:
    """The mean of f/p over points of p is the integral of f, here of x y^2."""
    flow = bent(2, 0.15)
    x, logarithm = flow.drawn(unit(200_000, 2))
    values = (x[:, 0] * x[:, 1] ** 2 * torch.exp(-logarithm)).numpy()
    assert abs(values.mean() - 1 / 6) < 4 * values.std() / np.sqrt(len(values))
