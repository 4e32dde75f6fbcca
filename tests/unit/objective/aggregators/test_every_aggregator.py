"""What every aggregator in the table must do; a new entry is tested by being there.

1. One loss gives its own gradient back, up to its length; losses at rest take no part.
2. The direction is a function of what goes in, in the span of the gradients, finite, and not against their sum's own.
3. It does not depend on the order of the losses, but for `bloop`, whose first is the primary one.
4. Turning all gradients turns the direction.
5. Parallel, opposite, tiny and huge gradients give a finite direction.
"""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from pinnkit.objective.aggregators import AGGREGATORS

F64 = torch.float64
NAMES = AGGREGATORS.names()
SETS = (
    "2 at random",
    "3 at random",
    "5 at random",
    "10 at random",
    "in conflict",
    "of unlike sizes",
    "nearly parallel",
)
close = torch.testing.assert_close


def direction(name: str, gradients: Tensor) -> Tensor:
    rule = AGGREGATORS.build(name)
    return rule.combine(gradients, rule.start()).direction


@pytest.mark.parametrize("name", NAMES)
def test_one_loss(name: str, sets: Mapping[str, Tensor]) -> None:
    gradient = sets["2 at random"][:1]
    found = direction(name, gradient)
    cosine = torch.nn.functional.cosine_similarity(found, gradient[0], dim=0)
    assert float(cosine) == pytest.approx(1.0, abs=1e-14)
    if name != "nash_mtl":  # whose length is that of a bargain
        close(found, gradient[0], rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mgda"])
def test_losses_at_rest_take_no_part(name: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets["3 at random"]
    still = torch.cat([gradients, torch.zeros_like(gradients[:2])])
    found, alone = direction(name, still), direction(name, gradients)
    cosine = torch.nn.functional.cosine_similarity(found, alone, dim=0)
    assert float(cosine) == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize("which", SETS)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_combination_of_the_gradients(name: str, which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    before = gradients.clone()
    found = direction(name, gradients)
    assert torch.equal(gradients, before)
    assert torch.equal(found, direction(name, gradients))
    assert bool(found.isfinite().all())
    q = torch.linalg.qr(gradients.T).Q
    close(q @ (q.T @ found), found, rtol=0.0, atol=1e-9 * float(found.norm()) + 1e-15 * float(gradients.abs().max()))


@pytest.mark.parametrize("which", SETS)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "bloop"])
def test_the_order_does_not_matter(name: str, which: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets[which]
    if name == "pcgrad" and len(gradients) > 2:
        gradients = gradients.roll(1, 0)  # its fixed order goes round
        turned = gradients.roll(1, 0)
    else:
        turned = gradients.flip(0)
    found = direction(name, gradients)
    close(direction(name, turned), found, rtol=0.0, atol=1e-6 * float(found.norm()))


@pytest.mark.parametrize("name", NAMES)
def test_turning_the_gradients_turns_the_direction(name: str, sets: Mapping[str, Tensor]) -> None:
    gradients = sets["in conflict"]
    turn = torch.linalg.qr(torch.randn(30, 30, generator=torch.Generator().manual_seed(3), dtype=F64)).Q
    found = direction(name, gradients)
    close(direction(name, gradients @ turn), found @ turn, rtol=0.0, atol=1e-6 * float(found.norm()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1e-150, 1e-10, 1.0, 1e10, 1e150])
def test_dependent_gradients_of_any_size(name: str, size: float, sets: Mapping[str, Tensor]) -> None:
    one = size * sets["2 at random"][0]
    for gradients in (
        torch.stack([one, one]),
        torch.stack([one, 3.0 * one, 0.5 * one]),
        torch.stack([one, -one]),
        torch.stack([one, -one, size * sets["2 at random"][1]]),
        torch.stack([one, -2.0 * one, one]),
        torch.stack([one, torch.zeros_like(one)]),
    ):
        found = direction(name, gradients)
        assert bool(found.isfinite().all())
        assert float(found.norm()) <= 1e3 * max(float(gradients.norm()), 1.0)
