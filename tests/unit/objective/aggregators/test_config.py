"""ConFIG.

1. All cosines are equal to 1e-6 and positive, for random sets and for angles down to 1e-7, of 2 to 10 losses.
2. It is the published closed form for two losses, and the pseudo-inverse in high precision for more.
3. Its direction does not depend on the sizes of the gradients; every rule for its length is that of its formula.
4. Opposite gradients: a direction that raises no loss, zero where there is none, and a note that says so.
"""

from collections.abc import Mapping

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import ConFIG
from pinnkit.objective.aggregators.config import OPPOSED

F64 = torch.float64


def cosines(gradients: Tensor, direction: Tensor) -> Tensor:
    return gradients @ direction / gradients.norm(dim=1) / direction.norm()


@pytest.mark.parametrize("angle", [1.0, 1e-1, 1e-3, 1e-5, 1e-6, 1e-7])
@pytest.mark.parametrize("count", range(2, 11))
def test_all_cosines_are_equal_and_positive(count: int, angle: float) -> None:
    for seed in range(20):
        generator = torch.Generator().manual_seed(100 * count + seed)
        noise = torch.randn(count + 1, 60, generator=generator, dtype=F64)
        units = noise[0] / noise[0].norm() + angle * noise[1:] / noise[1:].norm(dim=1, keepdim=True)
        gradients = torch.logspace(-4, 4, count, dtype=F64)[:, None] * units
        made = ConFIG().combine(gradients, None)
        found = cosines(gradients, made.direction)
        assert made.note is None
        assert float(found.min()) > 0
        assert float(found.max() - found.min()) <= 1e-6 * float(found.min())


@pytest.mark.parametrize("gap", [1.0, 1e-2, 1e-4, 1e-6, 1e-7])
def test_nearly_opposite_gradients(gap: float) -> None:
    gradients = torch.tensor([[1.0, 0.0, 0.0], [-2.0, 2.0 * gap, 0.0]], dtype=F64)
    made = ConFIG().combine(gradients, None)
    found = cosines(gradients, made.direction)
    assert float(found.min()) > 0
    assert float(found.max() - found.min()) <= 1e-6 * float(found.min())


def test_two_losses_have_a_closed_form(sets: Mapping[str, Tensor]) -> None:
    a, b = sets["2 at random"]

    def unit(x: Tensor) -> Tensor:
        return x / x.norm()

    across = unit(b - (a @ b) / (a @ a) * a) + unit(a - (a @ b) / (b @ b) * b)
    v = unit(across)
    torch.testing.assert_close(ConFIG().combine(torch.stack([a, b]), None).direction, (a @ v + b @ v) * v)


def test_it_is_the_pseudo_inverse(sets: Mapping[str, Tensor]) -> None:
    for which in ("5 at random", "nearly parallel", "in conflict"):
        gradients = sets[which]
        with mpmath.workdps(50):
            units = mpmath.matrix((gradients / gradients.norm(dim=1, keepdim=True)).tolist())
            weights = mpmath.lu_solve(units * units.T, mpmath.ones(len(gradients), 1))
            truth = np.array([float(x) for x in units.T * weights])
        found = ConFIG().combine(gradients, None).direction.numpy()
        assert found / np.linalg.norm(found) == pytest.approx(truth / np.linalg.norm(truth), abs=1e-10)


def test_sizes_change_the_length_alone(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["5 at random"]
    sizes = torch.logspace(-3, 5, 5, dtype=F64)[:, None]
    one, other = (ConFIG().combine(own, None).direction for own in (gradients, sizes * gradients))
    torch.testing.assert_close(one / one.norm(), other / other.norm(), rtol=0.0, atol=1e-12)


def test_lengths(sets: Mapping[str, Tensor]) -> None:
    gradients = sets["of unlike sizes"]
    norms = gradients.norm(dim=1)
    means = {
        "min": norms.min(),
        "max": norms.max(),
        "arithmetic": norms.mean(),
        "geometric": norms.log().mean().exp(),
        "harmonic": 1 / (1 / norms).mean(),
    }
    plain = ConFIG().combine(gradients, None).direction
    v = plain / plain.norm()
    assert float(plain.norm()) == pytest.approx(float((gradients @ v).sum()), rel=1e-12)
    for rule, mean in means.items():
        found = ConFIG(rule).combine(gradients, None).direction  # type: ignore[arg-type]  # a word of the literal
        assert float(found.norm()) == pytest.approx(float(cosines(gradients, v).sum() * mean), rel=1e-12)
        assert float(found @ v) == pytest.approx(float(found.norm()), rel=1e-12)


def test_opposite_gradients(sets: Mapping[str, Tensor]) -> None:
    one, other = sets["2 at random"]
    made = ConFIG().combine(torch.stack([one, -3.0 * one]), None)
    assert made.note == OPPOSED
    assert float(made.direction.norm()) == 0.0
    gradients = torch.stack([one, -3.0 * one, other])
    made = ConFIG().combine(gradients, None)
    assert made.note == OPPOSED
    parts = cosines(gradients, made.direction)
    assert bool((parts > -1e-12).all())
    assert float(parts[2]) > 0


def test_equal_gradients(sets: Mapping[str, Tensor]) -> None:
    one = sets["2 at random"][0]
    made = ConFIG().combine(torch.stack([one, one, 4.0 * one]), None)
    assert made.note is None
    torch.testing.assert_close(made.direction, 6.0 * one, rtol=1e-12, atol=0.0)
