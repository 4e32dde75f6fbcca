"""Elementary functions and products in truncated Taylor arithmetic.

Satisfied for every downward-closed set:
1. The coefficients of f(z) are (d^k f(z))/k!, and those of the slope are the same of f'(z).
2. <a b, y> = <b, a^T y>: the transposed product is the transpose of the product.
3. The derivatives of `compose` and `multiply` with respect to all coefficients are those of finite differences.
"""

from collections.abc import Callable
from itertools import product as pairs
from math import factorial

import pytest
import sympy
import torch
from torch import Tensor

from pinnkit.derivatives import composition
from pinnkit.derivatives.composition import Rule
from pinnkit.derivatives.indices import IndexSet
from pinnkit.equations.expression import MultiIndex

RULES: dict[str, tuple[Rule, Callable[[sympy.Expr], sympy.Expr]]] = {
    "tanh": (composition.tanh, sympy.tanh),
    "sin": (composition.sin, sympy.sin),
    "logistic": (composition.logistic, lambda z: 1 / (1 + sympy.exp(-z))),
    "softplus": (composition.softplus, lambda z: sympy.log(1 + sympy.exp(z))),
    "reciprocal": (composition.reciprocal, lambda z: 1 / z),
    "algebraic": (composition.algebraic, lambda z: z / sympy.sqrt(1 + z**2)),
    "normal_distribution": (composition.normal_distribution, lambda z: (1 + sympy.erf(z / sympy.sqrt(2))) / 2),
}
SETS = {
    "line": IndexSet.closure([(4,)], 1),
    "plane": IndexSet.closure([k for k in pairs(range(5), repeat=2) if sum(k) <= 4], 2),
    "ragged": IndexSet.closure([(2, 1, 0), (0, 0, 2), (1, 0, 1)], 3),
}
ONE = sympy.Symbol("z", real=True)
Polynomial = dict[MultiIndex, float]


def drawn(indices: IndexSet, seed: int, points: int = 3, channels: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(indices), points, channels, generator=generator, dtype=torch.float64)


def taylor(function: sympy.Expr, jet: Tensor, indices: IndexSet) -> list[float]:
    """The coefficients of f(p) for the polynomial p with coefficients `jet` (K,), from sympy's derivatives of f.

    The powers of p - p(0) above the highest order vanish, so that f may be replaced by its Taylor polynomial.
    """
    value, *_ = coefficients = jet.tolist()
    rest = dict(zip(indices.indices, [0.0, *coefficients[1:]], strict=True))
    power = dict(zip(indices.indices, [1.0] + [0.0] * len(rest), strict=False))
    found = dict.fromkeys(indices.indices, 0.0)
    at = sympy.Float(value, 30)
    for order in range(sum(indices.indices[-1]) + 1):
        slope = float(sympy.N(function.diff(ONE, order).subs(ONE, at), 25)) / factorial(order)
        found = {k: found[k] + slope * power[k] for k in found}
        power = truncated(power, rest)
    return list(found.values())


def truncated(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product of polynomials, of which the terms outside the set are dropped."""
    out = dict.fromkeys(a, 0.0)
    for (i, x), (j, y) in pairs(a.items(), b.items()):
        k = tuple(p + q for p, q in zip(i, j, strict=True))
        if k in out:
            out[k] += x * y
    return out


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("shape", SETS)
def test_rules_give_the_taylor_coefficients_of_the_function_and_its_slope(name: str, shape: str) -> None:
    rule, function = RULES[name]
    indices = SETS[shape]
    z = drawn(indices, seed=1, points=2, channels=1)
    y, slope = rule(z, indices)
    for point in range(2):
        for found, tree in ((y, function(ONE)), (slope, function(ONE).diff(ONE))):
            truth = torch.tensor(taylor(tree, z[:, point, 0], indices), dtype=torch.float64)
            torch.testing.assert_close(found[:, point, 0], truth, rtol=1e-12, atol=1e-12 * float(truth.abs().max()))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("size", [-40.0, -9.0, 0.0, 9.0, 40.0])
def test_far_arguments_stay_finite_and_right(name: str, size: float) -> None:
    """Where a function has levelled off, its derivatives are zero to round-off and never NaN."""
    rule, function = RULES[name]
    if not function(sympy.Float(size)).is_finite:
        pytest.skip("a pole")
    indices = SETS["line"]
    z = torch.tensor([size, 1.0, 0.0, 0.0, 0.0], dtype=torch.float64).reshape(5, 1, 1)
    y, slope = rule(z, indices)
    for found, tree in ((y, function(ONE)), (slope, function(ONE).diff(ONE))):
        truth = torch.tensor(taylor(tree, z[:, 0, 0], indices), dtype=torch.float64)
        torch.testing.assert_close(found[:, 0, 0], truth, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("shape", SETS)
def test_the_product_of_polynomials(shape: str) -> None:
    indices = SETS[shape]
    a, b = drawn(indices, seed=2), drawn(indices, seed=3)
    found = composition.product(a, b, indices)
    for point, channel in pairs(range(3), range(2)):
        own = [dict(zip(indices.indices, v[:, point, channel].tolist(), strict=True)) for v in (a, b)]
        truth = torch.tensor(list(truncated(*own).values()), dtype=torch.float64)
        torch.testing.assert_close(found[:, point, channel], truth, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(found, composition.product(b, a, indices), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("shape", SETS)
def test_the_transposed_product_is_the_adjoint(shape: str) -> None:
    indices = SETS[shape]
    a, b, y = (drawn(indices, seed) for seed in (4, 5, 6))
    left = (composition.product(a, b, indices) * y).sum()
    right = (b * composition.transposed_product(a, y, indices)).sum()
    torch.testing.assert_close(left, right, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("shape", ["line", "ragged"])
def test_gradients_of_compose(name: str, shape: str) -> None:
    indices = SETS[shape]
    z = drawn(indices, seed=7, points=2, channels=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: composition.compose(RULES[name][0], v, indices), (z,))


@pytest.mark.parametrize("shape", ["line", "ragged"])
def test_gradients_of_multiply(shape: str) -> None:
    indices = SETS[shape]
    a, b = (drawn(indices, seed, points=2, channels=1).requires_grad_() for seed in (8, 9))
    assert torch.autograd.gradcheck(lambda p, q: composition.multiply(p, q, indices), (a, b))
    assert torch.autograd.gradcheck(lambda p: composition.multiply(p, b.detach(), indices), (a,))


@pytest.mark.parametrize("name", RULES)
def test_rules_leave_their_argument_alone(name: str) -> None:
    indices = SETS["plane"]
    z = drawn(indices, seed=10)
    kept = z.clone()
    RULES[name][0](z, indices)
    assert torch.equal(z, kept)


@pytest.mark.parametrize("name", RULES)
def test_float32_keeps_its_digits(name: str, device: str) -> None:
    indices = SETS["plane"]
    z = drawn(indices, seed=11)
    exact, _ = RULES[name][0](z, indices)
    found, _ = RULES[name][0](z.to(device=device, dtype=torch.float32), indices)
    assert found.dtype == torch.float32
    assert found.device.type == device
    assert (found.cpu().double() - exact).norm() <= 1e-5 * exact.norm()
