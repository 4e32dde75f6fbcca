"""Least squares within a radius.

Satisfied: |p| is the radius to 1e-8, over twenty orders of singular values; p is the damped least-squares step, and the
model's decrease is the one foretold; radii are spread evenly, and none is longer than the unbounded step; what a
Jacobian of lower rank does not determine stays zero.
"""

from typing import Any

import pytest
import torch

from pinnkit.optimizers.trust_region import TrustRegion

F64 = torch.float64


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)], ids=["tall", "wide"])
@pytest.mark.parametrize("decades", [1.0, 6.0, 12.0])
@pytest.mark.parametrize("radius", [1e-8, 1e-3, 1.0, 10.0])
def test_the_step_is_as_long_as_the_radius(linear: Any, shape: tuple[int, int], decades: float, radius: float) -> None:
    matrix, rows = linear(*shape, decades)
    model = TrustRegion(matrix, rows)
    damping = model.damping(radius)
    length = float(model.least(rows, damping).norm())
    if damping > 0:
        assert length == pytest.approx(radius, rel=1e-8)
    else:
        assert length <= radius
    assert (damping == 0.0) == (float((torch.linalg.pinv(matrix, rtol=1e-14) @ rows).norm()) <= radius)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)], ids=["tall", "wide"])
@pytest.mark.parametrize("damping", [1e-6, 1.0])
def test_a_step_is_that_of_damped_least_squares(linear: Any, shape: tuple[int, int], damping: float) -> None:
    matrix, rows = linear(*shape, 3.0)
    model = TrustRegion(matrix, rows)
    step = model.least(rows, damping)
    normal = matrix.T @ matrix + damping * torch.eye(shape[1], dtype=F64)
    torch.testing.assert_close(step, -torch.linalg.solve(normal, matrix.T @ rows), rtol=1e-8, atol=1e-9)
    after = rows + matrix @ step
    assert model.foretold(damping) == pytest.approx(0.5 * float(rows @ rows - after @ after), rel=1e-10)


def test_radii_are_spread_evenly_up_to_the_unbounded_step(linear: Any) -> None:
    matrix, rows = linear(30, 12, 3.0)
    model = TrustRegion(matrix, rows)
    longest = float(torch.linalg.lstsq(matrix, rows[:, None]).solution.norm())
    below = model.radii(longest / 2, longest / 16, 4)
    assert below == pytest.approx([longest / 2, longest / 4, longest / 8, longest / 16])
    assert model.radii(3 * longest, 3 * longest / 8, 4) == pytest.approx([longest, 0.75 * longest, 0.375 * longest])
    assert model.radii(9 * longest, 3 * longest, 4) == pytest.approx([longest])
    assert TrustRegion(matrix, torch.zeros(30, dtype=F64)).radii(1.0, 0.1, 3) == []


def test_a_jacobian_of_lower_rank_is_no_obstacle() -> None:
    matrix = torch.outer(torch.arange(1.0, 6.0, dtype=F64), torch.tensor([1.0, 1.0, 0.0], dtype=F64))
    rows = torch.ones(5, dtype=F64)
    model = TrustRegion(matrix, rows)
    assert model.damping(1e6) == 0.0
    torch.testing.assert_close(model.least(rows, 0.0), -torch.linalg.pinv(matrix) @ rows, rtol=1e-10, atol=1e-12)
