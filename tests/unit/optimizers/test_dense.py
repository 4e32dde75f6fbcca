"""Quasi-Newton methods with the whole inverse Hessian.

For each: H y = s (the secant), H symmetric and positive definite, classical minima found, the loss never rises. BFGS is
its product form; the self-scaled family with tau = phi = 1 is BFGS; a scaled or logarithmic loss has the same minimum.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from pinnkit.objective.objective import Evaluation
from pinnkit.optimizers import BFGS, OPTIMIZERS, SSBFGS, Optimizer, SSBroyden
from pinnkit.optimizers.dense import DenseQuasiNewton
from pinnkit.optimizers.descent import Descent
from pinnkit.optimizers.ssbroyden import scales, self_scaled

F64 = torch.float64
METHODS: Mapping[str, DenseQuasiNewton] = {"bfgs": BFGS(), "ssbfgs": SSBFGS(), "ssbroyden": SSBroyden()}


def a_step(size: int, seed: int, scale: float = 1.0) -> tuple[Tensor, Descent]:
    """A positive definite H, and a step along -H g with a positive s y, as a line search gives them."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(size, size, generator=generator, dtype=F64)
    inverse = scale * (root @ root.T + 0.1 * torch.eye(size, dtype=F64))
    root = torch.randn(size, size, generator=generator, dtype=F64)
    hessian = root @ root.T + 0.1 * torch.eye(size, dtype=F64)
    gradient = torch.randn(size, generator=generator, dtype=F64)
    length = 0.3
    move = -length * inverse @ gradient
    change = hessian @ move
    before, after = Evaluation(1.0, {}, gradient), Evaluation(0.5, {}, gradient + change)
    return inverse, Descent(before, move, change, after, length)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_secant_holds_and_h_stays_positive_definite(name: str, first: bool, seed: int) -> None:
    inverse, found = a_step(6, seed)
    assert found.move is not None
    assert found.change is not None
    after = METHODS[name].update(inverse, found, first)
    torch.testing.assert_close(after @ found.change, found.move, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(after, after.T, rtol=1e-12, atol=1e-12)
    assert float(torch.linalg.eigvalsh(after)[0]) > 0


def test_bfgs_is_its_product_form() -> None:
    inverse, found = a_step(5, 1)
    s, y = found.move, found.change
    assert s is not None
    assert y is not None
    rho = 1.0 / (s @ y)
    left = torch.eye(5, dtype=F64) - rho * torch.outer(s, y)
    torch.testing.assert_close(BFGS().update(inverse, found, False), left @ inverse @ left.T + rho * torch.outer(s, s))


def test_the_self_scaled_family_contains_bfgs() -> None:
    inverse, found = a_step(5, 2)
    torch.testing.assert_close(
        self_scaled(inverse, found, lambda b, h: (1.0, 1.0)), BFGS().update(inverse, found, False)
    )


@pytest.mark.parametrize(("b", "h"), [(0.3, 9.0), (1.0, 1.5), (4.0, 0.9), (50.0, 0.05)])
def test_the_chosen_member_is_as_its_formula(b: float, h: float) -> None:
    """By hand for n = 5, from a, rho-, theta-, theta+ step by step."""
    a = b * h - 1.0
    lower = min(1.0, h * (1.0 - math.sqrt(a / (1.0 + a))))
    theta = max((lower - 1.0) / a, min(1.0 / lower, (1.0 - b) / b))
    sigma = 1.0 + a * theta
    tau, phi = scales(b, h, 5, False)
    assert phi == pytest.approx((1.0 - theta) / (1.0 + a * theta), rel=1e-12)
    volume, small = sigma**-0.25, min(1.0, 1.0 / b)
    assert tau == pytest.approx(
        min(small * volume, sigma) if theta <= 0 else small * min(volume, 1.0 / theta), rel=1e-12
    )
    assert scales(b, h, 5, True)[0] == pytest.approx(h / sigma, rel=1e-12)
    assert tau > 0


def test_ssbfgs_forgets_curvature_that_is_too_large() -> None:
    inverse, found = a_step(4, 3, scale=1e-4)  # s B s is then far above y s
    assert float(SSBFGS().update(inverse, found, False).trace()) > 5 * float(
        BFGS().update(inverse, found, False).trace()
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("of", ["loss", "sqrt", "log"])
@pytest.mark.parametrize("function", ["rosenbrock", "helical_valley"])
def test_known_minima(objective_of: Any, run: Any, known: Any, name: str, of: str, function: str) -> None:
    optimizer: Optimizer = OPTIMIZERS.build({"name": name, "of": of})
    theta = known[function].start
    found, made = run(objective_of(known[function].rows, theta), theta, 150, optimizer)
    rows = known[function].rows(found)
    assert float(rows @ rows) < 1e-14
    assert all(after.loss <= before.loss * (1 + 1e-12) for before, after in pairwise(made))


@pytest.mark.parametrize("optimizer", METHODS.values(), ids=METHODS)
def test_a_quadratic_is_solved(objective_of: Any, run: Any, linear: Any, optimizer: Optimizer) -> None:
    matrix, right = linear(30, 10)
    theta = torch.zeros(10, dtype=F64)
    theta, _ = run(objective_of(lambda at: matrix @ at - right, theta), theta, 60, optimizer)
    best = torch.linalg.lstsq(matrix, right[:, None]).solution[:, 0]
    torch.testing.assert_close(theta, best, rtol=1e-6, atol=1e-6)
